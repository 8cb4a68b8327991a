// What recvmsg() brought beside octets.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/play/player.h"
#include "harness/script/flat.h"

namespace synfin::play {

// Appends what in `data`, written as LinuxCalls has it (flags, then the control messages), is not
// as `wanted` says. Time stamps are counted from `started` and compared within `tolerance`.
void check_message(const script::MessageSpec& wanted, std::span<const uint8_t> data, Time started,
                   Duration tolerance, std::vector<Difference>& differences);

}  // namespace synfin::play
