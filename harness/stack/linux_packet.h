// Whose a packet from the Linux stack is.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace synfin::stack {

inline constexpr uint8_t kTcpProtocol = 6;

// The number of the remote address that a packet from the target goes to, if it is TCP.
inline std::optional<uint32_t> remote_number(std::span<const uint8_t> packet) {
  if (packet.size() < 20) return std::nullopt;
  if (packet[0] >> 4U == 4) {
    if (packet[9] != kTcpProtocol || packet[16] != 10 || packet[17] < 128) return std::nullopt;
    return (packet[17] & 0x7fU) << 16U | static_cast<uint32_t>(packet[18] << 8U) | packet[19];
  }
  if (packet[0] >> 4U != 6 || packet.size() < 40 || packet[6] != kTcpProtocol) return std::nullopt;
  return static_cast<uint32_t>(packet[37] << 16U) | static_cast<uint32_t>(packet[38] << 8U) |
         packet[39];
}

inline bool is_tcp(std::span<const uint8_t> packet) {
  if (packet.size() < 40) return false;
  return packet[0] >> 4U == 4 ? packet[9] == kTcpProtocol : packet[6] == kTcpProtocol;
}

}  // namespace synfin::stack
