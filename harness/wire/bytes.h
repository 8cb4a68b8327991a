// Numbers in network order (RFC 1700), read and written octet by octet at any alignment.
#pragma once

#include <cstdint>

namespace synfin::wire {

constexpr uint16_t get16(const uint8_t* p) { return static_cast<uint16_t>(p[0] << 8U | p[1]); }

constexpr uint32_t get32(const uint8_t* p) {
  return static_cast<uint32_t>(p[0]) << 24U | static_cast<uint32_t>(p[1]) << 16U |
         static_cast<uint32_t>(p[2]) << 8U | p[3];
}

constexpr void put16(uint8_t* p, uint16_t value) {
  p[0] = static_cast<uint8_t>(value >> 8U);
  p[1] = static_cast<uint8_t>(value);
}

constexpr void put32(uint8_t* p, uint32_t value) {
  p[0] = static_cast<uint8_t>(value >> 24U);
  p[1] = static_cast<uint8_t>(value >> 16U);
  p[2] = static_cast<uint8_t>(value >> 8U);
  p[3] = static_cast<uint8_t>(value);
}

}  // namespace synfin::wire
