// The first process inside a kernel.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace synfin::kernel {

// The only argument of a program that is to be this process; its job is on the board.
inline constexpr std::string_view kGuestWord = "be-the-first-process";
// What it says in the kernel's log once the program is about to run.
inline constexpr std::string_view kInsideMark = "synfin: inside";
// When the clock of each kernel starts: 2026-01-01T00:00:00Z, in nanoseconds.
inline constexpr int64_t kFirstMoment = 1'767'225'600'000'000'000;

// Whether this process runs inside a kernel that boot() has booted.
bool inside();

using Program = std::function<int(const std::vector<const char*>& arguments)>;

// Makes the kernel a place to run in, runs the program in a process of its own, tells how it ended,
// and turns the kernel off. Only for the first process of a kernel: another gets exit code 3.
int be_first_process(const Program& program);

}  // namespace synfin::kernel
