#include "harness/wire/checksum.h"

#include <bit>
#include <cstddef>
#include <cstring>

#include "harness/wire/names.h"

namespace synfin::wire {
namespace {

constexpr uint16_t swap16(uint16_t value) {
  return static_cast<uint16_t>(value << 8U | value >> 8U);
}

// Between the machine's order and network order.
constexpr uint16_t network16(uint16_t value) {
  return std::endian::native == std::endian::little ? swap16(value) : value;
}

template <typename Word>
Word word_at(const uint8_t* octets) {
  Word word;
  std::memcpy(&word, octets, sizeof word);
  return word;
}

}  // namespace

void ChecksumSum::add(std::span<const uint8_t> octets) {
  const uint8_t* p = octets.data();
  std::size_t left = octets.size();
  // Two sums, each with its own carry, that do not wait for one another.
  uint64_t even = 0;
  uint64_t odd = 0;
  for (; left >= 16; left -= 16, p += 16) {
    const auto first = word_at<uint64_t>(p);
    const auto second = word_at<uint64_t>(p + 8);
    even += first;
    even += even < first ? 1U : 0U;
    odd += second;
    odd += odd < second ? 1U : 0U;
  }
  add_word(even);
  add_word(odd);
  if (left >= 8) {
    add_word(word_at<uint64_t>(p));
    p += 8;
    left -= 8;
  }
  if (left >= 4) {
    add_word(word_at<uint32_t>(p));
    p += 4;
    left -= 4;
  }
  if (left >= 2) {
    add_word(word_at<uint16_t>(p));
    p += 2;
    left -= 2;
  }
  // RFC 1071 §1: an odd octet counts as if a zero followed.
  if (left == 1) add16(static_cast<uint16_t>(*p << 8U));
}

void ChecksumSum::add(const Address& address) {
  const uint8_t* octets = address.octets.data();
  if (!address.v6) return add_word(word_at<uint32_t>(octets));
  add_word(word_at<uint64_t>(octets));
  add_word(word_at<uint64_t>(octets + 8));
}

void ChecksumSum::add16(uint16_t value) { add_word(network16(value)); }

uint16_t ChecksumSum::checksum() const {
  uint64_t sum = (sum_ >> 32U) + (sum_ & 0xFFFF'FFFFU);
  sum = (sum >> 32U) + (sum & 0xFFFF'FFFFU);
  sum = (sum >> 16U) + (sum & 0xFFFFU);
  sum = (sum >> 16U) + (sum & 0xFFFFU);
  return network16(static_cast<uint16_t>(~sum));
}

uint16_t internet_checksum(std::span<const uint8_t> octets) {
  ChecksumSum sum;
  sum.add(octets);
  return sum.checksum();
}

uint16_t tcp_checksum(const Address& source, const Address& destination,
                      std::span<const uint8_t> tcp) {
  ChecksumSum sum;
  sum.add(source);
  sum.add(destination);
  // The upper half of the 32-bit length of RFC 8200 §8.1 is zero: an IP packet has at most 65535.
  sum.add16(static_cast<uint16_t>(tcp.size()));
  sum.add16(kProtocolTcp);
  sum.add(tcp);
  return sum.checksum();
}

}  // namespace synfin::wire
