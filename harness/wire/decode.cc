#include <fmt/format.h>

#include <algorithm>
#include <bitset>
#include <cstring>
#include <optional>

#include "harness/wire/bytes.h"
#include "harness/wire/checksum.h"
#include "harness/wire/codec.h"
#include "harness/wire/layout.h"
#include "harness/wire/names.h"
#include "harness/wire/options.h"

namespace synfin::wire {
namespace {

using Octets = std::span<const uint8_t>;

enum class Checksums : uint8_t { kVerify, kPassOver };

// What is wrong with a packet; nothing in the usual case, at the cost of one test.
using Fault = std::optional<Error>;

template <typename... Args>
[[gnu::cold, gnu::noinline]] Fault fault(fmt::format_string<Args...> text, Args... args) {
  return Error{fmt::vformat(text, fmt::make_format_args(args...))};
}

Fault not_tcp(uint8_t protocol) {
  return fault("protocol {} ({}) is not TCP", protocol, protocol_name(protocol));
}

// Reads the IPv4 header (RFC 791 §3.1); `tcp` becomes what follows it.
Fault read_ipv4(Octets packet, Decoded& out, Octets& tcp, ClauseSet* coverage,
                Checksums checksums) {
  if (packet.size() < kIpv4Header) {
    return fault("the packet has {} octets; an IPv4 header needs 20", packet.size());
  }
  const uint8_t* p = packet.data();
  const std::size_t header = (p[0] & 0x0FU) * std::size_t{4};
  const std::size_t total = get16(p + 2);
  const unsigned fragment = get16(p + 6);
  if (header < kIpv4Header || header > packet.size()) {
    return fault("the IPv4 header claims {} octets; it has 20 to {}", header,
                 std::min<std::size_t>(packet.size(), 60));
  }
  if (total < header || total > packet.size()) {
    return fault("the IPv4 total length claims {} octets; header and packet allow {} to {}", total,
                 header, packet.size());
  }
  if ((fragment & 0x3FFFU) != 0) {
    return fault("the packet is an IPv4 fragment (offset {}{})", (fragment & 0x1FFFU) * 8,
                 (fragment & 0x2000U) != 0 ? ", more to come" : "");
  }
  if (p[9] != kProtocolTcp) return not_tcp(p[9]);

  if (header > kIpv4Header) cover(coverage, Clause::kMust50);  // its options are passed over
  out.traffic_class = p[1];
  out.ip_id = get16(p + 4);
  out.dont_fragment = (fragment & 0x4000U) != 0;
  out.ttl = p[8];
  out.ip_checksum_ok =
      checksums == Checksums::kPassOver || internet_checksum(packet.first(header)) == 0;
  std::memcpy(out.source.address.octets.data(), p + 12, 4);
  std::memcpy(out.destination.address.octets.data(), p + 16, 4);
  tcp = packet.subspan(header, total - header);
  return {};
}

// Reads the IPv6 header (RFC 8200 §3); `tcp` becomes what follows it.
Fault read_ipv6(Octets packet, Decoded& out, Octets& tcp) {
  if (packet.size() < kIpv6Header) {
    return fault("the packet has {} octets; an IPv6 header needs 40", packet.size());
  }
  const uint8_t* p = packet.data();
  const std::size_t length = get16(p + 4);
  if (length > packet.size() - kIpv6Header) {
    return fault("the IPv6 payload length claims {} octets; {} follow the header", length,
                 packet.size() - kIpv6Header);
  }
  if (is_extension_header(p[6])) {
    return fault("the IPv6 extension header {} ({}) stands before TCP; none is read", p[6],
                 protocol_name(p[6]));
  }
  if (p[6] != kProtocolTcp) return not_tcp(p[6]);

  out.traffic_class = static_cast<uint8_t>(get16(p) >> 4U);
  out.ttl = p[7];
  out.source.address.v6 = true;
  out.destination.address.v6 = true;
  std::memcpy(out.source.address.octets.data(), p + 8, 16);
  std::memcpy(out.destination.address.octets.data(), p + 24, 16);
  tcp = packet.subspan(kIpv6Header, length);
  return {};
}

// Keeps an option that the rules know. Its length was checked.
void keep_option(uint8_t kind, Octets option, Options& out, ClauseSet* coverage) {
  const uint8_t* p = option.data();
  switch (kind) {
    case kOptionMss:
      out.mss = get16(p + 2);
      break;
    case kOptionWindowScale:
      out.window_scale = p[2];
      break;
    case kOptionSackPermitted:
      out.sack_permitted = true;
      break;
    case kOptionSack:
      out.sack_count = static_cast<uint8_t>((option.size() - 2) / 8);
      out.sack = {};
      for (std::size_t i = 0; i < out.sack_count; ++i) {
        const uint8_t* block = p + 2 + 8 * i;
        out.sack[i] = {Seq(get32(block)), Seq(get32(block + 4))};
      }
      break;
    case kOptionTimestamps:
      out.timestamps = {get32(p + 2), get32(p + 6)};
      break;
    case kOptionUserTimeout:
      out.user_timeout = get16(p + 2);
      break;
    default:
      cover(coverage, Clause::kMust6);
      cover(coverage, Clause::kMust68);  // its length tells where the next one begins
      break;
  }
}

void read_options(Octets octets, Decoded& out, ClauseSet* coverage) {
  out.option_octets = octets;
  if (!octets.empty() && !out.segment.flags.syn()) cover(coverage, Clause::kMust5);
  std::bitset<256> seen;
  const bool lengths_fit = for_each_option(octets, [&](uint8_t kind, Octets option) {
    if (kind > kOptionNop && seen[kind]) out.options_repeated = true;
    seen.set(kind);
    if (kind <= kOptionMss) cover(coverage, Clause::kMust4);
    if ((option.data() - octets.data()) % 4 != 0) cover(coverage, Clause::kMust64);
    if (kind == kOptionNop) return;
    if (kind == kOptionEol) {
      const auto rest = octets.subspan(static_cast<std::size_t>(option.data() - octets.data()));
      out.options_zero_padded =
          std::all_of(rest.begin(), rest.end(), [](uint8_t octet) { return octet == 0; });
      return;
    }
    if (option_length_ok(kind, option.size())) {
      keep_option(kind, option, out.segment.options, coverage);
    } else {
      out.options_well_formed = false;
    }
  });
  if (!lengths_fit) out.options_well_formed = false;
  if (!out.options_well_formed) cover(coverage, Clause::kMust7);
}

}  // namespace

std::size_t room_of_illegal_option(Octets octets) {
  constexpr std::size_t kMd5Length = 18;  // RFC 2385 §3
  std::size_t at = 0;
  std::size_t room = 0;
  const bool whole = for_each_option(octets, [&](uint8_t kind, Octets option) {
    const auto start = static_cast<std::size_t>(option.data() - octets.data());
    if (room == 0 && kind == kOptionMd5 && option.size() != kMd5Length) {
      room = octets.size() - start;
    }
    at = start + option.size();
  });
  if (room > 0 || whole) return room;
  return octets.size() - at;
}

namespace {

// Reads header, options and text (RFC 9293 §3.1). The addresses are known by now.
Fault read_tcp(Octets tcp, Decoded& out, ClauseSet* coverage, Checksums checksums) {
  if (tcp.size() < kTcpHeader) {
    return fault("{} octets follow the IP header; a TCP header needs 20", tcp.size());
  }
  const uint8_t* p = tcp.data();
  out.data_offset = p[12] >> 4U;
  const std::size_t header = out.data_offset * std::size_t{4};
  if (header < kTcpHeader || header > tcp.size()) {
    return fault("the TCP data offset claims a header of {} octets; it has 20 to {}", header,
                 std::min<std::size_t>(tcp.size(), 60));
  }
  out.source.port = get16(p);
  out.destination.port = get16(p + 2);
  Segment& segment = out.segment;
  segment.seq = Seq(get32(p + 4));
  segment.ack = Seq(get32(p + 8));
  out.reserved = p[12] & 0x0FU;
  if (out.reserved != 0) cover(coverage, Clause::kSmHdr1);
  segment.flags = Flags(p[13]);
  segment.wnd = get16(p + 14);
  segment.ecn = static_cast<Ecn>(out.traffic_class & 3U);
  segment.diffserv = static_cast<uint8_t>(out.traffic_class >> 2U);
  out.tcp_checksum = get16(p + kTcpChecksumAt);
  out.tcp_checksum_ok = checksums == Checksums::kPassOver ||
                        tcp_checksum(out.source.address, out.destination.address, tcp) == 0;
  segment.up = get16(p + 18);
  segment.text = tcp.subspan(header);
  read_options(tcp.subspan(kTcpHeader, header - kTcpHeader), out, coverage);
  return {};
}

Fault read_packet(Octets packet, Decoded& out, ClauseSet* coverage, Checksums checksums) {
  if (packet.empty()) return fault("the packet is empty");
  Octets tcp;
  Fault wrong;
  switch (packet[0] >> 4U) {
    case 4:
      wrong = read_ipv4(packet, out, tcp, coverage, checksums);
      break;
    case 6:
      wrong = read_ipv6(packet, out, tcp);
      break;
    default:
      return fault("the packet is not IP: its version is {}", packet[0] >> 4U);
  }
  return wrong ? wrong : read_tcp(tcp, out, coverage, checksums);
}

Result<Decoded> read(Octets packet, ClauseSet* coverage, Checksums checksums) {
  Result<Decoded> out;
  if (auto wrong = read_packet(packet, *out, coverage, checksums)) {
    out = tl::make_unexpected(std::move(*wrong));
  }
  return out;
}

}  // namespace

Result<Decoded> decode(Octets packet, ClauseSet* coverage) {
  return read(packet, coverage, Checksums::kVerify);
}

Result<Decoded> decode_unverified(Octets packet) {
  return read(packet, nullptr, Checksums::kPassOver);
}

Packet to_packet(const Decoded& decoded) {
  Packet out;
  out.source = decoded.source;
  out.destination = decoded.destination;
  out.segment = decoded.segment;
  const Octets options = decoded.option_octets;
  // They came in a header, so they fit into one.
  if (!options.empty()) out.options.raw(options[0], std::nullopt, options.subspan(1));
  out.malformation.checksum = Malformation::Checksum::kValue;
  out.malformation.checksum_value = decoded.tcp_checksum;
  out.malformation.reserved = decoded.reserved;
  out.ttl = decoded.ttl;
  out.traffic_class = decoded.traffic_class;
  out.ip_id = decoded.ip_id;
  return out;
}

}  // namespace synfin::wire
