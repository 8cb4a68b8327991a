// Packets: direction, IP information, flags, numbers, options, octets, malformation; and ICMP.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "harness/script/flat.h"
#include "harness/script/parser_parts.h"
#include "harness/script/text.h"
#include "harness/script/words.h"
#include "harness/wire/text.h"

namespace synfin::script {
namespace {

constexpr std::string_view kFlagsWanted = "flags (letters of SFRPUEWA, a dot for ACK, or -)";

// [ect0], (ce), [ttl 5], [tos 0x10].
bool parse_ip_info(Cursor& cursor, bool inject, proto::Segment* segment) {
  const char close = cursor.is('[') ? ']' : ')';
  if (!cursor.accept('[') && !cursor.accept('(')) return true;
  int64_t value = 0;
  if (cursor.accept("ttl")) {
    if (!cursor.integer("a time to live", 0, 255, &value)) return false;
    segment->mutable_malformation()->set_ttl(static_cast<uint32_t>(value));
    return cursor.expect(close);
  }
  if (cursor.accept("tos")) {
    if (!cursor.integer("the octet of the traffic class", 0, 255, &value)) return false;
    segment->set_traffic_class(static_cast<uint32_t>(value));
    return cursor.expect(close);
  }
  if (cursor.word("flowlabel")) {
    return cursor.fail(describe(cursor.peek()) + " is packetdrill's, but synfin does not have it");
  }
  const auto name = std::find(kEcnNames.begin() + 1, kEcnNames.end(), cursor.peek().text);
  if (name == kEcnNames.end()) return cursor.unexpected("one of ect0 ect1 ect01 ce noecn ttl tos");
  if (*name == "ect01" && inject) return cursor.fail("[ect01] is for expected packets only");
  cursor.take();
  segment->set_ecn(static_cast<uint32_t>(name - kEcnNames.begin()));
  return cursor.expect(close);
}

void set_reserved(proto::Segment* segment, uint32_t bits) {
  if (bits == 0) return;
  proto::Malformation* malformation = segment->mutable_malformation();
  malformation->set_reserved(malformation->reserved() | bits);
}

// The digit is the ACE counter: the bits AE, CWR and ECE as one number.
void set_ace(proto::Segment* segment, char digit) {
  const auto ace = static_cast<unsigned>(digit - '0');
  uint32_t flags = segment->flags();
  if ((ace & 2U) != 0) flags |= kCwr;
  if ((ace & 1U) != 0) flags |= kEce;
  segment->set_flags(flags);
  set_reserved(segment, (ace & 4U) != 0 ? kAccurateEcnBit : 0);
}

bool parse_flag_letters(Cursor& cursor, proto::Segment* segment) {
  const Token& token = cursor.peek();
  uint32_t flags = segment->flags();
  for (std::size_t i = 0; i < token.text.size(); ++i) {
    const char letter = token.text[i];
    if (letter == 'A') {
      set_reserved(segment, kAccurateEcnBit);
      continue;
    }
    const auto* known = std::find_if(wire::kFlagLetters.begin(), wire::kFlagLetters.end(),
                                     [&](const auto& flag) { return flag.first == letter; });
    if (known == wire::kFlagLetters.end()) {
      return cursor.fail_at(token.offset + i,
                            fmt::format("found {} in {}, expected {}", describe_octet(letter),
                                        describe(token), kFlagsWanted));
    }
    flags |= known->second;
  }
  segment->set_flags(flags);
  cursor.take();
  return true;
}

bool parse_flags(Cursor& cursor, proto::Segment* segment) {
  if (cursor.accept('-')) return true;
  const bool letters = cursor.is(TokenKind::kWord);
  if (letters && !parse_flag_letters(cursor, segment)) return false;
  if (cursor.accept('.')) {
    segment->set_flags(segment->flags() | kAck);
    return true;
  }
  const Token& token = cursor.peek();
  if (token.kind != TokenKind::kDecimal) return letters || cursor.unexpected(kFlagsWanted);
  if (token.text.size() != 2 || token.text[0] != '.' || token.text[1] > '7') {
    return cursor.fail(describe(token) + " is no ACE counter: expected .0 to .7");
  }
  segment->set_flags(segment->flags() | kAck);
  set_ace(segment, token.text[1]);
  cursor.take();
  return true;
}

bool parse_numbers(Cursor& cursor, proto::Segment* segment) {
  if (cursor.accept("ack")) {
    if (!parse_number(cursor, {.what = "an acknowledgment number"}, segment->mutable_ack()))
      return false;
  }
  if (cursor.accept("win")) {
    const NumberForm form{.what = "a window", .high = 0xffff, .absolute = false};
    if (!parse_number(cursor, form, segment->mutable_window())) return false;
  }
  if (cursor.accept("urg")) {
    int64_t urgent = 0;
    if (!cursor.integer("an urgent pointer", 0, 0xffff, &urgent)) return false;
    segment->set_urgent(static_cast<uint32_t>(urgent));
  }
  return true;
}

bool parse_text(Cursor& cursor, proto::Segment* segment) {
  const Token& token = cursor.peek();
  if (token.kind != TokenKind::kText) return true;
  const auto octets = unescape(token.text);
  if (!octets)
    return cursor.fail_at(token.offset + octets.error().column - 1, octets.error().message);
  if (octets->size() != segment->length()) {
    return cursor.fail(fmt::format("this text has {} octets, but the segment says {}",
                                   octets->size(), segment->length()));
  }
  segment->set_text(*octets);
  cursor.take();
  return true;
}

bool parse_checksum(Cursor& cursor, proto::Malformation* malformation) {
  if (cursor.accept("bad")) {
    malformation->set_checksum(proto::Malformation::BAD);
  } else if (cursor.accept("zero")) {
    malformation->set_checksum(proto::Malformation::ZERO);
  } else {
    int64_t value = 0;
    if (!cursor.integer("a checksum (bad, zero or a number)", 0, 0xffff, &value)) return false;
    malformation->set_checksum(proto::Malformation::VALUE);
    malformation->set_checksum_value(static_cast<uint32_t>(value));
  }
  return true;
}

bool parse_ip_address(Cursor& cursor, std::string* address) {
  const Token& token = cursor.peek();
  if (token.kind != TokenKind::kText) return cursor.unexpected("an IP address in quotes");
  *address = std::string(token.text.substr(1, token.text.size() - 2));
  if (!wire::parse_address(*address)) return cursor.unexpected("an IP address in quotes");
  cursor.take();
  return true;
}

// One `key=value` of a malformation, after the `=`.
bool parse_malformed(Cursor& cursor, const Token& key, proto::Segment* segment) {
  proto::Malformation* malformation = segment->mutable_malformation();
  int64_t value = 0;
  if (key.text == "sum") return parse_checksum(cursor, malformation);
  if (key.text == "ipopt") return parse_octets(cursor, "0x", malformation->mutable_ip_options());
  if (key.text == "src") return parse_ip_address(cursor, malformation->mutable_source());
  if (key.text == "dst") return parse_ip_address(cursor, malformation->mutable_destination());
  if (key.text == "off") {
    if (!cursor.integer("a data offset", 0, 15, &value)) return false;
    malformation->set_data_offset(static_cast<uint32_t>(value));
  } else if (key.text == "res") {
    if (!cursor.integer("the reserved bits", 0, 15, &value)) return false;
    malformation->set_reserved(malformation->reserved() | static_cast<uint32_t>(value));
  } else if (key.text == "trunc") {
    if (!cursor.integer("a number of octets", 0, 0xffff, &value)) return false;
    malformation->set_truncate(static_cast<uint32_t>(value));
  } else if (key.text == "iplen") {
    if (!cursor.integer("a length", 0, 0xffff, &value)) return false;
    malformation->set_ip_length(static_cast<uint32_t>(value));
  } else {
    if (!cursor.integer("a time to live", 0, 255, &value)) return false;
    malformation->set_ttl(static_cast<uint32_t>(value));
  }
  return true;
}

// {sum=bad off=4}
bool parse_malformation(Cursor& cursor, proto::Segment* segment) {
  constexpr std::array<std::string_view, 9> kKeys = {"sum", "off",   "res", "trunc", "iplen",
                                                     "ttl", "ipopt", "src", "dst"};
  if (!cursor.accept('{')) return true;
  do {
    const Token key = cursor.peek();
    if (key.kind != TokenKind::kWord ||
        std::find(kKeys.begin(), kKeys.end(), key.text) == kKeys.end()) {
      return cursor.unexpected("one of sum= off= res= trunc= iplen= ttl= ipopt= src= dst=");
    }
    cursor.take();
    if (!cursor.expect('=') || !parse_malformed(cursor, key, segment)) return false;
    cursor.accept(',');
  } while (!cursor.accept('}'));
  if (segment->malformation().ByteSizeLong() == 0) segment->clear_malformation();
  return true;
}

bool parse_segment(Cursor& cursor, bool inject, proto::Segment* segment) {
  if (!parse_ip_info(cursor, inject, segment) || !parse_flags(cursor, segment)) return false;
  uint32_t length = 0;
  if (cursor.is('*')) {
    if (inject) return cursor.fail("only an expected segment can have '*' as its sequence number");
    segment->set_any_seq(true);
  }
  bool any_length = false;
  if (!parse_sequence(cursor, segment->any_seq() ? nullptr : segment->mutable_seq(), &length,
                      inject ? nullptr : &any_length)) {
    return false;
  }
  segment->set_length(length);
  segment->set_any_length(any_length);
  if (!parse_numbers(cursor, segment)) return false;
  if (cursor.accept('<') && !parse_options(cursor, inject, segment)) return false;
  return parse_text(cursor, segment) && parse_malformation(cursor, segment);
}

bool parse_icmp(Cursor& cursor, proto::Icmp* icmp) {
  if (!cursor.word("a type of ICMP message", icmp->mutable_type())) return false;
  if (cursor.is(TokenKind::kWord) && !cursor.word("mtu") && !cursor.word("id")) {
    icmp->set_code(std::string(cursor.take().text));
  }
  int64_t mtu = 0;
  if (cursor.accept("mtu")) {
    if (!cursor.integer("an MTU", 0, 0xffffffff, &mtu)) return false;
    icmp->set_mtu(static_cast<uint32_t>(mtu));
  }
  if (cursor.word("id"))
    return cursor.fail("ICMP echo messages are packetdrill's; synfin has no use for them");
  if (!cursor.accept('[')) return true;
  if (cursor.word("udp") || cursor.word("raw"))
    return cursor.fail("only TCP segments can be quoted");
  uint32_t length = 0;
  if (!parse_sequence(cursor, icmp->mutable_seq(), &length)) return false;
  icmp->set_length(length);
  return cursor.expect(']');
}

// What packetdrill knows and this language does not, to say so.
bool refuse_unsupported(Cursor& cursor) {
  for (const std::string_view word : {"udp", "ipv4", "ipv6", "gre", "mpls", "encap"}) {
    if (cursor.word(word)) {
      return cursor.fail(fmt::format("'{}' is packetdrill's, but synfin tests TCP only", word));
    }
  }
  if (cursor.is(TokenKind::kInteger) && cursor.peek(1).is('>')) {
    return cursor.fail("ports are chosen by synfin: a connection has a label (+0 @b < ...)");
  }
  return true;
}

// The name at the start of `text`, taken from it.
bool take_base(Cursor& cursor, const Token& token, std::string_view& text,
               proto::Number::Base* base) {
  std::size_t end = 0;
  while (end < text.size() && (is_word(text[end]) || text[end] == '.')) ++end;
  const std::string_view name = text.substr(0, end);
  const auto known = std::find(kBaseNames.begin() + 1, kBaseNames.end() - 1, name);
  if (known == kBaseNames.end() - 1) {
    return cursor.fail_at(
        token.offset + (token.text.size() - text.size()),
        fmt::format("unknown name '{}', expected ISS, IRS, SND.UNA, SND.NXT, SND.WND, SND.MAX.WND, "
                    "RCV.NXT or RCV.WND",
                    name.substr(0, 40)));
  }
  *base = static_cast<proto::Number::Base>(known - kBaseNames.begin());
  text.remove_prefix(end);
  return true;
}

// A number of a sum, where it is one.
std::optional<int64_t> whole_number(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  const auto value = integer_value({.kind = TokenKind::kInteger, .text = text});
  return value && *value <= kMaxSequence ? value : std::nullopt;
}

// name{(+|-)(name|N)}
bool parse_symbolic(Cursor& cursor, proto::Number* number) {
  const Token& token = cursor.peek();
  std::string_view text = token.text;
  proto::Number::Base base{};
  if (!take_base(cursor, token, text, &base)) return false;
  number->set_base(base);
  int64_t offset = 0;
  while (!text.empty()) {
    const std::size_t place = token.offset + (token.text.size() - text.size());
    const std::string_view rest = text;
    const bool negative = text[0] == '-';
    text.remove_prefix(1);
    if (!text.empty() && is_letter(text[0])) {
      if (!take_base(cursor, token, text, &base)) return false;
      negative ? number->add_minus(base) : number->add_plus(base);
      continue;
    }
    const std::size_t digits = std::min(text.find_first_of("+-"), text.size());
    const auto value = whole_number(text.substr(0, digits));
    text.remove_prefix(digits);
    if (value) offset += negative ? -*value : *value;
    if (!value || std::abs(offset) > kMaxSequence) {
      return cursor.fail_at(
          place, fmt::format("found '{}', expected a number up to {} (+name, -name, +N or -N)",
                             rest.substr(0, 40), kMaxSequence));
    }
  }
  if (number->plus_size() + number->minus_size() > static_cast<int>(Number::kMaxTerms)) {
    return cursor.fail(fmt::format("a number is a name and at most {} more", Number::kMaxTerms));
  }
  number->set_offset(offset);
  cursor.take();
  return true;
}

}  // namespace

bool parse_number(Cursor& cursor, const NumberForm& form, proto::Number* number) {
  if (cursor.is(TokenKind::kSymbolic)) return parse_symbolic(cursor, number);
  int64_t value = 0;
  if (form.absolute && cursor.accept('=')) {
    number->set_base(proto::Number::ABSOLUTE);
    if (!cursor.integer("a number as on the wire", 0, kMaxSequence, &value)) return false;
  } else if (!cursor.integer(form.what, 0, form.high, &value)) {
    return false;
  }
  number->set_offset(value);
  return true;
}

bool parse_sequence(Cursor& cursor, proto::Number* seq, uint32_t* length, bool* any_length) {
  const Token& start = cursor.peek();
  const bool plain = !start.is('*') && !start.is('=') && start.kind != TokenKind::kSymbolic;
  int64_t end = 0;
  if (seq == nullptr) {
    if (!cursor.expect('*')) return false;
  } else if (!parse_number(cursor, {.what = "a sequence number"}, seq)) {
    return false;
  }
  if (!plain && cursor.is(':')) {
    return cursor.fail(
        "only plain numbers have an end: a name, '=N' or '*' is followed by (length)");
  }
  if (plain &&
      (!cursor.expect(':') || !cursor.integer("a sequence number", 0, kMaxSequence, &end))) {
    return false;
  }
  if (!cursor.expect('(')) return false;
  if (!plain && any_length != nullptr && cursor.accept('*')) {
    *any_length = true;
    return cursor.expect(')');
  }
  int64_t octets = 0;
  if (!cursor.integer("a length", 0, 0xffff, &octets) || !cursor.expect(')')) return false;
  *length = static_cast<uint32_t>(octets);
  if (plain && ((seq->offset() + octets) & kMaxSequence) != end) {
    return cursor.fail(
        start, fmt::format("{}:{}({}) does not add up: the end should be {}", seq->offset(), end,
                           octets, (seq->offset() + octets) & kMaxSequence));
  }
  return true;
}

bool parse_packet(Cursor& cursor, proto::Packet* packet) {
  const bool inject = cursor.take().is('<');
  packet->set_direction(inject ? proto::Packet::INJECT : proto::Packet::EXPECT);
  if (!refuse_unsupported(cursor)) return false;
  if (cursor.accept("icmp")) {
    if (!inject) return cursor.fail("an ICMP message can only be injected (<)");
    return parse_icmp(cursor, packet->mutable_icmp());
  }
  return parse_segment(cursor, inject, packet->mutable_segment());
}

}  // namespace synfin::script
