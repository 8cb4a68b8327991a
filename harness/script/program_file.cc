#include "harness/script/program_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "harness/script/binary.h"
#include "harness/script/expand.h"
#include "harness/script/file.h"
#include "harness/script/text.h"

namespace synfin::script {
namespace {

constexpr std::string_view kScriptEnding = ".pkt";
constexpr std::array<std::string_view, 3> kTextEndings = {".textproto", ".txtpb", ".prototxt"};
constexpr std::array<std::string_view, 3> kBinaryEndings = {".pb", ".binpb", ".bin"};

template <typename Endings>
bool ends_with_one(std::string_view path, const Endings& endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return path.ends_with(ending); });
}

bool is_text(std::string_view octets) {
  const bool printable = std::all_of(octets.begin(), octets.end(), [](char c) {
    return is_blank(c) || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
  });
  return printable && !find_invalid_utf8(octets);
}

// "steps {" or "name:", perhaps after lines of comments: no .pkt begins with a word.
bool begins_with_field(std::string_view text) {
  while (!text.empty() && (is_blank(text.front()) || text.front() == '#')) {
    text.remove_prefix(text.front() == '#' ? std::min(text.find('\n'), text.size()) : 1);
  }
  const auto end = std::find_if_not(text.begin(), text.end(), is_word);
  const std::string name(text.begin(), end);
  return proto::Program::descriptor()->FindFieldByName(name) != nullptr;
}

Result<std::vector<proto::Program>> parse_script(std::string_view text, const std::string& path,
                                                 const Defines& defines) {
  auto programs = parse_all(text, path, defines);
  if (!programs) return fail(to_string(path, programs.error()));
  return std::move(*programs);
}

Result<proto::Program> parse_either_message(std::string_view octets, const std::string& path,
                                            bool text) {
  if (text) {
    proto::Program program;
    const auto parsed = parse_message(path, std::string(octets), &program);
    if (!parsed) return tl::make_unexpected(parsed.error());
    return program;
  }
  auto program = parse_binary(octets);
  if (program) return program;
  return fail(fmt::format("{}: not a binary program: {}", path, program.error().message));
}

}  // namespace

Result<std::vector<proto::Program>> parse_octets(std::string_view octets, const std::string& path,
                                                 const Defines& defines) {
  const bool text = is_text(octets);
  const bool message = begins_with_field(octets) || ends_with_one(path, kTextEndings);
  if (text && !message) return parse_script(octets, path, defines);
  if (octets.size() > kMaxFileOctets) {
    return fail(fmt::format("{}: has more than {} octets", path, kMaxFileOctets));
  }
  auto program = parse_either_message(octets, path, text);
  if (!program || program->steps().empty()) {
    // A script with an octet that is no text is told where that is.
    if (path.ends_with(kScriptEnding)) return parse_script(octets, path, defines);
    if (!program) return tl::make_unexpected(program.error());
    return fail(path + ": holds no program: it is no script, and as a message it has no steps");
  }
  if (program->name().empty()) {
    program->set_name(std::filesystem::path(path).replace_extension().string());
  }
  program->set_file(path);
  return std::vector<proto::Program>{std::move(*program)};
}

Result<std::vector<proto::Program>> parse_file(const std::string& path, const Defines& defines) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return fail(path + ": is a folder, not a file");
  std::ifstream in(path, std::ios::binary);
  // One octet more than is allowed shows that there are too many.
  std::string octets(kMaxFileOctets + 1, '\0');
  if (in) in.read(octets.data(), static_cast<std::streamsize>(octets.size()));
  if (!in.is_open() || in.bad()) {
    return fail(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  }
  octets.resize(static_cast<std::size_t>(in.gcount()));
  return parse_octets(octets, path, defines);
}

bool is_program_file(std::string_view path) {
  return path.ends_with(kScriptEnding) || ends_with_one(path, kTextEndings) ||
         ends_with_one(path, kBinaryEndings);
}

}  // namespace synfin::script
