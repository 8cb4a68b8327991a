// What an atlas takes: all cells of a stack in seconds, and a cell on Linux beside the bare loop
// that sends the same segments and makes the same calls (linux_loop.h).
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "harness/atlas/produce.h"
#include "harness/stack/registry.h"
#include "tests/bench/linux_loop.h"
#include "tests/bench/targets.h"

namespace synfin::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::size_t cells_played(const atlas::Atlas& atlas) {
  std::size_t played = 0;
  for (const auto& set_up : atlas.set_ups) {
    for (const auto& entry : set_up.entries) played += entry.behaviour != atlas::kNotPlayed ? 1 : 0;
  }
  return played;
}

// Two instances in virtual time, one on a kernel; waits included.
void whole_atlas(benchmark::State& state, const char* name, const char* link, double wanted) {
  const stack::StackInfo* info = stack::find_stack(name);
  const Profile profile = info->profile();
  std::vector<std::unique_ptr<stack::Stack>> made;
  std::vector<stack::Stack*> stacks;
  const std::size_t instances = std::string(name) == "linux" ? 1 : 2;
  while (made.size() < instances) {
    auto stack = info->make({.link = link, .seed = 1, .profile = profile});
    if (!stack) return state.SkipWithError(stack.error().message.c_str());
    made.push_back(std::move(*stack));
    stacks.push_back(made.back().get());
  }
  double best = 1e9;
  std::size_t cells = 0;
  for (auto _ : state) {
    const auto start = Clock::now();
    const auto atlas = atlas::produce(stacks, profile, {}, {});
    if (!atlas) return state.SkipWithError(atlas.error().message.c_str());
    best = std::min(best, seconds_since(start));
    cells = cells_played(*atlas);
  }
  state.counters["cells"] = static_cast<double>(cells);
  state.counters["seconds"] = best;
  note_target(
      std::string("atlas: seconds for every cell, ") + name + (*link ? " over " : "") + link, best,
      Goal::kAtMost, wanted);
}

// Both in turn, by the CPU time that they use, the kernel's work included.
void cell_beside_bare_loop(benchmark::State& state) {
  const stack::StackInfo* info = stack::find_stack("linux");
  const Profile profile = info->profile();
  auto bare = LinuxLoop::make({.program = LinuxLoop::Program::kAtlasCell});
  auto target = info->make({.link = "", .seed = 1, .profile = profile});
  if (!bare || !target) {
    return state.SkipWithError((bare ? target.error() : bare.error()).message.c_str());
  }
  atlas::ProduceOptions options;
  options.only = {"ESTABLISHED"};
  std::vector<double> ratios;
  std::size_t failed = 0;
  for (auto _ : state) {
    const int64_t began = cpu_nanoseconds();
    const auto atlas = atlas::produce({target->get()}, profile, options, {});
    if (!atlas) return state.SkipWithError(atlas.error().message.c_str());
    const std::size_t cells = cells_played(*atlas);
    const int64_t between = cpu_nanoseconds();
    failed += (*bare)->run(cells).failed;
    ratios.push_back(static_cast<double>(between - began) /
                     static_cast<double>(cpu_nanoseconds() - between));
  }
  std::sort(ratios.begin(), ratios.end());
  state.counters["ratio"] = ratios[ratios.size() / 2];
  state.counters["failed"] = static_cast<double>(failed);
  note_target("atlas: cost of a cell on linux, in bare loops", ratios[ratios.size() / 2],
              Goal::kAtMost, 2);
  target->reset();  // before the loop: both bring the thread back
  bare->reset();
}

void atlas_reference(benchmark::State& state) { whole_atlas(state, "reference", "", 1); }
void atlas_lwip(benchmark::State& state) { whole_atlas(state, "lwip", "", 2); }
void atlas_linux_tun(benchmark::State& state) { whole_atlas(state, "linux", "tun", 40); }
void atlas_linux_veth(benchmark::State& state) { whole_atlas(state, "linux", "veth", 60); }
BENCHMARK(atlas_reference)->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(atlas_lwip)->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(atlas_linux_tun)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK(atlas_linux_veth)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK(cell_beside_bare_loop)
    ->Name("atlas_linux_cell")
    ->Unit(benchmark::kMillisecond)
    ->Iterations(5);

}  // namespace
}  // namespace synfin::bench
