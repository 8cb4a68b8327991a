// Calls: name(arguments) = result ERROR (note).
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/script/parser_parts.h"
#include "harness/script/text.h"

namespace synfin::script {
namespace {

constexpr int kMaxValueDepth = 16;
constexpr int64_t kMaxInteger = int64_t{1} << 62;
constexpr std::string_view kValueWanted =
    "a value (a number, a NAME, \"octets\", ..., [array] or {struct})";

bool parse_value(Cursor& cursor, int depth, proto::Value* value);

// Values up to `close`, which is taken.
template <typename Add>
bool parse_list(Cursor& cursor, char close, Add add) {
  if (cursor.accept(close)) return true;
  do {
    if (!add()) return false;
  } while (cursor.accept(','));
  if (cursor.accept(close)) return true;
  return cursor.unexpected(fmt::format("',' or '{}'", close));
}

// NAME, 12 or A|B|0x10, which stays as it is written but for blanks and the base of numbers.
bool parse_scalar(Cursor& cursor, proto::Value* value) {
  std::string joined;
  int64_t number = 0;
  int parts = 0;
  bool named = false;
  do {
    if (!joined.empty()) joined += '|';
    if (cursor.is(TokenKind::kWord)) {
      named = true;
      joined += cursor.take().text;
    } else if (cursor.is(TokenKind::kInteger) || cursor.is(TokenKind::kHex)) {
      if (!cursor.integer("a number", -kMaxInteger, kMaxInteger, &number)) return false;
      joined += fmt::format("{}", number);
    } else {
      return cursor.unexpected(parts == 0 ? kValueWanted : "a NAME or a number after '|'");
    }
    ++parts;
  } while (cursor.accept('|'));
  if (parts == 1 && !named) {
    value->set_integer(number);
  } else {
    value->set_symbol(std::move(joined));
  }
  return true;
}

// "octets" "more octets"
bool parse_text(Cursor& cursor, proto::Value* value) {
  std::string octets;
  while (cursor.is(TokenKind::kText)) {
    const Token& token = cursor.peek();
    const auto part = unescape(token.text);
    if (!part) return cursor.fail_at(token.offset + part.error().column - 1, part.error().message);
    octets += *part;
    cursor.take();
  }
  value->set_text(std::move(octets));
  return true;
}

// htons(80), or `...` for the one that the harness has chosen.
bool parse_port(Cursor& cursor, proto::Value::Address* address) {
  if (cursor.is(TokenKind::kEllipsis)) {
    cursor.take();
    address->set_own_port(true);
    return true;
  }
  int64_t port = 0;
  if (!cursor.expect("htons") || !cursor.expect('(') ||
      !cursor.integer("a port", 0, 0xffff, &port) || !cursor.expect(')')) {
    return false;
  }
  address->set_port(static_cast<uint32_t>(port));
  return true;
}

// {sa_family = AF_INET, sin_port = htons(80), sin_addr = inet_addr("192.0.2.1")}, from sa_family
// on.
bool parse_address(Cursor& cursor, proto::Value::Address* address) {
  if (!cursor.expect("sa_family") || !cursor.expect('=')) return false;
  if (!cursor.word("AF_INET") && !cursor.word("AF_INET6"))
    return cursor.unexpected("AF_INET or AF_INET6");
  address->set_family(std::string(cursor.take().text));
  if (!cursor.expect(',') || !cursor.expect("sin_port") || !cursor.expect('=') ||
      !parse_port(cursor, address) || !cursor.expect(',') || !cursor.expect("sin_addr") ||
      !cursor.expect('=') || !cursor.expect("inet_addr") || !cursor.expect('(')) {
    return false;
  }
  const Token& token = cursor.peek();
  if (token.kind != TokenKind::kText) return cursor.unexpected("an IP address in quotes");
  const std::string_view ip = token.text.substr(1, token.text.size() - 2);
  const auto may_stand = [](char c) { return is_hex(c) || c == '.' || c == ':'; };
  if (!std::all_of(ip.begin(), ip.end(), may_stand))
    return cursor.unexpected("an IP address in quotes");
  address->set_ip(std::string(ip));
  cursor.take();
  return cursor.expect(')') && cursor.expect('}');
}

// The name of a field, if the next tokens are one: `events =`, `msg_iov(1) =`, `msg_name(...) =`.
std::string parse_field_name(Cursor& cursor) {
  if (!cursor.is(TokenKind::kWord)) return "";
  const bool counted = cursor.peek(1).is('(') && cursor.peek(3).is(')') && cursor.peek(4).is('=');
  if (!counted && !cursor.peek(1).is('=')) return "";
  std::string name(cursor.take().text);
  if (counted) {
    cursor.take();
    name += fmt::format("({})", cursor.take().text);
    cursor.take();
  }
  cursor.take();  // =
  return name;
}

bool parse_field(Cursor& cursor, int depth, proto::Value::Struct* out) {
  proto::Value::Struct::Field* field = out->add_fields();
  const Token& inner = cursor.peek(2);
  if (cursor.peek(1).is('(') && inner.kind != TokenKind::kInteger &&
      inner.kind != TokenKind::kEllipsis) {
    return cursor.fail(cursor.peek(1), "found '(', expected '=', ',' or '}'");
  }
  field->set_name(parse_field_name(cursor));
  return parse_value(cursor, depth, field->mutable_value());
}

bool parse_value(Cursor& cursor, int depth, proto::Value* value) {
  if (depth > kMaxValueDepth)
    return cursor.fail(fmt::format("values are nested more than {} deep", kMaxValueDepth));
  const auto array = [&] {
    return parse_value(cursor, depth + 1, value->mutable_array()->add_values());
  };
  const auto field = [&] { return parse_field(cursor, depth + 1, value->mutable_struct_()); };
  if (cursor.is(TokenKind::kEllipsis)) {
    cursor.take();
    value->set_ellipsis(true);
    return true;
  }
  if (cursor.is(TokenKind::kText)) return parse_text(cursor, value);
  if (cursor.accept('[')) {
    value->mutable_array();
    return parse_list(cursor, ']', array);
  }
  if (cursor.accept('{')) {
    if (cursor.word("sa_family")) return parse_address(cursor, value->mutable_address());
    value->mutable_struct_();
    return parse_list(cursor, '}', field);
  }
  return parse_scalar(cursor, value);
}

// (Operation now in progress): words, kept with one blank between them.
bool parse_note(Cursor& cursor, proto::Call* call) {
  if (!cursor.accept('(')) return true;
  std::string note;
  while (cursor.is(TokenKind::kWord) || cursor.is(TokenKind::kInteger)) {
    if (!note.empty()) note += ' ';
    note += cursor.take().text;
  }
  if (note.empty()) return cursor.unexpected("a note: words in parentheses");
  call->set_note(std::move(note));
  if (cursor.accept(')')) return true;
  return cursor.unexpected("a word or ')'");
}

}  // namespace

bool parse_call(Cursor& cursor, proto::Call* call) {
  if (!cursor.word("a call", call->mutable_name()) || !cursor.expect('(')) return false;
  const auto argument = [&] { return parse_value(cursor, 1, call->add_arguments()); };
  if (!parse_list(cursor, ')', argument)) return false;
  if (!cursor.accept('=')) return true;
  if (!parse_value(cursor, 1, call->mutable_result())) return false;
  if (cursor.is(TokenKind::kWord)) call->set_error(std::string(cursor.take().text));
  return parse_note(cursor, call);
}

}  // namespace synfin::script
