// The Internet checksum (RFC 1071) and the TCP pseudo-header (RFC 9293 §3.1, RFC 8200 §8.1).
#pragma once

#include <cstdint>
#include <span>

#include "harness/wire/address.h"

namespace synfin::wire {

// A one's complement sum under way, in the machine's octet order: RFC 1071 §2 (B) allows that, and
// summing 64 bits at a time with end-around carry gives the same 16 bits in the end.
//
// Each piece that is added must begin at an even place of the whole; only the last may be odd.
class ChecksumSum {
 public:
  void add(std::span<const uint8_t> octets);
  // Its 4 octets, or 16.
  void add(const Address& address);
  // A 16-bit number in host order.
  void add16(uint16_t value);
  // The checksum as a number in host order: the complement of the sum. Over octets that hold their
  // own checksum it is 0 when that is right.
  uint16_t checksum() const;

 private:
  void add_word(uint64_t word) {
    sum_ += word;
    sum_ += sum_ < word ? 1U : 0U;
  }

  uint64_t sum_ = 0;
};

// The checksum of the octets, as of an IPv4 header.
uint16_t internet_checksum(std::span<const uint8_t> octets);

// The checksum over the pseudo-header and the octets of TCP, the checksum field included: to make
// one, set the field to zero before; to test one, compare the result with 0.
uint16_t tcp_checksum(const Address& source, const Address& destination,
                      std::span<const uint8_t> tcp);

}  // namespace synfin::wire
