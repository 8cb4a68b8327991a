// The TCP of the Linux kernel that the process runs on, in network namespaces of its own.
//
// The thread that makes the stack enters the target's namespace and stays there until the stack
// goes (see harness/link/netns.h); all methods are for that thread. Other threads, and sockets
// opened before, keep the namespace they had.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/stack/stack.h"
#include "harness/wire/error.h"

namespace synfin::stack {

enum class LinuxLink : uint8_t { kVeth, kTun };

struct LinuxOptions {
  LinuxLink link = LinuxLink::kVeth;
  // Sysctls on top of those of linux_settings.h, for every namespace.
  std::vector<std::pair<std::string, std::string>> set{};
  uint32_t mtu = 1500;             // of the path, which gives the MSS; more can be injected
  std::size_t ring_frames = 8192;  // packets that can wait where a ring receives them
  unsigned blocked_calls = 256;    // how many calls may block at once; more wait for their turn
  bool virtual_time = false;       // the kernel's clock jumps over waits (uml)
};

// The error is one sentence that says what is missing and what to change.
Result<std::unique_ptr<Stack>> make_linux_stack(const LinuxOptions& options);

// Connection k of a case is with this port and the next k of its remote address.
inline constexpr uint16_t kLinuxRemotePort = 10000;

}  // namespace synfin::stack
