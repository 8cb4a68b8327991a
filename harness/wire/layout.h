// Where things are in the headers of IP and TCP.
#pragma once

#include <cstddef>

namespace synfin::wire {

inline constexpr std::size_t kIpv4Header = 20;     // without options (RFC 791 §3.1)
inline constexpr std::size_t kIpv6Header = 40;     // RFC 8200 §3
inline constexpr std::size_t kTcpHeader = 20;      // without options (RFC 9293 §3.1)
inline constexpr std::size_t kTcpChecksumAt = 16;  // the octet of TCP at which the checksum begins

}  // namespace synfin::wire
