// Text to tokens. The words are packetdrill's; names of numbers (RCV.NXT-1), labels and annotations
// are ours. Comments are no tokens but are kept, so that a program prints without loss.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace synfin::script {

struct ParseError {
  uint32_t line = 0;    // from 1
  uint32_t column = 0;  // from 1, in characters
  std::string message;  // what was found, and what was expected
};

// "file:line:column: message".
std::string to_string(std::string_view file, const ParseError& error);

enum class TokenKind : uint8_t {
  kWord,      // letters, digits, _
  kInteger,   // 12 or -12
  kHex,       // 0x12, of any length
  kDecimal,   // .5 or 1.25
  kSymbolic,  // RCV.NXT+RCV.WND-1, ISS+1: one token, without blanks
  kText,      // "octets", quotes included
  kShell,     // `command`, without the quotes
  kCode,      // %{ code }%, without the marks and the blanks beside them
  kOption,    // --name or --name=value
  kEllipsis,  // ...
  kPunct,     // any other printable character, alone
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;   // into the source
  std::size_t offset = 0;  // of its first octet in the source
  uint32_t line = 0;
  uint32_t last_line = 0;  // shell and code may go over several

  bool is(char punct) const { return kind == TokenKind::kPunct && text[0] == punct; }
  bool word(std::string_view what) const { return kind == TokenKind::kWord && text == what; }
};

// A comment or annotation, and the token that comes after it.
struct Trivia {
  std::string_view text;  // without the mark and one blank after it, nor blanks at its end
  std::size_t offset = 0;
  uint32_t line = 0;
  std::size_t next_token = 0;
  bool annotation = false;  // `//@`
};

struct Lexed {
  std::vector<Token> tokens;  // the last is kEnd
  std::vector<Trivia> trivia;
};

// packetdrill's --define=NAME=value: the word NAME stands for the value, which is a number, a word,
// a "text" or a `command`. The lexer takes those in the source, too, and passes none of them on.
struct Define {
  std::string name;
  std::string value;
};
using Defines = std::vector<Define>;

inline constexpr std::size_t kMaxFileOctets = std::size_t{1} << 20;

// The tokens view `source` and `defines`, which have to outlive them.
tl::expected<Lexed, ParseError> lex(std::string_view source, const Defines& defines);

// The error at an octet of the source.
ParseError error_at(std::string_view source, std::size_t offset, std::string message);

// The octets that a quoted string stands for, or what is wrong. The column of the error counts the
// octets of `quoted`, whose lines do not matter.
tl::expected<std::string, ParseError> unescape(std::string_view quoted);

}  // namespace synfin::script
