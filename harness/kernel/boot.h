// Booting a kernel for one job: this program, run inside.
//
// The kernel is an ordinary process of an ordinary user. Its root is the host's, read-only; its
// network is its own; its clock starts at the same time always and jumps over waits. It gets no
// randomness from the host, so that one seed gives one run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "harness/kernel/cache.h"
#include "harness/kernel/job.h"
#include "harness/wire/error.h"

namespace synfin::kernel {

struct BootOptions {
  Job job;
  uint64_t seed = 1;       // of all that is random inside
  unsigned memory_mb = 0;  // 0: as suits the kernel
};

struct BootResult {
  // Of the program inside. Nothing is meant by it after a panic.
  int exit_code = 0;
  // The kernel came to an end of its own; `log` says why.
  bool panicked = false;
  // What the kernel said: the last of it.
  std::string log;
  // What the program inside noted last: see board.h.
  std::string note;
};

// Boots, hands on what the program inside writes, and waits for its end. `go_on` is asked some
// times a second; false ends the kernel. However this process ends, the kernel ends with it. The
// error is one of set-up: the program inside never ran.
Result<BootResult> boot(const Kernel& kernel, const BootOptions& options,
                        const std::function<bool()>& go_on);

// What the kernel's log says of a panic: from its first bad line on, without the times.
std::string reason_of_panic(const std::string& log);

}  // namespace synfin::kernel
