// How many programs a second the Player plays: a handshake and a passive close, each a case of its
// own. Over the linux stack as a share of what a bare loop manages, which does the same program:
// its own listener for every one, the same calls and packets (linux_loop.h). What the Player does
// more than that is a part of playing: the quiet time of 100 ms at the end of every case, with the
// thousands of cases that are open because of it, and that nothing of a case is left behind.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/judge/judge.h"
#include "harness/play/player.h"
#include "harness/script/compile.h"
#include "harness/script/parser.h"
#include "harness/stack/registry.h"
#include "tests/bench/linux_loop.h"
#include "tests/bench/targets.h"

namespace synfin::bench {
namespace {

constexpr const char* kProgram = R"(
0 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 5) = 0
+0 < S 0:0(0) win 32792
+0 > S. 0:0(0) ack 1 <...>
+0 < . 1:1(0) ack 1 win 257
+0 accept(3, ..., ...) = 4
+0 < FP. 1:2(1) ack 1 win 257
+0 read(4, ..., 1) = 1
+0 close(4) = 0
+0 > F. 1:1(0) ack 3
+0 < . 3:3(0) ack 2 win 257
)";

// What is done beside playing.
enum class Watch { kNothing, kStates, kJudge };

class Plays {
 public:
  // `at_once`: how many programs are under way together.
  Plays(stack::Stack& target, const Profile& profile, Watch watch, std::size_t at_once)
      : stack_(target), profile_(profile), watch_(watch), at_once_(at_once) {
    how_.read_states = watch != Watch::kNothing;
  }

  // False: the text cannot be compiled.
  bool compile() {
    const auto parsed = script::parse(kProgram, "bench.pkt");
    if (!parsed) return false;
    auto flat = script::compile(*parsed);
    if (!flat) return false;
    program_ = std::make_shared<const script::FlatProgram>(std::move(*flat));
    return true;
  }

  void run(std::size_t programs) {
    std::vector<std::unique_ptr<judge::Judge>> judges(programs);
    play::Player player(stack_, at_once_);
    for (auto& judge : judges) {
      if (watch_ == Watch::kJudge) {
        judge = std::make_unique<judge::Judge>(profile_, stack_.traits());
      }
      player.add({program_, how_, judge.get(), [&](play::PlayResult&& result) {
                    count(result, judge.get());
                    judge.reset();
                  }});
    }
    player.run();
    played_ += programs;
  }

  std::size_t played() const { return played_; }
  std::size_t failed() const { return failed_; }
  const std::string& why() const { return why_; }

 private:
  void count(const play::PlayResult& result, const judge::Judge* judge) {
    const bool good = result.outcome == play::Outcome::kPlayed && result.mismatches.empty() &&
                      (judge == nullptr || judge->divergences().empty());
    if (good) return;
    ++failed_;
    if (!why_.empty()) return;
    why_ = result.broken;
    if (!result.mismatches.empty()) {
      why_ = "wanted " + result.mismatches[0].wanted + ", got " + result.mismatches[0].got;
    } else if (judge != nullptr && !judge->divergences().empty()) {
      const judge::Divergence& parted = judge->divergences()[0];
      why_ = "wanted " + parted.wanted + ", got " + parted.got;
    }
  }

  stack::Stack& stack_;
  const Profile& profile_;
  Watch watch_;
  std::size_t at_once_;
  play::PlayOptions how_;
  std::shared_ptr<const script::FlatProgram> program_;
  std::size_t played_ = 0;
  std::size_t failed_ = 0;
  std::string why_;
};

