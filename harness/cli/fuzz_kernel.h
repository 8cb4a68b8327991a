// synfin fuzz --kernel: what panics the kernel is a finding, after which the search goes on.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/cli/common.h"
#include "harness/explore/explore.h"
#include "harness/proto/program.pb.h"

namespace synfin::cli {

struct KernelFuzz {
  std::string out;
  std::string corpus;
  std::chrono::seconds for_so_long;
  std::size_t instances = 1;  // kernels at once, which share both folders
};

// Does `command` as in_kernel() does it. After a panic the program that was under way is kept in
// `out`, with the kernel's log beside it, and the kernel is booted again with the next seed for
// what is left of the time. Returns the exit code of all boots together.
int fuzz_in_kernel(const StackChoice& choice, const KernelFuzz& fuzz,
                   const std::function<int()>& command);

// Leaves the program outside, for the case that the kernel panics in it.
void note_program(const proto::Program& program);

// The programs that panicked a kernel, as `out` holds them.
std::vector<proto::Program> panics_in(const std::string& out);
// Whether a script of such a folder is one of them.
bool shows_panic(const std::filesystem::path& script);

// Programs that are kept for later runs and for others that run now: a folder of octets.
class CorpusFolder {
 public:
  // Its files are those whose names begin so.
  explicit CorpusFolder(std::string folder, std::string_view begin = "");
  // An error where it cannot be written.
  Result<void> keep(const proto::Program& program);
  // Those that this has neither kept nor returned before, in the order of their names.
  std::vector<proto::Program> fresh();

 private:
  std::string folder_;
  std::string begin_;
  std::set<std::string> seen_;  // names of files
};

}  // namespace synfin::cli
