// What an atlas takes: all cells of a stack in seconds, and a cell on Linux beside the bare loop
// that sends the same segments and makes the same calls (linux_loop.h).
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "harness/atlas/cells.h"
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

constexpr std::size_t kTogether = 2048;  // as many as an atlas has at once on a real kernel

double cpu_of(LinuxLoop& loop, std::size_t cells, std::size_t& failed) {
  const int64_t began = cpu_nanoseconds();
  failed += loop.run(cells).failed;
  return static_cast<double>(cpu_nanoseconds() - began);
}

std::vector<atlas::Stimulus> segments_of(const atlas::Atlas& atlas) {
  const atlas::Variables& variables = atlas.set_ups.front().variables;
  std::vector<atlas::Stimulus> segments;
  for (const atlas::Cell& cell : atlas::cells_of(variables, atlas.with)) {
    segments.push_back(atlas::stimulus_of(cell, variables));
  }
  return segments;
}

// The atlas and the bare loop in turn, by the CPU time that they use, the kernel's work included.
// The loop waits for answers as the atlas does: a delayed ACK is a segment as well. Beside it a
// loop that closes each connection at once, while all that belongs to it is still in the caches.
void cell_beside_bare_loop(benchmark::State& state) {
  const stack::StackInfo* info = stack::find_stack("linux");
  const Profile profile = info->profile();
  atlas::ProduceOptions options;
  options.only = {"ESTABLISHED"};
  auto target = info->make({.link = "", .seed = 1, .profile = profile});
  if (!target) return state.SkipWithError(target.error().message.c_str());
  const auto first = atlas::produce({target->get()}, profile, options, {});
  if (!first) return state.SkipWithError(first.error().message.c_str());
  auto waits = LinuxLoop::make({.cells = segments_of(*first),
                                .together = kTogether,
                                .quiet_time = (*target)->traits().quiet_time});
  auto at_once = LinuxLoop::make({.cells = segments_of(*first)});
  if (!waits || !at_once) {
    return state.SkipWithError((waits ? at_once.error() : waits.error()).message.c_str());
  }
  std::vector<double> ratios;
  std::vector<double> ratios_at_once;
  std::size_t failed = 0;
  for (auto _ : state) {
    const int64_t began = cpu_nanoseconds();
    const auto atlas = atlas::produce({target->get()}, profile, options, {});
    if (!atlas) return state.SkipWithError(atlas.error().message.c_str());
    const std::size_t cells = cells_played(*atlas);
    const auto ours = static_cast<double>(cpu_nanoseconds() - began);
    ratios.push_back(ours / cpu_of(**waits, cells, failed));
    ratios_at_once.push_back(ours / cpu_of(**at_once, cells, failed));
  }
  std::sort(ratios.begin(), ratios.end());
  std::sort(ratios_at_once.begin(), ratios_at_once.end());
  state.counters["ratio"] = ratios[ratios.size() / 2];
  state.counters["ratio_without_waits"] = ratios_at_once[ratios_at_once.size() / 2];
  state.counters["failed"] = static_cast<double>(failed);
  note_target("atlas: cost of a cell on linux, in bare loops", ratios[ratios.size() / 2],
              Goal::kAtMost, 2);
  target->reset();  // before the loops: all bring the thread back
  waits->reset();
  at_once->reset();
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
