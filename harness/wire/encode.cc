#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "harness/wire/bytes.h"
#include "harness/wire/checksum.h"
#include "harness/wire/codec.h"
#include "harness/wire/layout.h"
#include "harness/wire/names.h"

namespace synfin::wire {
namespace {

constexpr uint16_t kDontFragment = 0x4000;  // RFC 791 §3.1

// The sizes of a packet's parts.
struct Sizes {
  std::size_t ip;          // the IP header
  std::size_t tcp_header;  // with padded options, before truncation
  std::size_t tcp;         // octets of TCP that are written: what truncation leaves

  std::size_t packet() const { return ip + tcp; }
};

std::size_t padded(const OptionOctets& options) {
  return (options.octets().size() + 3) & ~std::size_t{3};
}

Sizes measure(const Packet& packet) {
  const std::size_t options = padded(packet.options);
  Sizes sizes{
      .ip = packet.source.address.v6 ? kIpv6Header : kIpv4Header + padded(packet.ip_options),
      .tcp_header = kTcpHeader + options,
      .tcp = kTcpHeader + options + packet.segment.text.size()};
  if (packet.malformation.truncate) {
    sizes.tcp = std::min<std::size_t>(sizes.tcp, *packet.malformation.truncate);
  }
  return sizes;
}

Result<void> check(const Packet& packet, const Sizes& sizes, std::size_t room) {
  if (packet.source.address.v6 != packet.destination.address.v6) {
    return fail(fmt::format("the packet's addresses {} and {} are of two families",
                            to_string(packet.source.address),
                            to_string(packet.destination.address)));
  }
  if (packet.source.address.v6 && !packet.ip_options.empty()) {
    return fail("an IPv6 header has no options: IP options go with IPv4");
  }
  if (const auto words = packet.malformation.data_offset; words && *words > 15) {
    return fail(
        fmt::format("a data offset of {} words does not fit the field: give 0 to 15", *words));
  }
  if (packet.malformation.reserved > 15) {
    return fail(fmt::format("reserved bits of {} do not fit the field: give 0 to 15",
                            packet.malformation.reserved));
  }
  if (sizes.packet() > kMaxPacket) {
    return fail(fmt::format("a packet of {} octets is longer than the {} that IP allows",
                            sizes.packet(), kMaxPacket));
  }
  if (sizes.packet() > room) {
    return fail(
        fmt::format("a packet of {} octets does not fit the buffer of {}", sizes.packet(), room));
  }
  return {};
}

void write_ipv4(const Packet& packet, const Sizes& sizes, uint16_t total_length, uint8_t* out) {
  out[0] = static_cast<uint8_t>(0x40U | sizes.ip / 4);  // version 4, and the header's words
  out[1] = packet.traffic_class;
  put16(out + 2, total_length);
  put16(out + 4, packet.ip_id);
  put16(out + 6, kDontFragment);
  out[8] = packet.ttl;
  out[9] = kProtocolTcp;
  put16(out + 10, 0);
  std::memcpy(out + 12, packet.source.address.octets.data(), 4);
  std::memcpy(out + 16, packet.destination.address.octets.data(), 4);
  const auto options = packet.ip_options.octets();
  std::fill(out + kIpv4Header, out + sizes.ip, uint8_t{0});
  if (!options.empty()) std::memcpy(out + kIpv4Header, options.data(), options.size());
  put16(out + 10, internet_checksum({out, sizes.ip}));
}

void write_ipv6(const Packet& packet, uint16_t payload_length, uint8_t* out) {
  put32(out, 0x6000'0000U | static_cast<uint32_t>(packet.traffic_class) << 20U);
  put16(out + 4, payload_length);
  out[6] = kProtocolTcp;
  out[7] = packet.ttl;
  std::memcpy(out + 8, packet.source.address.octets.data(), 16);
  std::memcpy(out + 24, packet.destination.address.octets.data(), 16);
}

// Writes all `size` octets of the header, the checksum as zero.
void write_tcp_header(const Packet& packet, std::size_t size, uint8_t* out) {
  const Segment& segment = packet.segment;
  const Malformation& wrong = packet.malformation;
  put16(out, packet.source.port);
  put16(out + 2, packet.destination.port);
  put32(out + 4, segment.seq.value());
  put32(out + 8, segment.ack.value());
  const auto words = wrong.data_offset.value_or(static_cast<uint8_t>(size / 4));
  out[12] = static_cast<uint8_t>(words << 4U | wrong.reserved);
  out[13] = segment.flags.bits;
  put16(out + 14, segment.wnd);
  put16(out + kTcpChecksumAt, 0);
  put16(out + 18, segment.up);
  const auto options = packet.options.octets();
  if (!options.empty()) std::memcpy(out + kTcpHeader, options.data(), options.size());
  std::fill(out + kTcpHeader + options.size(), out + size, uint8_t{0});
}

void write_tcp(const Packet& packet, const Sizes& sizes, uint8_t* out) {
  if (sizes.tcp < sizes.tcp_header) {
    std::array<uint8_t, kTcpHeader + OptionOctets::kCapacity> header;
    write_tcp_header(packet, sizes.tcp_header, header.data());
    std::memcpy(out, header.data(), sizes.tcp);
    return;
  }
  write_tcp_header(packet, sizes.tcp_header, out);
  const std::size_t text = sizes.tcp - sizes.tcp_header;
  if (text > 0) std::memcpy(out + sizes.tcp_header, packet.segment.text.data(), text);
}

// The octets of TCP that a receiver sees when it believes the IP length; see encode().
std::size_t believed(const Packet& packet, const Sizes& sizes) {
  if (!packet.malformation.ip_length) return sizes.tcp;
  const std::size_t claimed = *packet.malformation.ip_length;
  const std::size_t before = packet.source.address.v6 ? 0 : sizes.ip;
  // Where the claim cuts off the checksum itself, there is none to verify.
  if (claimed < before + kTcpChecksumAt + 2) return sizes.tcp;
  return std::min(sizes.tcp, claimed - before);
}

uint16_t make_checksum(const Packet& packet, std::span<const uint8_t> tcp) {
  const Malformation& wrong = packet.malformation;
  if (wrong.checksum == Malformation::Checksum::kZero) return 0;
  if (wrong.checksum == Malformation::Checksum::kValue) return wrong.checksum_value;
  const uint16_t good = tcp_checksum(packet.source.address, packet.destination.address, tcp);
  if (wrong.checksum == Malformation::Checksum::kGood) return good;
  // Two values verify alike only when they are equal modulo 65535, and these never are. Zero is
  // left out because a stack might take it for "no checksum", as in UDP.
  const auto bad = static_cast<uint16_t>(good ^ 0x5555U);
  return bad != 0 ? bad : 0xAAAA;
}

}  // namespace

Result<std::size_t> encode(const Packet& packet, std::span<uint8_t> out) {
  const Sizes sizes = measure(packet);
  if (auto checked = check(packet, sizes, out.size()); !checked) {
    return tl::make_unexpected(std::move(checked.error()));
  }
  const Malformation& wrong = packet.malformation;
  uint8_t* tcp = out.data() + sizes.ip;
  if (packet.source.address.v6) {
    write_ipv6(packet, wrong.ip_length.value_or(static_cast<uint16_t>(sizes.tcp)), out.data());
  } else {
    const auto total = wrong.ip_length.value_or(static_cast<uint16_t>(sizes.packet()));
    write_ipv4(packet, sizes, total, out.data());
  }
  write_tcp(packet, sizes, tcp);
  if (sizes.tcp >= kTcpChecksumAt + 2) {
    put16(tcp + kTcpChecksumAt, make_checksum(packet, {tcp, believed(packet, sizes)}));
  }
  return sizes.packet();
}

}  // namespace synfin::wire
