// Small things that the lexer, the parser and the printer share about characters.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace synfin::script {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_word(char c) { return is_digit(c) || is_letter(c) || c == '_'; }
constexpr bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr bool is_space(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_blank(char c) { return is_space(c) || c == '\n' || c == '\r'; }
constexpr bool is_option_value(char c) {
  return is_word(c) || c == '.' || c == ':' || c == '/' || c == '-' || c == ',' || c == '+' ||
         c == '%';
}
// An octet of a UTF-8 character after its first.
constexpr bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }
constexpr unsigned hex_digit(char c) {
  return static_cast<unsigned>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
}

std::string_view trim_end(std::string_view text);
std::string_view trim(std::string_view text);

// The offset of the first octet that is not part of a UTF-8 character.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

// "'x'", or "octet 0x07" for what cannot be shown.
std::string describe_octet(char c);

// "\"octets\"" with escapes; the opposite of unescape().
std::string quote(std::string_view octets);

// The one of `known` that looks most like `word`, or empty. For "did you mean".
template <typename Range>
std::string_view nearest(std::string_view word, const Range& known);

std::size_t edit_distance(std::string_view a, std::string_view b);

template <typename Range>
std::string_view nearest(std::string_view word, const Range& known) {
  std::string_view best;
  std::size_t least = word.size() / 3 + 2;  // further away is another word
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

// ", did you mean X?" or nothing.
template <typename Range>
std::string suggestion(std::string_view word, const Range& known) {
  const std::string_view near = nearest(word, known);
  return near.empty() ? std::string() : "; did you mean " + std::string(near) + "?";
}

}  // namespace synfin::script
