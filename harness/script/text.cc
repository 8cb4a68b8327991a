#include "harness/script/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "harness/script/lexer.h"

namespace synfin::script {

namespace {

constexpr std::array<std::pair<char, char>, 10> kEscapes = {{{'n', '\n'},
                                                             {'r', '\r'},
                                                             {'t', '\t'},
                                                             {'f', '\f'},
                                                             {'v', '\v'},
                                                             {'a', '\a'},
                                                             {'b', '\b'},
                                                             {'\\', '\\'},
                                                             {'"', '"'},
                                                             {'\'', '\''}}};

constexpr bool in(unsigned value, unsigned low, unsigned high) {
  return value >= low && value <= high;
}

// The octets of the UTF-8 character that starts with `first`, and the range of its second octet,
// which rules out surrogates, long forms and what lies beyond U+10FFFF. Zero: none starts so.
struct Utf8Form {
  std::size_t size = 0;
  unsigned low = 0x80;
  unsigned high = 0xbf;
};

constexpr Utf8Form utf8_form(unsigned first) {
  if (first < 0x80) return {1};
  if (in(first, 0xc2, 0xdf)) return {2};
  if (first == 0xe0) return {3, 0xa0, 0xbf};
  if (first == 0xed) return {3, 0x80, 0x9f};
  if (in(first, 0xe1, 0xef)) return {3};
  if (first == 0xf0) return {4, 0x90, 0xbf};
  if (in(first, 0xf1, 0xf3)) return {4};
  if (first == 0xf4) return {4, 0x80, 0x8f};
  return {};
}

}  // namespace

std::string_view trim_end(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return trim_end(text);
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  const auto octet = [&](std::size_t i) {
    return static_cast<unsigned>(static_cast<uint8_t>(text[i]));
  };
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Form form = utf8_form(octet(i));
    if (form.size == 0 || i + form.size > text.size()) return i;
    if (form.size > 1 && !in(octet(i + 1), form.low, form.high)) return i;
    for (std::size_t k = 2; k < form.size; ++k) {
      if (!is_continuation(text[i + k])) return i;
    }
    i += form.size;
  }
  return std::nullopt;
}

std::string describe_octet(char c) {
  if (c > ' ' && c < 0x7f) return fmt::format("'{}'", c);
  return fmt::format("octet 0x{:02x}", static_cast<uint8_t>(c));
}

std::string quote(std::string_view octets) {
  std::string out = "\"";
  for (const char c : octets) {
    const auto escape = std::find_if(kEscapes.begin(), kEscapes.end(),
                                     [c](const auto& pair) { return pair.second == c; });
    if (escape != kEscapes.end() && c != '\'') {
      out += '\\';
      out += escape->first;
    } else if (c >= ' ' && c < 0x7f) {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<uint8_t>(c));
    }
  }
  return out + '"';
}

tl::expected<std::string, ParseError> unescape(std::string_view quoted) {
  const auto wrong = [](std::size_t inner_offset, std::string message) {
    const auto column = static_cast<uint32_t>(inner_offset + 2);
    return tl::make_unexpected(ParseError{1, column, std::move(message)});
  };
  const std::string_view inner = quoted.substr(1, quoted.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] != '\\') {
      out += inner[i];
      continue;
    }
    if (++i == inner.size()) return wrong(i, "found \\ at the end");
    if (inner[i] == 'x') {
      if (i + 2 >= inner.size() || !is_hex(inner[i + 1]) || !is_hex(inner[i + 2])) {
        return wrong(i, "expected two hexadecimal digits after \\x");
      }
      out += static_cast<char>(hex_digit(inner[i + 1]) * 16 + hex_digit(inner[i + 2]));
      i += 2;
      continue;
    }
    const auto escape = std::find_if(kEscapes.begin(), kEscapes.end(),
                                     [&](const auto& pair) { return pair.first == inner[i]; });
    if (escape == kEscapes.end()) {
      return wrong(i, fmt::format("found \\ before {}: expected one of nrtfvab\\\"'x",
                                  describe_octet(inner[i])));
    }
    out += escape->second;
  }
  return out;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace synfin::script
