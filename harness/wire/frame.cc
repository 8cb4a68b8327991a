#include "harness/wire/frame.h"

#include <fmt/format.h>
#include <tins/arp.h>
#include <tins/ethernetII.h>
#include <tins/exceptions.h>
#include <tins/icmpv6.h>
#include <tins/ipv6.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "harness/wire/bytes.h"
#include "harness/wire/codec.h"

namespace synfin::wire {
namespace {

// RFC 4861 §7.1.1: a message that crossed a router has another one and is not to be answered.
constexpr uint8_t kNeighborHopLimit = 255;

Address from_tins(const Tins::IPv4Address& address) {
  Address out;
  const uint32_t value = address;  // in network order
  const auto* p = reinterpret_cast<const uint8_t*>(&value);
  std::copy(p, p + 4, out.octets.begin());
  return out;
}

Address from_tins(const Tins::IPv6Address& address) {
  Address out{.v6 = true};
  std::copy(address.begin(), address.end(), out.octets.begin());
  return out;
}

MacAddress from_tins(const Tins::HWAddress<6>& address) {
  MacAddress out;
  std::copy(address.begin(), address.end(), out.octets.begin());
  return out;
}

Tins::HWAddress<6> to_tins(const MacAddress& address) {
  return Tins::HWAddress<6>(address.octets.data());
}

bool unspecified(const Address& address) { return address.octets == Address{}.octets; }

std::optional<NeighborQuestion> question_in(const Tins::EthernetII& frame) {
  NeighborQuestion out;
  if (const auto* arp = frame.find_pdu<Tins::ARP>()) {
    if (arp->opcode() != Tins::ARP::REQUEST) return std::nullopt;
    out = {from_tins(arp->target_ip_addr()), from_tins(arp->sender_ip_addr()),
           from_tins(arp->sender_hw_addr())};
  } else {
    const auto* ip = frame.find_pdu<Tins::IPv6>();
    const auto* icmp = frame.find_pdu<Tins::ICMPv6>();
    if (ip == nullptr || icmp == nullptr || ip->hop_limit() != kNeighborHopLimit ||
        icmp->type() != Tins::ICMPv6::NEIGHBOUR_SOLICIT) {
      return std::nullopt;
    }
    out = {from_tins(icmp->target_addr()), from_tins(ip->src_addr()), from_tins(frame.src_addr())};
  }
  // A gratuitous ARP asks for the sender's own address.
  if (unspecified(out.asker) || out.asker == out.wanted) return std::nullopt;
  return out;
}

Tins::EthernetII arp_answer(const NeighborQuestion& question, const MacAddress& mac) {
  return Tins::ARP::make_arp_reply(to_string(question.asker), to_string(question.wanted),
                                   to_tins(question.asker_mac), to_tins(mac));
}

// RFC 4861 §4.4 and §7.2.4.
Tins::EthernetII advertisement(const NeighborQuestion& question, const MacAddress& mac) {
  Tins::ICMPv6 icmp(Tins::ICMPv6::NEIGHBOUR_ADVERT);
  icmp.target_addr(to_string(question.wanted));
  icmp.solicited(1);
  icmp.override(1);
  icmp.target_link_layer_addr(to_tins(mac));
  Tins::IPv6 ip(to_string(question.asker), to_string(question.wanted));
  ip.hop_limit(kNeighborHopLimit);
  return Tins::EthernetII(to_tins(question.asker_mac), to_tins(mac)) / ip / icmp;
}

}  // namespace

std::string to_string(const MacAddress& address) {
  return fmt::format("{:02x}", fmt::join(address.octets, ":"));
}

Result<std::size_t> write_ethernet(const EthernetHeader& header, std::span<uint8_t> out) {
  if (out.size() < kEthernetHeader) {
    return fail(fmt::format("an Ethernet header of {} octets does not fit the buffer of {}",
                            kEthernetHeader, out.size()));
  }
  auto* p =
      std::copy(header.destination.octets.begin(), header.destination.octets.end(), out.data());
  p = std::copy(header.source.octets.begin(), header.source.octets.end(), p);
  put16(p, header.type);
  return kEthernetHeader;
}

Result<Frame> read_ethernet(std::span<const uint8_t> frame) {
  if (frame.size() < kEthernetHeader) {
    return fail(fmt::format("the frame has {} octets; an Ethernet header needs {}", frame.size(),
                            kEthernetHeader));
  }
  Frame out;
  std::copy_n(frame.data(), 6, out.header.destination.octets.begin());
  std::copy_n(frame.data() + 6, 6, out.header.source.octets.begin());
  out.header.type = get16(frame.data() + 12);
  out.packet = frame.subspan(kEthernetHeader);
  return out;
}

Result<std::size_t> encode_frame(const MacAddress& source, const MacAddress& destination,
                                 const Packet& packet, std::span<uint8_t> out) {
  const EthernetHeader header{destination, source,
                              packet.source.address.v6 ? kEtherIpv6 : kEtherIpv4};
  auto written = write_ethernet(header, out);
  if (!written) return written;
  auto size = encode(packet, out.subspan(kEthernetHeader));
  if (size) *size += kEthernetHeader;
  return size;
}

std::optional<NeighborQuestion> neighbor_question(std::span<const uint8_t> frame) {
  if (frame.empty()) return std::nullopt;
  try {
    return question_in(Tins::EthernetII(frame.data(), static_cast<uint32_t>(frame.size())));
  } catch (const std::exception&) {
    return std::nullopt;  // libtins' way to say that the frame is malformed
  }
}

Result<std::vector<uint8_t>> neighbor_answer(const NeighborQuestion& question,
                                             const MacAddress& mac) {
  try {
    auto frame = question.wanted.v6 ? advertisement(question, mac) : arp_answer(question, mac);
    return frame.serialize();
  } catch (const std::exception& error) {
    return fail(
        fmt::format("no answer can be made for {}: {}", to_string(question.wanted), error.what()));
  }
}

}  // namespace synfin::wire
