// Segments to IP packets and back (RFC 9293 §3.1, RFC 791, RFC 8200). Own code because libtins
// can neither write a wrong data offset or checksum nor read most malformed options.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "harness/wire/error.h"
#include "harness/wire/packet.h"

namespace synfin::wire {

// The most octets encode() may write.
inline constexpr std::size_t kMaxPacket = 65535;

// Writes the IP packet and returns its size; an error when `out` is too small or the addresses
// are of two families. No allocation.
Result<std::size_t> encode(const Packet& packet, std::span<uint8_t> out);

// A received packet. Spans point into the octets that were decoded.
struct Decoded {
  Endpoint source;
  Endpoint destination;
  Segment segment;                       // options: those well-formed ones that the rules know
  std::span<const uint8_t> option_octets;  // all of them, as they came
  bool options_well_formed = true;       // every length fits (RFC 9293 §3.1, MUST-68, MUST-69)
  bool tcp_checksum_ok = true;
  bool ip_checksum_ok = true;            // true for IPv6
  uint16_t tcp_checksum = 0;
  uint8_t data_offset = 5;               // words
  uint8_t reserved = 0;                  // four bits
  uint8_t ttl = 0;
  uint8_t traffic_class = 0;
  uint16_t ip_id = 0;
  bool dont_fragment = false;
};

// Reads an IP packet that carries TCP. An error says what does not fit: not IP, not TCP, a
// fragment, a header longer than the packet. A wrong checksum is no error; it is reported.
Result<Decoded> decode(std::span<const uint8_t> packet);

// Walks option octets. Calls visit(kind, octets including kind and length) for each well-formed
// option; returns false when it meets one that is not.
template <typename Visit>
bool for_each_option(std::span<const uint8_t> octets, Visit&& visit) {
  std::size_t i = 0;
  while (i < octets.size()) {
    const uint8_t kind = octets[i];
    if (kind == 0) {
      visit(kind, octets.subspan(i, 1));
      return true;
    }
    if (kind == 1) {
      visit(kind, octets.subspan(i, 1));
      ++i;
      continue;
    }
    if (i + 1 >= octets.size()) return false;
    const std::size_t length = octets[i + 1];
    if (length < 2 || i + length > octets.size()) return false;
    visit(kind, octets.subspan(i, length));
    i += length;
  }
  return true;
}

}  // namespace synfin::wire
