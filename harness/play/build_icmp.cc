// ICMP errors (RFC 792, RFC 4443) about a segment of the stack. libtins would allocate, and it
// cannot quote a packet as it stood.
#include <algorithm>
#include <array>
#include <cstring>

#include "harness/play/build.h"
#include "harness/wire/bytes.h"
#include "harness/wire/checksum.h"
#include "harness/wire/codec.h"

namespace synfin::play {
namespace {

using wire::put16;
using wire::put32;

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kIcmpHeader = 8;
constexpr uint8_t kIcmp = 1;
constexpr uint8_t kIcmpv6 = 58;

// The stack's segment that the message is about: header and text that the peer never got.
Result<std::size_t> quote(const script::IcmpSpec& spec, const Names& names,
                          std::span<uint8_t> out) {
  wire::Packet packet;
  packet.source = names.own.tuple.local;
  packet.destination = names.own.tuple.remote;
  packet.segment.flags = Flags(kAck);
  packet.segment.seq = Seq(names.own.iss());
  if (spec.seq) {
    const auto seq = resolve(*spec.seq, names.own.iss(), names);
    if (!seq) return fail("the segment that the ICMP message quotes has no number yet");
    packet.segment.seq = Seq(*seq);
  }
  if (packet.segment.seq.value() == names.own.iss()) packet.segment.flags = Flags(kSyn);
  packet.segment.ack = Seq(names.own.peer_isn() + 1);
  std::array<uint8_t, 512> text{};
  packet.segment.text = std::span(text).first(std::min<std::size_t>(spec.length, text.size()));
  return wire::encode(packet, out);
}

void write_ipv4(std::span<uint8_t> out, const wire::FourTuple& tuple) {
  out[0] = 0x45;
  put16(&out[2], static_cast<uint16_t>(out.size()));
  out[8] = 64;
  out[9] = kIcmp;
  std::memcpy(&out[12], tuple.remote.address.octets.data(), 4);
  std::memcpy(&out[16], tuple.local.address.octets.data(), 4);
  put16(&out[10], wire::internet_checksum(out.first(kIpv4Header)));
  const auto message = out.subspan(kIpv4Header);
  put16(&message[2], wire::internet_checksum(message));
}

void write_ipv6(std::span<uint8_t> out, const wire::FourTuple& tuple) {
  const auto message = out.subspan(kIpv6Header);
  out[0] = 0x60;
  put16(&out[4], static_cast<uint16_t>(message.size()));
  out[6] = kIcmpv6;
  out[7] = 64;
  std::memcpy(&out[8], tuple.remote.address.octets.data(), 16);
  std::memcpy(&out[24], tuple.local.address.octets.data(), 16);
  // RFC 4443 §2.3: the checksum covers a pseudo-header, RFC 8200 §8.1.
  std::array<uint8_t, 8> tail{};
  put32(&tail[0], static_cast<uint32_t>(message.size()));
  tail[7] = kIcmpv6;
  wire::ChecksumSum sum;
  sum.add(out.subspan(8, 32));
  sum.add(tail);
  sum.add(message);
  put16(&message[2], sum.checksum());
}

}  // namespace

Result<std::size_t> build_icmp(const script::IcmpSpec& spec, const Names& names,
                               std::span<uint8_t> out) {
  const bool v6 = names.own.tuple.local.address.v6;
  const auto& code = v6 ? spec.v6 : spec.v4;
  if (!code) return fail("this ICMP message does not exist in this version of IP");
  const std::size_t ip = v6 ? kIpv6Header : kIpv4Header;
  if (out.size() < 2048) return fail("no room for the ICMP message");
  std::fill(out.begin(), out.begin() + 2048, uint8_t{0});
  auto quoted = quote(spec, names, out.subspan(ip + kIcmpHeader, 1024));
  if (!quoted) return quoted;
  const auto packet = out.first(ip + kIcmpHeader + *quoted);
  const auto message = packet.subspan(ip);
  message[0] = code->type;
  message[1] = code->code;
  // RFC 1191 §4 has 16 bits of MTU in the second half; RFC 4443 §3.2 all 32.
  if (spec.mtu) {
    if (v6) {
      put32(&message[4], *spec.mtu);
    } else {
      put16(&message[6], static_cast<uint16_t>(*spec.mtu));
    }
  }
  if (v6) {
    write_ipv6(packet, names.own.tuple);
  } else {
    write_ipv4(packet, names.own.tuple);
  }
  return packet.size();
}

}  // namespace synfin::play
