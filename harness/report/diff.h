// In what the results of two runs differ: two stacks, two versions of one, before and after a
// change.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "harness/proto/result.pb.h"
#include "harness/report/style.h"

namespace synfin::report {

// One way to differ, and the cases that do.
struct RunDifference {
  // Of each run, in the first of the cases: "XFAIL, SM-ACK-4 in ESTABLISHED: wanted …".
  std::array<std::string, 2> told;
  std::vector<std::string> cases;
};

struct RunComparison {
  std::array<std::string, 2> names;               // "linux 6.12.117"
  std::array<std::vector<std::string>, 2> alone;  // cases that only this run has
  std::size_t in_both = 0;
  std::size_t differing = 0;
  std::vector<RunDifference> differences;  // those of most cases first

  bool equal() const { return differing == 0 && alone[0].empty() && alone[1].empty(); }
};

// Cases differ in their verdict; in what was found, where numbers do not matter (shrink/
// signature.h); and else, where both runs kept a trace, in the first packet, call or state of the
// target that is another. Timestamps do not count; times do when they differ by more than an eighth
// and 50 ms, which are a kernel's timers and a busy machine.
RunComparison compare(const proto::RunResult& a, const proto::RunResult& b);

// Lines, each with its line end. `all`: every case by its name, rather than families of them.
std::string comparison_text(const RunComparison& comparison, const Style& style, bool all);

}  // namespace synfin::report
