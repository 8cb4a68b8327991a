// Starting a kernel's process: nothing random from the host, nothing left behind.
#pragma once

#include <sys/types.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "harness/wire/error.h"

namespace synfin::kernel {

struct Confinement {
  std::array<int, 3> descriptors{};  // its log (1 and 2) and its consoles (3 and 4)
  // The kernel cannot take this machine's registers whole: it is to keep those of x87 and SSE
  // alone. It switches programs where they call it, and what vector registers hold there is lost by
  // the rules of the ABI anyway.
  bool without_xstate = false;
};

// Whether that is so: before 6.13 it has room for 2696 octets (HOST_FP_SIZE), and a machine with
// AMX has 11008.
bool needs_no_xstate(std::string_view version);

// The kernel's process, in a session and process group of its own, whose number is its own.
// It dies with this process.
Result<pid_t> start_confined(const std::vector<std::string>& command,
                             const Confinement& confinement);

}  // namespace synfin::kernel
