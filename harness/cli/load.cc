#include "harness/cli/load.h"

#include <fmt/format.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness/script/expand.h"
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

Result<std::string> read_whole(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return fail(path + ": is a folder, not a program");
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(fmt::format("{}: {}", path, std::strerror(errno)));
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad()) return fail(path + ": cannot be read");
  return text;
}

// Keeps the first error that protobuf's own parser meets.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text.empty()) text = fmt::format("{}:{}: {}", line + 1, column + 1, message);
  }
  std::string text;
};

Result<proto::Program> parse_text(const std::string& path, const std::string& text) {
  proto::Program program;
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(text, &program)) {
    return fail(fmt::format("{}:{}", path, error.text));
  }
  return program;
}

}  // namespace

bool is_program_file(const std::string& path) {
  return path.ends_with(".pkt") || ends_with_one(path, kTextEndings) ||
         ends_with_one(path, kBinaryEndings);
}

Result<std::vector<proto::Program>> load_programs(const std::string& path) {
  const bool text = ends_with_one(path, kTextEndings);
  const bool binary = ends_with_one(path, kBinaryEndings);
  if (!text && !binary) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
      return fail(path + ": is a folder, not a program");
    }
    return script::parse_file(path);
  }
  const auto whole = read_whole(path);
  if (!whole) return tl::make_unexpected(whole.error());
  proto::Program program;
  if (text) {
    auto parsed = parse_text(path, *whole);
    if (!parsed) return tl::make_unexpected(parsed.error());
    program = std::move(*parsed);
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
