// synfin fuzz --kernel: what panics the kernel is a finding, after which the search goes on.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "harness/cli/common.h"
#include "harness/explore/explore.h"
#include "harness/proto/program.pb.h"

namespace synfin::cli {

// Does `command` as in_kernel() does it. After a panic the program that was under way is kept in
// `out`, with the kernel's log beside it, and the kernel is booted again with the next seed for
// what is left of the time. Returns the exit code of all boots together.
int fuzz_in_kernel(const StackChoice& choice, const std::string& out, const std::string& corpus,
                   std::chrono::seconds for_so_long, const std::function<int()>& command);

// Leaves the program outside, for the case that the kernel panics in it.
void note_program(const proto::Program& program);

// The programs that panicked a kernel, as `out` holds them.
std::vector<proto::Program> panics_in(const std::string& out);

// Programs that are kept for later runs and for others that run now: a folder of octets.
class CorpusFolder {
 public:
  explicit CorpusFolder(std::string folder) : folder_(std::move(folder)) {}
  // An error where it cannot be written.
  Result<void> keep(const proto::Program& program) const;
  std::vector<proto::Program> all() const;

 private:
  std::string folder_;
};

}  // namespace synfin::cli
