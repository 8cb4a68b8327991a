#include "tests/bench/targets.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <vector>

namespace synfin::bench {
namespace {

struct Target {
  std::string name;
  double measured = 0;
  Goal goal = Goal::kAtMost;
  double target = 0;
};

std::vector<Target>& targets() {
  static std::vector<Target> all;
  return all;
}

}  // namespace

int64_t cpu_nanoseconds() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
}

void note_target(const std::string& name, double measured, Goal goal, double target) {
  auto& all = targets();
  const auto same = [&](const Target& other) { return other.name == name; };
  auto found = std::find_if(all.begin(), all.end(), same);
  if (found == all.end()) found = all.insert(found, Target{name});
  *found = {name, measured, goal, target};
}

void print_targets() {
  if (targets().empty()) return;
  fmt::print("\n{:<64} {:>9}  {:>9}  reached\n", "target", "measured", "wanted");
  for (const Target& each : targets()) {
    const bool most = each.goal == Goal::kAtMost;
    const bool reached = most ? each.measured <= each.target : each.measured >= each.target;
    fmt::print("{:<64} {:>9.4g}  {} {:>6.4g}  {}\n", each.name, each.measured,
               most ? "<=" : ">=", each.target, reached ? "yes" : "NO");
  }
}

}  // namespace synfin::bench
