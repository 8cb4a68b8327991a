#include <fmt/format.h>

#include "harness/script/print_parts.h"
#include "harness/script/printer.h"
#include "harness/script/text.h"
#include "harness/script/words.h"
#include "harness/wire/text.h"

namespace synfin::script {
namespace {

std::string_view base_name(int base) {
  const auto index = static_cast<std::size_t>(base);
  return index < kBaseNames.size() ? kBaseNames[index] : "";
}

std::string hex(std::string_view octets) {
  std::string out;
  for (const char c : octets) out += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return out;
}

void print_flags(const proto::Segment& segment, std::string* out) {
  const std::size_t before = out->size();
  for (const auto& [letter, bit] : wire::kFlagLetters) {
    if ((segment.flags() & bit) != 0) *out += letter;
  }
  if (segment.malformation().reserved() == kAccurateEcnBit) *out += 'A';
  if ((segment.flags() & kAck) != 0) *out += '.';
  if (out->size() == before) *out += '-';
}

// What `[ttl N]` can say as packetdrill does.
bool ttl_in_front(const proto::Segment& segment) {
  return segment.malformation().has_ttl() && segment.malformation().ttl() > 0 &&
         segment.ecn() == 0 && !segment.has_traffic_class();
}

void print_malformation(const proto::Segment& segment, std::string* out) {
  const proto::Malformation& bad = segment.malformation();
  std::string inner;
  switch (bad.checksum()) {
    case proto::Malformation::BAD:
      inner += " sum=bad";
      break;
    case proto::Malformation::ZERO:
      inner += " sum=zero";
      break;
    case proto::Malformation::VALUE:
      inner += fmt::format(" sum=0x{:04x}", bad.checksum_value());
      break;
    default:
      break;
  }
  if (bad.has_data_offset()) inner += fmt::format(" off={}", bad.data_offset());
  if (bad.reserved() > kAccurateEcnBit) inner += fmt::format(" res={}", bad.reserved());
  if (bad.has_truncate()) inner += fmt::format(" trunc={}", bad.truncate());
  if (bad.has_ip_length()) inner += fmt::format(" iplen={}", bad.ip_length());
  if (bad.has_ttl() && !ttl_in_front(segment)) inner += fmt::format(" ttl={}", bad.ttl());
  if (!bad.ip_options().empty()) inner += " ipopt=0x" + hex(bad.ip_options());
  if (!bad.source().empty()) inner += " src=" + quote(bad.source());
  if (!bad.destination().empty()) inner += " dst=" + quote(bad.destination());
  if (!inner.empty()) *out += fmt::format(" {{{}}}", inner.substr(1));
}

// Of a segment or of one that an ICMP message quotes.
template <typename Sequence>
void print_sequence(const Sequence& of, std::string* out) {
  print_number(of.seq(), out);
  if (of.seq().base() == proto::Number::LITERAL) {
    *out += fmt::format(":{}", (of.seq().offset() + of.length()) & kMaxSequence);
  }
}

void print_timestamps(const proto::TcpOption::Timestamps& timestamps, std::string* out) {
  *out += "TS val ";
  *out += timestamps.any_value() ? "any" : fmt::format("{}", timestamps.value().offset());
  *out += " ecr ";
  if (timestamps.any_echo() || timestamps.echo_last()) {
    *out += timestamps.any_echo() ? "any" : "last";
  } else {
    *out += fmt::format("{}", timestamps.echo_reply().offset());
  }
}

std::string accurate_ecn(const proto::TcpOption::Raw& raw) {
  const bool zero_first = raw.kind() == kKindAccurateEcn0;
  const std::string_view order[] = {zero_first ? "e0b" : "e1b", "ceb", zero_first ? "e1b" : "e0b"};
  std::string out = "ECN";
  for (std::size_t i = 0; i < raw.data().size(); i += 3) {
    uint32_t count = 0;
    for (std::size_t k = 0; k < 3; ++k)
      count = count << 8U | static_cast<uint8_t>(raw.data()[i + k]);
    out += fmt::format(" {} {}", order[i / 3], count);
  }
  return out;
}

// The option in packetdrill's words, when it is one of those and well-formed.
std::string known_raw(const proto::TcpOption::Raw& raw) {
  const std::string& data = raw.data();
  if (!raw.has_length() || raw.length() != data.size() + 2) return "";
  if (raw.kind() == kKindFastOpen) return data.empty() ? "FO" : "FO " + hex(data);
  if (raw.kind() == kKindMd5 && data.size() == 16) return "md5 " + hex(data);
  if (raw.kind() == kKindExperimental && data.starts_with(kFastOpenMagic)) {
    const std::string cookie = data.substr(kFastOpenMagic.size());
    return cookie.empty() ? "FOEXP" : "FOEXP " + hex(cookie);
  }
  const bool accurate = raw.kind() == kKindAccurateEcn0 || raw.kind() == kKindAccurateEcn1;
  const bool counts = data.size() == 3 || data.size() == 6 || data.size() == 9;
  return accurate && counts ? accurate_ecn(raw) : "";
}

void print_raw(const proto::TcpOption::Raw& raw, std::string* out) {
  if (const std::string known = known_raw(raw); !known.empty()) {
    *out += known;
    return;
  }
  *out += fmt::format("opt {}", raw.kind());
  if (raw.has_length()) *out += fmt::format(" len {}", raw.length());
  if (!raw.data().empty()) *out += " 0x" + hex(raw.data());
}

void print_options(const proto::Segment& segment, std::string* out) {
  if (segment.any_options()) {
    *out += " <...>";
    return;
  }
  if (segment.options().empty()) return;
  *out += " <";
  for (int i = 0; i < segment.options_size(); ++i) {
    if (i > 0) *out += ',';
    print_option(segment.options(i), out);
  }
  *out += '>';
}

void print_icmp(const proto::Icmp& icmp, std::string* out) {
  *out += "icmp " + icmp.type();
  if (!icmp.code().empty()) *out += " " + icmp.code();
  if (icmp.has_mtu()) *out += fmt::format(" mtu {}", icmp.mtu());
  if (!icmp.has_seq()) return;
  *out += " [";
  print_sequence(icmp, out);
  *out += fmt::format("({})]", icmp.length());
}

}  // namespace

bool has_word(const proto::TcpOption::Raw& option) { return !known_raw(option).empty(); }

void print_number(const proto::Number& number, std::string* out) {
  if (number.base() == proto::Number::ABSOLUTE) *out += '=';
  const std::string_view name = base_name(number.base());
  if (name.empty()) {
    *out += fmt::format("{}", number.offset());
    return;
  }
  *out += name;
  for (const int plus : number.plus()) *out += fmt::format("+{}", base_name(plus));
  for (const int minus : number.minus()) *out += fmt::format("-{}", base_name(minus));
  if (number.offset() != 0) *out += fmt::format("{:+}", number.offset());
}

void print_option(const proto::TcpOption& option, std::string* out) {
  switch (option.what_case()) {
    case proto::TcpOption::kMss:
      *out += fmt::format("mss {}", option.mss().value());
      break;
    case proto::TcpOption::kWindowScale:
      *out += fmt::format("wscale {}", option.window_scale().shift());
      break;
    case proto::TcpOption::kSackPermitted:
      *out += "sackOK";
      break;
    case proto::TcpOption::kSack:
      *out += "sack";
      for (const auto& block : option.sack().blocks()) {
        *out += ' ';
        print_number(block.left(), out);
        *out += ':';
        print_number(block.right(), out);
      }
      break;
    case proto::TcpOption::kTimestamps:
      print_timestamps(option.timestamps(), out);
      break;
    case proto::TcpOption::kEol:
      *out += "eol";
      break;
    case proto::TcpOption::kRaw:
      print_raw(option.raw(), out);
      break;
    default:
      *out += "nop";
      break;
  }
}

void print_segment(const proto::Segment& segment, std::string* out) {
  print_flags(segment, out);
  *out += ' ';
  if (segment.any_seq()) {
    *out += '*';
  } else {
    print_sequence(segment, out);
  }
  *out += segment.any_length() ? "(*)" : fmt::format("({})", segment.length());
  if (segment.has_ack()) {
    *out += " ack ";
    print_number(segment.ack(), out);
  }
  if (segment.has_window()) {
    *out += " win ";
    print_number(segment.window(), out);
  }
  if (segment.has_urgent()) *out += fmt::format(" urg {}", segment.urgent());
  print_options(segment, out);
  if (!segment.text().empty()) *out += " " + quote(segment.text());
  print_malformation(segment, out);
}

void print_packet(const proto::Packet& packet, std::string* out) {
  *out += packet.direction() == proto::Packet::INJECT ? "< " : "> ";
  if (packet.has_icmp()) return print_icmp(packet.icmp(), out);
  const proto::Segment& segment = packet.segment();
  if (segment.has_traffic_class()) {
    *out += fmt::format("[tos 0x{:02x}] ", segment.traffic_class());
  } else if (segment.ecn() > 0 && segment.ecn() < kEcnNames.size()) {
    *out += fmt::format("[{}] ", kEcnNames[segment.ecn()]);
  } else if (ttl_in_front(segment)) {
    *out += fmt::format("[ttl {}] ", segment.malformation().ttl());
  }
  print_segment(segment, out);
}

}  // namespace synfin::script
