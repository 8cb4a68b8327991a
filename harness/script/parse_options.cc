// TCP options: packetdrill's words, and `opt KIND [len N] [0xOCTETS]` for any other.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/script/parser_parts.h"
#include "harness/script/text.h"
#include "harness/script/words.h"

namespace synfin::script {
namespace {

constexpr std::string_view kOptionsWanted =
    "a TCP option (mss, wscale, sackOK, sack, TS, nop, eol, FO, FOEXP, md5, ECN or opt)";
constexpr std::size_t kMaxOctets = 40;

std::string from_hex(std::string_view digits) {
  std::string out;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    out += static_cast<char>(hex_digit(digits[i]) * 16 + hex_digit(digits[i + 1]));
  }
  return out;
}

void set_raw(proto::TcpOption* option, uint32_t kind, std::string data) {
  proto::TcpOption::Raw* raw = option->mutable_raw();
  raw->set_kind(kind);
  raw->set_length(static_cast<uint32_t>(data.size() + 2));
  raw->set_data(std::move(data));
}

bool is_blob(const Cursor& cursor) {
  return cursor.is(TokenKind::kWord) || cursor.is(TokenKind::kInteger);
}

bool parse_fast_open(Cursor& cursor, bool experimental, proto::TcpOption* option) {
  std::string cookie;
  if (is_blob(cursor) && !parse_octets(cursor, "", &cookie)) return false;
  if (experimental) {
    set_raw(option, kKindExperimental, std::string(kFastOpenMagic) + cookie);
  } else {
    set_raw(option, kKindFastOpen, cookie);
  }
  return true;
}

// ECN e0b N [ceb N [e1b N]], or with e1b first.
bool parse_accurate_ecn(Cursor& cursor, proto::TcpOption* option) {
  const bool zero_first = cursor.word("e0b");
  if (!zero_first && !cursor.word("e1b")) return cursor.unexpected("'e0b' or 'e1b'");
  const std::string_view order[] = {zero_first ? "e0b" : "e1b", "ceb", zero_first ? "e1b" : "e0b"};
  std::string data;
  for (const std::string_view name : order) {
    if (!cursor.accept(name)) break;
    int64_t count = 0;
    if (!cursor.integer("a count of octets", 0, 0xffffff, &count)) return false;
    for (const int shift : {16, 8, 0}) data += static_cast<char>((count >> shift) & 0xff);
  }
  set_raw(option, zero_first ? kKindAccurateEcn0 : kKindAccurateEcn1, std::move(data));
  return true;
}

bool parse_timestamps(Cursor& cursor, bool inject, proto::TcpOption::Timestamps* timestamps) {
  const NumberForm form{.what = "a timestamp", .absolute = false};
  if (!cursor.expect("val")) return false;
  if (!inject && cursor.accept("any")) {
    timestamps->set_any_value(true);
  } else {
    int64_t value = 0;
    if (!cursor.integer(inject ? form.what : "a timestamp or 'any'", 0, kMaxSequence, &value))
      return false;
    timestamps->mutable_value()->set_offset(value);
  }
  if (!cursor.expect("ecr")) return false;
  if (!inject && cursor.accept("any")) {
    timestamps->set_any_echo(true);
  } else if (inject && cursor.accept("last")) {
    timestamps->set_echo_last(true);
  } else {
    int64_t value = 0;
    const std::string_view what = inject ? "a timestamp or 'last'" : "a timestamp or 'any'";
    if (!cursor.integer(what, 0, kMaxSequence, &value)) return false;
    timestamps->mutable_echo_reply()->set_offset(value);
  }
  return true;
}

// left:right, again and again, without commas.
bool parse_sack(Cursor& cursor, proto::TcpOption::Sack* sack) {
  const NumberForm form{.what = "an edge of a SACK block"};
  while (!cursor.is(',') && !cursor.is('>')) {
    proto::TcpOption::Sack::Block* block = sack->add_blocks();
    if (!parse_number(cursor, form, block->mutable_left()) || !cursor.expect(':') ||
        !parse_number(cursor, form, block->mutable_right())) {
      return false;
    }
  }
  return true;
}

bool parse_raw(Cursor& cursor, proto::TcpOption::Raw* raw) {
  int64_t value = 0;
  if (!cursor.integer("a kind of option", 0, 255, &value)) return false;
  raw->set_kind(static_cast<uint32_t>(value));
  if (cursor.accept("len")) {
    if (!cursor.integer("a length", 0, 255, &value)) return false;
    raw->set_length(static_cast<uint32_t>(value));
  }
  if (cursor.is(',') || cursor.is('>')) return true;
  return parse_octets(cursor, "0x", raw->mutable_data());
}

bool parse_option(Cursor& cursor, bool inject, proto::TcpOption* option) {
  int64_t value = 0;
  if (cursor.accept("mss")) {
    if (!cursor.integer("a segment size", 0, 0xffff, &value)) return false;
    option->mutable_mss()->set_value(static_cast<uint32_t>(value));
    return true;
  }
  if (cursor.accept("wscale")) {
    if (!cursor.integer("a shift count", 0, 255, &value)) return false;
    option->mutable_window_scale()->set_shift(static_cast<uint32_t>(value));
    return true;
  }
  if (cursor.accept("sackOK")) return option->set_sack_permitted(true), true;
  if (cursor.accept("nop")) return option->set_nop(true), true;
  if (cursor.accept("eol")) return option->set_eol(true), true;
  if (cursor.accept("sack")) return parse_sack(cursor, option->mutable_sack());
  if (cursor.accept("TS")) return parse_timestamps(cursor, inject, option->mutable_timestamps());
  if (cursor.accept("FO")) return parse_fast_open(cursor, false, option);
  if (cursor.accept("FOEXP")) return parse_fast_open(cursor, true, option);
  if (cursor.accept("ECN")) return parse_accurate_ecn(cursor, option);
  if (cursor.accept("opt")) return parse_raw(cursor, option->mutable_raw());
  if (cursor.accept("md5")) {
    std::string digest;
    if (!parse_octets(cursor, "", &digest)) return false;
    return set_raw(option, kKindMd5, std::move(digest)), true;
  }
  return cursor.unexpected(kOptionsWanted);
}

}  // namespace

bool parse_octets(Cursor& cursor, std::string_view prefix, std::string* out) {
  const std::string_view text = cursor.peek().text;
  const std::string_view digits = text.substr(std::min(prefix.size(), text.size()));
  if (!text.starts_with(prefix) || digits.size() % 2 != 0 || digits.size() > 2 * kMaxOctets ||
      !std::all_of(digits.begin(), digits.end(), is_hex)) {
    return cursor.unexpected(
        fmt::format("at most {} octets as pairs of hexadecimal digits", kMaxOctets));
  }
  *out = from_hex(digits);
  cursor.take();
  return true;
}

bool parse_options(Cursor& cursor, bool inject, proto::Segment* segment) {
  if (cursor.is(TokenKind::kEllipsis)) {
    if (inject) return cursor.fail("<...> is for expected segments only");
    cursor.take();
    segment->set_any_options(true);
    return cursor.expect('>');
  }
  do {
    if (!parse_option(cursor, inject, segment->add_options())) return false;
  } while (cursor.accept(','));
  return cursor.expect('>');
}

}  // namespace synfin::script
