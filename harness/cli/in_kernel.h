// --kernel: a command on another kernel than this machine's, in virtual time.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "harness/cli/common.h"
#include "harness/kernel/boot.h"
#include "harness/kernel/cache.h"
#include "harness/wire/error.h"

namespace synfin::cli {

// The cases that are under way, as a note that outlives a panic of the kernel inside which they
// are.
class UnderWay {
 public:
  void begins(const std::string& id);
  void ends(const std::string& id);

 private:
  std::set<std::string> ids_;
};

// What main() was given; in_kernel() gives the same to the program inside. It has to live as long.
void remember_arguments(int argc, const char* const* argv);

// Does `command` where the choice names no other kernel or this is inside of it, and else `outside`
// with the kernel that --kernel names, which boots it. Returns the exit code; an error is told.
int here_or_outside(const StackChoice& choice, const std::function<int()>& command,
                    const std::function<Result<int>(const kernel::Kernel&)>& outside);

// Does `command` where the choice says: here, or by this program inside the kernel that --kernel
// names. There the root is read-only but for the folders that `outputs`, files to be written, are
// in; "-" and "" count for nothing. Returns the exit code; a panic is a finding.
int in_kernel(const StackChoice& choice, const std::vector<std::string>& outputs,
              const std::function<int()>& command);

// One boot of it for this program with `more` arguments than main() was given.
Result<kernel::BootResult> boot_for(const StackChoice& choice, const kernel::Kernel& kernel,
                                    const std::vector<std::string>& outputs,
                                    const std::vector<std::string>& more);
}  // namespace synfin::cli
