// The kinds of TCP options and the lengths that they may have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace synfin::wire {

// IANA's "TCP Option Kind Numbers".
enum OptionKind : uint8_t {
  kOptionEol = 0,            // RFC 9293 §3.2
  kOptionNop = 1,            // RFC 9293 §3.2
  kOptionMss = 2,            // RFC 9293 §3.2
  kOptionWindowScale = 3,    // RFC 7323 §2.2
  kOptionSackPermitted = 4,  // RFC 2018 §2
  kOptionSack = 5,           // RFC 2018 §3
  kOptionTimestamps = 8,     // RFC 7323 §3.2
  kOptionMd5 = 19,           // RFC 2385 §3
  kOptionUserTimeout = 28,   // RFC 5482 §3
  kOptionAo = 29,            // RFC 5925 §2.2
  kOptionMptcp = 30,         // RFC 8684 §3
  kOptionFastOpen = 34,      // RFC 7413 §4.1.1
  kOptionAccEcn0 = 172,      // RFC 9768 §3.2.3
  kOptionAccEcn1 = 174,      // RFC 9768 §3.2.3
  kOptionExperiment1 = 253,  // RFC 6994
  kOptionExperiment2 = 254,  // RFC 6994
};

// Whether an option of this kind may have this length octet. Of kinds that the rules do not know,
// any length is right that counts kind and length themselves (RFC 9293 §3.2, MUST-68).
bool option_length_ok(uint8_t kind, std::size_t length);

// "Maximum Segment Size" and so on; "unknown" when IANA's list has none or we don't know it.
std::string_view option_name(uint8_t kind);

}  // namespace synfin::wire
