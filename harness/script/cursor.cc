#include "harness/script/cursor.h"

#include <fmt/format.h>

#include <utility>

#include "harness/script/text.h"

namespace synfin::script {
namespace {

constexpr int64_t kLargest = int64_t{1} << 62;

// Cut so that no character is halved.
std::string shorten(std::string_view text) {
  constexpr std::size_t kShown = 40;
  const std::size_t newline = text.find('\n');
  std::size_t size = newline < text.size() ? newline : text.size();
  if (size > kShown) size = kShown;
  if (size == text.size()) return std::string(text);
  while (size > 0 && is_continuation(text[size])) --size;
  return std::string(text.substr(0, size)) + "...";
}

}  // namespace

std::string describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd:
      return "the end of the file";
    case TokenKind::kShell:
      return "`" + shorten(token.text) + "`";
    case TokenKind::kCode:
      return "%{ code }%";
    default:
      return "'" + shorten(token.text) + "'";
  }
}

std::optional<int64_t> integer_value(const Token& token) {
  std::string_view digits = token.text;
  const int64_t base = token.kind == TokenKind::kHex ? 16 : 10;
  const bool negative = digits.starts_with('-');
  if (base == 16) digits.remove_prefix(2);
  if (negative) digits.remove_prefix(1);
  int64_t value = 0;
  for (const char digit : digits) {
    const int64_t add = hex_digit(digit);
    if (value > (kLargest - add) / base) return std::nullopt;
    value = value * base + add;
  }
  return negative ? -value : value;
}

bool Cursor::expect(char punct) {
  if (accept(punct)) return true;
  return unexpected(fmt::format("'{}'", punct));
}

bool Cursor::expect(std::string_view what) {
  if (accept(what)) return true;
  return unexpected(fmt::format("'{}'", what));
}

bool Cursor::integer(std::string_view what, int64_t low, int64_t high, int64_t* out) {
  if (!is(TokenKind::kInteger) && !is(TokenKind::kHex)) return unexpected(what);
  const auto value = integer_value(peek());
  if (!value || *value < low || *value > high) {
    return fail(fmt::format("{} is out of range: expected {} from {} to {}", describe(peek()), what,
                            low, high));
  }
  take();
  *out = *value;
  return true;
}

bool Cursor::word(std::string_view what, std::string* out) {
  if (!is(TokenKind::kWord)) return unexpected(what);
  *out = take().text;
  return true;
}

bool Cursor::fail_at(std::size_t offset, std::string message) {
  if (!error_) error_ = error_at(source_, offset, std::move(message));
  return false;
}

bool Cursor::unexpected(std::string_view what) {
  return fail(fmt::format("found {}, expected {}", describe(peek()), what));
}

}  // namespace synfin::script
