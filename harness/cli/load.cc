#include "harness/cli/load.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "harness/script/expand.h"
#include "harness/script/file.h"
#include "harness/script/parser.h"

namespace synfin::cli {
namespace {

constexpr std::array<std::string_view, 3> kTextEndings = {".textproto", ".txtpb", ".prototxt"};
constexpr std::array<std::string_view, 3> kBinaryEndings = {".pb", ".binpb", ".bin"};

template <typename Endings>
bool ends_with_one(const std::string& path, const Endings& endings) {
  for (const std::string_view ending : endings) {
    if (path.ends_with(ending)) return true;
  }
  return false;
}

}  // namespace

bool is_program_file(const std::string& path) {
  return path.ends_with(".pkt") || ends_with_one(path, kTextEndings) ||
         ends_with_one(path, kBinaryEndings);
}

std::string check_define(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0 && equals + 1 < text.size()) return "";
  return "expected NAME=value";
}

script::Defines defines_of(const std::vector<std::string>& texts) {
  script::Defines defines;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    defines.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return defines;
}

Result<std::vector<proto::Program>> load_programs(const std::string& path,
                                                  const script::Defines& defines) {
  const bool text = ends_with_one(path, kTextEndings);
  const bool binary = ends_with_one(path, kBinaryEndings);
  if (!text && !binary) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
      return fail(path + ": is a folder, not a program");
    }
    return script::parse_file(path, defines);
  }
  const auto whole = script::read_file(path);
  if (!whole) return tl::make_unexpected(whole.error());
  proto::Program program;
  if (text) {
    const auto parsed = script::parse_message(path, *whole, &program);
    if (!parsed) return tl::make_unexpected(parsed.error());
  } else if (!program.ParseFromString(*whole)) {
    return fail(path + ": not a binary program: expected a synfin.proto.Program");
  }
  if (program.name().empty()) {
    program.set_name(std::filesystem::path(path).replace_extension().string());
  }
  program.set_file(path);
  return std::vector<proto::Program>{std::move(program)};
}

}  // namespace synfin::cli
