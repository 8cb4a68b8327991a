// Segments to IP packets and back (RFC 9293 §3.1, RFC 791, RFC 8200). Own code because libtins
// can neither write a wrong data offset or checksum nor read most malformed options.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/clause.h"
#include "harness/wire/error.h"
#include "harness/wire/packet.h"

namespace synfin::wire {

// The most octets encode() may write.
inline constexpr std::size_t kMaxPacket = 65535;

// Writes the IP packet and returns its size; an error when `out` is too small, the addresses are of
// two families, or a malformation asks for what its field cannot hold. No allocation.
//
// What the malformations mean together:
// - The data offset is only a claim: the option octets are written whatever it says.
// - Truncation cuts header and text; the IP length (unless given) and the checksum are those of
//   what remains. Where less than 18 octets remain, there is no room for a checksum.
// - A good checksum is one that verifies at a receiver that believes the IP length: under a claim
//   shorter than the packet it covers only the octets that remain then (RFC 9293 §3.1). Under a
//   claim that no receiver can follow up to the checksum, it covers what there is.
// - A zero or given checksum may be the good one by chance; a bad one never is, and never zero.
Result<std::size_t> encode(const Packet& packet, std::span<uint8_t> out);

// A received packet. Spans point into the octets that were decoded.
struct Decoded {
  Endpoint source;
  Endpoint destination;
  Segment segment;                         // options: those well-formed ones that the rules know
  std::span<const uint8_t> option_octets;  // all of them, as they came
  // Every length octet fits the header and, of the options that the rules know, the kind (MUST-68).
  bool options_well_formed = true;
  bool options_repeated = false;    // one of them stands twice
  bool options_zero_padded = true;  // nothing but zeros after an EOL (MUST-69)
  bool tcp_checksum_ok = true;
  bool ip_checksum_ok = true;  // true for IPv6
  uint16_t tcp_checksum = 0;
  uint8_t data_offset = 5;  // words
  uint8_t reserved = 0;     // four bits
  uint8_t ttl = 0;
  uint8_t traffic_class = 0;
  uint16_t ip_id = 0;
  bool dont_fragment = false;
};

// How far before the end of the header the first option stands whose length octet does not fit
// there, or is not that of its kind where the kind authenticates (RFC 2385); 0: there is none.
std::size_t room_of_illegal_option(std::span<const uint8_t> option_octets);

// Reads an IP packet that carries TCP. An error says what does not fit: not IP, not TCP, a
// fragment, a header longer than the packet. A wrong checksum is no error; it is reported. Octets
// after the IP length (Ethernet pads short frames) do not belong to the packet. IPv6 extension
// headers are an error. Where an option occurs more than once, the last one counts. No allocation,
// except for the sentence of an error.
//
// `coverage` (may be null): the rules of parsing that this packet needs (engine/clause.h).
Result<Decoded> decode(std::span<const uint8_t> packet, ClauseSet* coverage = nullptr);
// The same, but the checksums are not looked at and told to be right.
Result<Decoded> decode_unverified(std::span<const uint8_t> packet);

// The packet that encode() turns into the same octets again, the TCP checksum included. Not kept
// are IPv4 options, a clear DF bit, an IPv4 checksum that does not verify, and the IPv6 flow label.
// The text is still that of the octets that were decoded.
Packet to_packet(const Decoded& decoded);

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
