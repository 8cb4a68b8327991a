// What the benchmarks have to reach: each notes what it measured, and `synfin_bench` ends with a
// table of all targets. Nothing fails because of a time: what else the machine does is not known.
#pragma once

#include <cstdint>
#include <string>

namespace synfin::bench {

enum class Goal : uint8_t { kAtMost, kAtLeast };

// A benchmark that is run again, to find out how many iterations it takes, notes its last values.
void note_target(const std::string& name, double measured, Goal goal, double target);

// Prints the table; nothing when no target was measured.
void print_targets();

// The CPU time that this thread has used so far: it counts little what else the machine does.
int64_t cpu_nanoseconds();

}  // namespace synfin::bench
