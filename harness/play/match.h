// Whether a packet is the one that a program expects.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/play/player.h"
#include "harness/play/resolve.h"
#include "harness/script/flat.h"
#include "harness/wire/codec.h"

namespace synfin::play {

// What the octets of a stack's text are compared with where the program does not give them.
enum class TextCheck : uint8_t {
  kPattern,  // the octets that the harness makes up
  kNone,     // the program wrote octets of its own: only those that an expectation gives
};

// Appends each field that is not as `spec` has it. Checksums, reserved bits, addresses and the form
// of the options are looked at whatever the spec says. PSH is not compared. Options may stand in
// any order with any padding; one that the spec does not name is one too many.
void match(const script::SegmentSpec& spec, const wire::Decoded& packet, Connection& own,
           const Names& names, TextCheck text, std::vector<Difference>& differences);

// The numbers that a segment is to have, by the same rules.
WantedNumbers wanted_numbers(const script::SegmentSpec& spec, const Names& names);

}  // namespace synfin::play
