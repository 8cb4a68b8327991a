// Names of the numbers in IP headers.
#pragma once

#include <cstdint>
#include <string_view>

namespace synfin::wire {

inline constexpr uint8_t kProtocolTcp = 6;

// IANA's name of a protocol or next header that is likely beside TCP; else "unknown".
std::string_view protocol_name(uint8_t protocol);

// Whether it is an IPv6 extension header (RFC 8200 §4, IANA "IPv6 Extension Header Types").
bool is_extension_header(uint8_t next_header);

}  // namespace synfin::wire
