// How many invented programs a second lwIP is played and judged with, in a fuzz target's own way:
// from their octets on, each of 8 segments or a few more. tests/fuzz/speed.sh compares with a bare
// target.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/common/guarded_lwip.h"
#include "fuzz/common/program_input.h"
#include "harness/judge/baseline.h"
#include "harness/judge/trial.h"
#include "harness/mutate/mutate.h"
#include "harness/stack/lwip_stack.h"
#include "tests/bench/targets.h"

namespace synfin::bench {
namespace {

constexpr std::size_t kPrograms = 3000;
constexpr int kFewestSegments = 8;
constexpr int kMostSegments = 10;
constexpr unsigned kMutations = 12;

int segments_of(const proto::Program& program) {
  return static_cast<int>(
      std::count_if(program.steps().begin(), program.steps().end(),
                    [](const proto::Step& step) { return step.packet().has_segment(); }));
}

// Programs as the mutator leaves them after some generations.
std::vector<std::string> make_programs() {
  std::vector<std::string> programs;
  for (uint64_t seed = 0; programs.size() < kPrograms; ++seed) {
    mutate::Mutator mutator(seed);
    proto::Program program = mutator.make();
    for (unsigned i = 0; i < seed % kMutations; ++i) mutator.mutate(program);
    const int segments = segments_of(program);
    if (segments < kFewestSegments || segments > kMostSegments) continue;
    programs.push_back(program.SerializeAsString());
  }
  return programs;
}

struct Judged {
  double nanoseconds = 0;  // a program
  double share = 0;        // judged to the last step
  double segments = 0;
};

Judged play_judged(const std::vector<std::string>& programs, const judge::Baseline& baseline) {
  const Profile profile = stack::lwip_followed_profile();
  ClauseSet coverage;
  judge::Trial trial([&] { return fuzz::make_guarded_lwip(profile); }, profile, baseline, nullptr,
                     &coverage);
  std::size_t whole = 0;
  std::size_t segments = 0;
  const int64_t began = cpu_nanoseconds();
  for (const std::string& octets : programs) {
    const auto* program =
        fuzz::read_program(reinterpret_cast<const uint8_t*>(octets.data()), octets.size());
    const auto result = trial.run(*program);
    if (!result) continue;
    whole += (*result)->judged_to_the_last_step ? 1 : 0;
    segments += (*result)->segments;
  }
  const auto count = static_cast<double>(programs.size());
  return {static_cast<double>(cpu_nanoseconds() - began) / count,
          static_cast<double>(whole) / count, static_cast<double>(segments) / count};
}

void fuzz_lwip(benchmark::State& state) {
  const std::vector<std::string> programs = make_programs();
  const auto baseline = judge::Baseline::load(SYNFIN_SOURCE_DIR "/specs/baselines/lwip");
  if (!baseline) return state.SkipWithError(baseline.error().message.c_str());
  Judged judged;
  for (auto _ : state) {
    const Judged one = play_judged(programs, *baseline);
    if (judged.nanoseconds == 0 || one.nanoseconds < judged.nanoseconds) judged = one;
  }
  state.counters["programs/s"] = 1e9 / judged.nanoseconds;
  state.counters["segments"] = judged.segments;
  note_target("fuzz: lwIP programs judged a second", 1e9 / judged.nanoseconds, Goal::kAtLeast,
              40000);
  note_target("fuzz: share of programs judged to the last step", judged.share, Goal::kAtLeast, 0.7);
}
BENCHMARK(fuzz_lwip)->Unit(benchmark::kMillisecond)->Iterations(5);

}  // namespace
}  // namespace synfin::bench
