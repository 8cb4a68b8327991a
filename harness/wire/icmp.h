// ICMP errors about TCP segments (RFC 792, RFC 4443): which segment, and how bad.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "engine/rules.h"
#include "engine/seq.h"
#include "harness/wire/address.h"

namespace synfin::wire {

struct IcmpNotice {
  IcmpError error = IcmpError::kSoft;
  FourTuple about;  // seen from the stack that had sent the quoted segment
  Seq seq;          // of the quoted segment
};

// Reads an IP packet. Absent when it is no ICMP error that quotes the head of a TCP segment.
std::optional<IcmpNotice> decode_icmp(std::span<const uint8_t> packet);

}  // namespace synfin::wire
