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
  if (packet[24] != 0x20 || packet[29] != 1) return std::nullopt;  // 2001:db8:1::/64
  return static_cast<uint32_t>(packet[37] << 16U) | static_cast<uint32_t>(packet[38] << 8U) |
         packet[39];
}

// The TCP port that a packet from the target comes from.
inline std::optional<uint16_t> local_port(std::span<const uint8_t> packet) {
  if (packet.size() < 40) return std::nullopt;
  const bool v6 = packet[0] >> 4U == 6;
  const std::size_t header = v6 ? 40 : (packet[0] & 15U) * std::size_t{4};
  if (packet[v6 ? 6 : 9] != kTcpProtocol || packet.size() < header + 2) return std::nullopt;
  return static_cast<uint16_t>(packet[header] << 8U | packet[header + 1]);
}

inline bool is_tcp(std::span<const uint8_t> packet) {
  if (packet.size() < 40) return false;
  return packet[0] >> 4U == 4 ? packet[9] == kTcpProtocol : packet[6] == kTcpProtocol;
}

}  // namespace synfin::stack
