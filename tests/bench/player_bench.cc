// How many programs a second the Player plays: a handshake and a passive close, each a case of its
// own. Over the linux stack also as a share of what a bare loop of the same segments manages.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "harness/play/player.h"
#include "harness/script/compile.h"
#include "harness/script/parser.h"
#include "harness/stack/registry.h"
#include "tests/bench/linux_loop.h"

namespace synfin::bench {
namespace {

constexpr const char* kProgram = R"(
0 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 32792 <mss 1000>
+0 > S. 0:0(0) ack 1
+0 < . 1:1(0) ack 1 win 257
+0 accept(3, ..., ...) = 4
+0 < F. 1:1(0) ack 1 win 257
+0 close(4) = 0
+0 > F. 1:1(0) ack 2
+0 < . 2:2(0) ack 2 win 257
)";
// Linux acknowledges a bare FIN after a while, and close() mostly comes before that; the reference
// does so at once.
constexpr std::string_view kAckOfFin = "+0~+.1 > . 1:1(0) ack 2\n";
constexpr std::string_view kClose = "+0 close(4)";

std::shared_ptr<const script::FlatProgram> compile_program(benchmark::State& state,
                                                           bool ack_of_fin) {
  std::string text = kProgram;
  if (ack_of_fin) text.insert(text.find(kClose), kAckOfFin);
  const auto parsed = script::parse(text, "bench.pkt");
  if (!parsed) return state.SkipWithError(parsed.error().message.c_str()), nullptr;
  auto flat = script::compile(*parsed);
  if (!flat) return state.SkipWithError(flat.error().message.c_str()), nullptr;
  return std::make_shared<const script::FlatProgram>(std::move(*flat));
}

// Plays `programs` cases in each iteration; returns how many were played to the end.
void play(benchmark::State& state, const char* name, std::size_t at_once, std::size_t programs,
          double bare_rate) {
  const stack::StackInfo* info = stack::find_stack(name);
  stack::StackOptions options;
  options.profile = info->profile();
  auto made = info->make(options);
  if (!made) return state.SkipWithError(made.error().message.c_str());
  const auto program = compile_program(state, (*made)->traits().virtual_time);
  if (program == nullptr) return;
  play::PlayOptions how;
  how.read_states = state.range(0) != 0;
  std::size_t played = 0;
  std::size_t failed = 0;
  const auto done = [&](play::PlayResult&& result) {
    ++played;
    if (result.outcome != play::Outcome::kPlayed || !result.mismatches.empty()) ++failed;
  };
  const auto began = std::chrono::steady_clock::now();
  for (auto _ : state) {
    play::Player player(**made, at_once);
    for (std::size_t i = 0; i < programs; ++i) player.add({program, how, nullptr, done});
    player.run();
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  state.counters["programs"] =
      benchmark::Counter(static_cast<double>(played), benchmark::Counter::kIsRate);
  state.counters["failed"] = static_cast<double>(failed);
  if (bare_rate > 0) {
    state.counters["bare_loop"] = bare_rate;
    state.counters["share"] = static_cast<double>(played) / seconds / bare_rate;
  }
}

void BM_PlayReference(benchmark::State& state) { play(state, "reference", 64, 2000, 0); }

void BM_PlayLinux(benchmark::State& state) {
  double bare = 0;
  {
    auto loop = LinuxLoop::make({});
    if (!loop) return state.SkipWithError(loop.error().message.c_str());
    (*loop)->run(2000);
    bare = (*loop)->run(10000).programs_per_second;
  }
  // Each case ends with a quiet time of 100 ms, so that thousands have to be under way.
  play(state, "linux", 8000, 40000, bare);
}

BENCHMARK(BM_PlayReference)->ArgName("states")->Arg(0)->Arg(1)->UseRealTime();
BENCHMARK(BM_PlayLinux)
    ->ArgName("states")
    ->Arg(0)
    ->Arg(1)
    ->UseRealTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace synfin::bench
