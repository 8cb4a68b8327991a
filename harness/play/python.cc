#include "harness/play/python.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "harness/script/text.h"

namespace synfin::play {
namespace {

// Each piece is handed over as hexadecimal digits: no octet of it is the shell's, or ends a string.
constexpr std::string_view kRunner = R"(import inspect, sys
names = {}
number = 0
def piece(code, told):
    global number
    number += 1
    names.update(told)
    text = bytes.fromhex(code).decode()
    try:
        try:
            body = compile(text, "code", "exec")
        except IndentationError:  # all its lines but the first stand further in
            body = compile(inspect.cleandoc(text), "code", "exec")
        exec(body, names)
    except BaseException:
        sys.exit(number)
)";

std::string hex(const std::string& text) {
  std::string out;
  for (const char c : text) out += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return out;
}

}  // namespace

std::vector<std::string> words_of(const std::string& code) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < code.size();) {
    std::size_t end = i;
    while (end < code.size() && script::is_word(code[end])) ++end;
    if (end > i && !script::is_digit(code[i])) words.push_back(code.substr(i, end - i));
    i = std::max(end, i + 1);
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

std::string python_command(std::span<const CodePiece> pieces) {
  std::string program(kRunner);
  for (const CodePiece& piece : pieces) {
    program += fmt::format("piece(\"{}\", {{", hex(piece.code));
    for (const auto& [name, value] : piece.names) {
      program += fmt::format("\"{}\": {}, ", name, value);
    }
    program += "})\n";
  }
  return "exec python3 -I -c '" + program + "'";
}

bool has_python() {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/bin:/bin" : path;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string file = std::string(rest.substr(0, end)) + "/python3";
    if (::access(file.c_str(), X_OK) == 0) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

}  // namespace synfin::play