double rate(std::size_t programs, int64_t nanoseconds) {
  return static_cast<double>(programs) * 1e9 / static_cast<double>(nanoseconds);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

// A stack in this process and in virtual time.
void play_in_process(benchmark::State& state, const char* name, Watch watch, std::size_t at_once) {
  const stack::StackInfo* info = stack::find_stack(name);
  const Profile profile = info->profile();
  auto target = info->make({.link = "", .seed = 1, .profile = profile, .in_process = true});
  if (!target) return state.SkipWithError(target.error().message.c_str());
  Plays plays(**target, profile, watch, at_once);
  if (!plays.compile()) return state.SkipWithError("the program does not compile");
  for (auto _ : state) plays.run(2000);
  state.counters["programs"] =
      benchmark::Counter(static_cast<double>(plays.played()), benchmark::Counter::kIsRate);
  state.counters["failed"] = static_cast<double>(plays.failed());
  if (plays.failed() > 0) state.SetLabel(plays.why());
}

// The bare loop and the Player in turn, and both by the CPU time that they used, the kernel's work
// included: neither ever waits for the other side, so on an idle machine that is the time it takes.
// The medians are compared.
void play_linux(benchmark::State& state, Watch watch, const std::string& name, double wanted) {
  constexpr std::size_t kAtOnce = 12000;
  constexpr std::size_t kPrograms = 30000;
  const stack::StackInfo* info = stack::find_stack("linux");
  const Profile profile = info->profile();
  auto bare = LinuxLoop::make({.own_listener = true});
  auto target = info->make({.link = "", .seed = 1, .profile = profile});
  if (!bare || !target) {
    return state.SkipWithError((bare ? target.error() : bare.error()).message.c_str());
  }
  Plays plays(**target, profile, watch, kAtOnce);
  if (!plays.compile()) return state.SkipWithError("the program does not compile");
  (*bare)->run(2000);
  std::vector<double> by_hand;
  std::vector<double> by_player;
  std::vector<double> shares;
  std::size_t failed = 0;
  for (auto _ : state) {
    const int64_t began = cpu_nanoseconds();
    failed += (*bare)->run(kPrograms).failed;
    const int64_t between = cpu_nanoseconds();
    plays.run(kPrograms);
    by_hand.push_back(rate(kPrograms, between - began));
    by_player.push_back(rate(kPrograms, cpu_nanoseconds() - between));
    shares.push_back(by_player.back() / by_hand.back());
  }
  state.counters["bare/s"] = median(by_hand);
  state.counters["player/s"] = median(by_player);
  state.counters["share"] = median(shares);
  state.counters["failed"] = static_cast<double>(failed + plays.failed());
  if (plays.failed() > 0) state.SetLabel(plays.why());
  note_target("player: share of the bare loop's rate" + name, median(shares), Goal::kAtLeast,
              wanted);
  note_target("player: programs that failed" + name, static_cast<double>(plays.failed()),
              Goal::kAtMost, 0);
  target->reset();  // before the loop: both bring the thread back
  bare->reset();
}

void player_reference(benchmark::State& state) {
  play_in_process(state, "reference", Watch::kNothing, 64);
}
void player_reference_states(benchmark::State& state) {
  play_in_process(state, "reference", Watch::kStates, 64);
}
void player_reference_judged(benchmark::State& state) {
  play_in_process(state, "reference", Watch::kJudge, 64);
}
BENCHMARK(player_reference);
BENCHMARK(player_reference_states);
BENCHMARK(player_reference_judged);

// Only with the judge: it tells which of lwIP's ACKs alone a program may pass over.
void player_lwip_judged(benchmark::State& state) {
  play_in_process(state, "lwip", Watch::kJudge, 64);
}
// As a fuzzer plays.
void player_lwip_judged_one_by_one(benchmark::State& state) {
  play_in_process(state, "lwip", Watch::kJudge, 1);
}
BENCHMARK(player_lwip_judged);
BENCHMARK(player_lwip_judged_one_by_one);

void player_linux(benchmark::State& state) { play_linux(state, Watch::kNothing, "", 0.5); }
void player_linux_states(benchmark::State& state) {
  play_linux(state, Watch::kStates, ", states read", 1.0 / 3);
}
void player_linux_judged(benchmark::State& state) {
  play_linux(state, Watch::kJudge, ", states read and judged", 1.0 / 3);
}
BENCHMARK(player_linux)->Unit(benchmark::kMillisecond)->Iterations(9);
BENCHMARK(player_linux_states)->Unit(benchmark::kMillisecond)->Iterations(9);
BENCHMARK(player_linux_judged)->Unit(benchmark::kMillisecond)->Iterations(9);

}  // namespace
}  // namespace synfin::bench
