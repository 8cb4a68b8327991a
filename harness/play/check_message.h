// What recvmsg() brought beside octets.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/play/player.h"
#include "harness/script/flat.h"

namespace synfin::play {

// Counted from the start of the program.
struct MessageTimes {
  Duration now{0};  // when the call returned
  Duration tolerance{0};
  Duration slipped{0};  // so much later than meant the program was played
};

// Appends what in `data`, written as LinuxCalls has it (flags, then the control messages), is not
// as `wanted` says. A time stamp tells how long ago it was when the call returned.
void check_message(const script::MessageSpec& wanted, std::span<const uint8_t> data,
                   const MessageTimes& times, std::vector<Difference>& differences);

}  // namespace synfin::play
