#include "harness/wire/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "harness/wire/bytes.h"
#include "harness/wire/options.h"

namespace synfin::wire {
namespace {

using Octets = std::span<const uint8_t>;

constexpr std::size_t kUsualText = 96;  // characters of a segment with options

std::string hex(Octets octets) {
  std::string out;
  for (const uint8_t octet : octets) fmt::format_to(std::back_inserter(out), "{:02x}", octet);
  return out;
}

std::string sack_text(Octets option, Seq receiver_isn) {
  std::string out = "sack";
  for (std::size_t i = 2; i + 8 <= option.size(); i += 8) {
    fmt::format_to(std::back_inserter(out), " {}:{}",
                   Seq::distance(receiver_isn, Seq(get32(option.data() + i))),
                   Seq::distance(receiver_isn, Seq(get32(option.data() + i + 4))));
  }
  return out;
}

// Name and octets; the name alone when there are none.
std::string named_octets(std::string_view name, Octets octets) {
  return octets.empty() ? std::string(name) : fmt::format("{} {}", name, hex(octets));
}

std::string octets_text(Octets option) {
  if (option.size() < 2) return fmt::format("opt {}", option[0]);
  const std::string head = fmt::format("opt {} len {}", option[0], option[1]);
  return option.size() == 2 ? head : fmt::format("{} 0x{}", head, hex(option.subspan(2)));
}

// What stands behind an EOL. Zeros need words only where padding would not bring them back.
std::string after_eol_text(Octets rest, std::size_t before) {
  if (std::any_of(rest.begin(), rest.end(), [](uint8_t octet) { return octet != 0; })) {
    return "," + octets_text(rest);
  }
  std::string out;
  const std::size_t whole = before + rest.size();
  while (before + 4 <= whole) {
    out += ",eol";
    ++before;
  }
  return out;
}

void append(std::string& out, int64_t number) {
  const fmt::format_int digits(number);
  out.append(digits.data(), digits.size());
}

void append_number(std::string& out, std::optional<Seq> isn, Seq number) {
  if (isn) return append(out, Seq::distance(*isn, number));
  out += '=';
  append(out, number.value());
}

void append_flags(std::string& out, Flags flags) {
  const std::size_t before = out.size();
  for (const auto& [letter, bit] : kFlagLetters) {
    if (flags.has(bit)) out += letter;
  }
  if (flags.ack()) out += '.';
  if (out.size() == before) out += '-';
}

// Everything of a segment but what is wrong with it. A judge tells every divergence so, known ones
// too: each word is appended where it stays.
std::string segment_text(const Segment& segment, Octets options, const Isns& isns) {
  const auto length = static_cast<uint32_t>(segment.text.size());
  std::string out;
  out.reserve(kUsualText);
  append_flags(out, segment.flags);
  out += " seq ";
  append_number(out, isns.sender, segment.seq);
  if (length > 0 && isns.sender) {
    out += ':';
    append_number(out, isns.sender, segment.seq + length);
  }
  if (length > 0) {
    out += '(';
    append(out, length);
    out += ')';
  }
  if (segment.flags.ack()) {
    out += " ack ";
    append_number(out, isns.receiver, segment.ack);
  }
  out += " win ";
  append(out, segment.wnd);
  if (segment.flags.urg()) {
    out += " urg ";
    append(out, segment.up);
  }
  if (!options.empty()) {
    out += " <";
    out += options_text(options, isns.receiver.value_or(Seq(0)));
    out += '>';
  }
  return out;
}

std::string numbered(std::string_view word, int64_t number) {
  std::string out(word);
  append(out, number);
  return out;
}

// `text` and, where something is wrong with the packet, that in braces.
std::string with_wrong(std::string text, const std::string& wrong) {
  if (!wrong.empty()) {
    text += ' ';
    text += wrong;
  }
  return text;
}

std::string braced(std::string words) {
  if (words.empty()) return words;
  words.front() = '{';  // for the space before the first word
  return words + '}';
}

}  // namespace

std::string number_text(std::optional<Seq> isn, Seq number) {
  std::string out;
  append_number(out, isn, number);
  return out;
}

std::string to_text(Flags flags) {
  std::string out;
  append_flags(out, flags);
  return out;
}

std::string option_text(Octets octets, Seq receiver_isn) {
  if (octets.empty()) return "";
  if (!option_length_ok(octets[0], octets.size())) return octets_text(octets);
  const uint8_t* p = octets.data();
  switch (p[0]) {
    case kOptionEol:
      return "eol";
    case kOptionNop:
      return "nop";
    case kOptionMss:
      return numbered("mss ", get16(p + 2));
    case kOptionWindowScale:
      return numbered("wscale ", p[2]);
    case kOptionSackPermitted:
      return "sackOK";
    case kOptionSack:
      return sack_text(octets, receiver_isn);
    case kOptionTimestamps:
      return fmt::format("TS val {} ecr {}", get32(p + 2), get32(p + 6));
    case kOptionMd5:
      return named_octets("md5", octets.subspan(2));
    case kOptionFastOpen:
      return named_octets("FO", octets.subspan(2));
    default:
      return octets_text(octets);
  }
}

std::string options_text(Octets octets, Seq receiver_isn) {
  std::string out;
  std::size_t walked = 0;
  const bool whole = for_each_option(octets, [&](uint8_t, Octets option) {
    if (walked > 0) out += ',';
    out += option_text(option, receiver_isn);
    walked += option.size();
  });
  const Octets rest = octets.subspan(walked);
  if (whole) return rest.empty() ? out : out + after_eol_text(rest, walked);
  return out + (walked > 0 ? "," : "") + octets_text(rest);
}

std::string to_text(const Malformation& malformation) {
  std::string out;
  auto end = std::back_inserter(out);
  switch (malformation.checksum) {
    case Malformation::Checksum::kGood:
      break;
    case Malformation::Checksum::kBad:
      out += " sum=bad";
      break;
    case Malformation::Checksum::kZero:
      out += " sum=zero";
      break;
    case Malformation::Checksum::kValue:
      fmt::format_to(end, " sum=0x{:04x}", malformation.checksum_value);
      break;
  }
  if (malformation.data_offset) fmt::format_to(end, " off={}", *malformation.data_offset);
  if (malformation.reserved != 0) fmt::format_to(end, " res={}", malformation.reserved);
  if (malformation.truncate) fmt::format_to(end, " trunc={}", *malformation.truncate);
  if (malformation.ip_length) fmt::format_to(end, " iplen={}", *malformation.ip_length);
  return braced(std::move(out));
}

std::string to_text(const Decoded& packet, const Isns& isns) {
  Malformation seen;
  if (!packet.tcp_checksum_ok) seen.checksum = Malformation::Checksum::kBad;
  seen.reserved = packet.reserved;
  return with_wrong(segment_text(packet.segment, packet.option_octets, isns), to_text(seen));
}

std::string to_text(const Packet& packet, const Isns& isns) {
  return with_wrong(segment_text(packet.segment, packet.options.octets(), isns),
                    to_text(packet.malformation));
}

}  // namespace synfin::wire
