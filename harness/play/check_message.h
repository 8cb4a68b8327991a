// What recvmsg() brought beside octets.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/play/player.h"
#include "harness/script/flat.h"

namespace synfin::play {

// Appends what in `data`, written as LinuxCalls has it (flags, then the control messages), is not
// as `wanted` says. A time stamp, which tells how long ago it was when the call returned at `now`,
// is compared within `tolerance`; both count from the start of the program.
void check_message(const script::MessageSpec& wanted, std::span<const uint8_t> data, Duration now,
                   Duration tolerance, std::vector<Difference>& differences);

}  // namespace synfin::play
