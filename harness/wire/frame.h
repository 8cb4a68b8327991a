// Ethernet frames around IP packets (IEEE 802.3 §3, RFC 894, RFC 2464), and the answers that keep
// a neighbour cache content.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/wire/address.h"
#include "harness/wire/error.h"
#include "harness/wire/packet.h"

namespace synfin::wire {

struct MacAddress {
  std::array<uint8_t, 6> octets{};
  friend constexpr auto operator<=>(const MacAddress&, const MacAddress&) = default;
};

// "02:00:00:00:00:01".
std::string to_string(const MacAddress& address);

inline constexpr uint16_t kEtherIpv4 = 0x0800;
inline constexpr uint16_t kEtherArp = 0x0806;
inline constexpr uint16_t kEtherIpv6 = 0x86DD;
inline constexpr std::size_t kEthernetHeader = 14;

struct EthernetHeader {
  MacAddress destination;
  MacAddress source;
  uint16_t type = kEtherIpv4;
  friend constexpr bool operator==(const EthernetHeader&, const EthernetHeader&) = default;
};

// Writes the 14 octets before the packet; an error when `out` has no room for them.
Result<std::size_t> write_ethernet(const EthernetHeader& header, std::span<uint8_t> out);

// A frame that was received. The packet may be followed by padding; decode() leaves that out.
struct Frame {
  EthernetHeader header;
  std::span<const uint8_t> packet;
};

Result<Frame> read_ethernet(std::span<const uint8_t> frame);

// encode() with an Ethernet header of the packet's own IP version before it. No allocation.
Result<std::size_t> encode_frame(const MacAddress& source, const MacAddress& destination,
                                 const Packet& packet, std::span<uint8_t> out);

// Who asks for the link address of which IP address.
struct NeighborQuestion {
  Address wanted;
  Address asker;
  MacAddress asker_mac;
};

// The question in an ARP request (RFC 826) or Neighbor Solicitation (RFC 4861 §4.3). Nothing when
// the frame asks none, is malformed, or only makes sure that its own address is free (RFC 5227
// §2.1, RFC 4862 §5.4): to answer that would take the address away.
std::optional<NeighborQuestion> neighbor_question(std::span<const uint8_t> frame);

// The frame that says that `mac` has the wanted address.
Result<std::vector<uint8_t>> neighbor_answer(const NeighborQuestion& question,
                                             const MacAddress& mac);

}  // namespace synfin::wire
