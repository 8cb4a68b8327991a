// Steps that inject, as packets.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/play/resolve.h"
#include "harness/script/flat.h"
#include "harness/wire/error.h"
#include "harness/wire/packet.h"

namespace synfin::play {

// Fills `packet` from the specification; its text stands in `text`. An error names the number that
// has no value yet, or what the options lack room for.
Result<void> build(const script::SegmentSpec& spec, const Names& names, std::vector<uint8_t>& text,
                   wire::Packet& packet);

// Writes the ICMP message, which quotes a segment of the stack, to `out` and returns its size.
Result<std::size_t> build_icmp(const script::IcmpSpec& spec, const Names& names,
                               std::span<uint8_t> out);

// The two ECN bits (RFC 3168 §5) that a specification names; nullopt when it names none or more.
std::optional<uint8_t> ecn_bits(uint8_t spec);

}  // namespace synfin::play
