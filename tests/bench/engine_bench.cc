// What the engine costs: two references that hear each other at once, without a codec between them.
#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/reference.h"
#include "tests/allocations.h"
#include "tests/bench/targets.h"
#include "tests/engine/joined.h"

namespace synfin {
namespace {

using testing::allocations;
using testing::Joined;

void report(benchmark::State& state, std::size_t segments) {
  const auto count = static_cast<double>(segments);
  state.counters["segments"] = benchmark::Counter(count / static_cast<double>(state.iterations()));
  state.counters["per_segment"] =
      benchmark::Counter(count, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.SetItemsProcessed(static_cast<int64_t>(segments));
}

// Three-way handshake, so much text, and the normal close; TIME-WAIT is left.
void BM_Connection(benchmark::State& state) {
  const Profile profile;
  const int64_t began = bench::cpu_nanoseconds();
  const std::vector<uint8_t> text(static_cast<std::size_t>(state.range(0)), 'x');
  std::vector<uint8_t> buffer(65536);
  std::size_t segments = 0;
  for (auto _ : state) {
    Joined joined(profile);
    joined.open();
    joined.transfer(text, buffer);
    joined.close();
    segments += joined.segments;
    benchmark::DoNotOptimize(joined.a.state());
  }
  const auto took = static_cast<double>(bench::cpu_nanoseconds() - began);
  bench::note_target(
      "engine: ns a segment: handshake, " + std::to_string(text.size()) + " octets, close",
      took / static_cast<double>(segments), bench::Goal::kAtMost, 200);
  report(state, segments);
}
BENCHMARK(BM_Connection)->Arg(0)->Arg(100)->Arg(10'000)->Arg(1'000'000);

// Text both ways on a connection that stands: a request and its answer of 100 octets.
void BM_PingPong(benchmark::State& state) {
  const Profile profile;
  const std::array<uint8_t, 100> text{};
  std::array<uint8_t, 1000> buffer;
  Joined joined(profile);
  joined.open();
  const auto once = [&] {
    std::size_t count = 0;
    joined.a.send(joined.now, text, count);
    joined.settle();
    joined.b.receive(joined.now, buffer, count);
    joined.b.send(joined.now, text, count);
    joined.settle();
    joined.a.receive(joined.now, buffer, count);
  };
  for (int i = 0; i < 100; ++i) once();  // the buffers grow
  const std::size_t before = joined.segments;
  std::size_t allocated = 0;
  for (auto _ : state) {
    const std::size_t sofar = allocations.count;
    once();
    allocated += allocations.count - sofar;
  }
  report(state, joined.segments - before);
  bench::note_target("engine: allocations a segment once buffers have grown",
                     static_cast<double>(allocated) / static_cast<double>(joined.segments - before),
                     bench::Goal::kAtMost, 0);
}
BENCHMARK(BM_PingPong);

// One segment that changes nothing: what a flood costs at least.
void BM_OutsideTheWindow(benchmark::State& state) {
  const Profile profile;
  Joined joined(profile);
  joined.open();
  Segment segment;
  segment.seq = testing::kIssB + 0x1000'0000U;
  segment.ack = testing::kIssA + 1;
  segment.flags = Flags(kAck);
  segment.options.timestamps = Timestamps{0xffff'0000U, 0};
  Segment out;
  std::size_t segments = 0;
  for (auto _ : state) {
    joined.a.on_segment(joined.now, segment);
    ++segments;
    while (joined.a.poll_transmit(joined.now, out)) ++segments;
  }
  report(state, segments);
}
BENCHMARK(BM_OutsideTheWindow);

// A thousand pairs of connections that stand idle: what each holds in memory.
void BM_OpenMany(benchmark::State& state) {
  constexpr std::size_t kPairs = 1000;
  const Profile profile;
  std::size_t segments = 0;
  std::size_t octets = 0;
  for (auto _ : state) {
    std::vector<std::unique_ptr<Joined>> all;
    all.reserve(kPairs);
    const std::size_t before = allocations.octets;
    for (std::size_t i = 0; i < kPairs; ++i) {
      all.push_back(std::make_unique<Joined>(profile));
      all.back()->open();
      segments += all.back()->segments;
    }
    octets = (allocations.octets - before) / kPairs / 2;
    benchmark::DoNotOptimize(all.data());
  }
  report(state, segments);
  state.counters["connection_octets"] = static_cast<double>(octets);
  bench::note_target("engine: octets a connection without buffered data",
                     static_cast<double>(octets), bench::Goal::kAtMost, 1024);
}
BENCHMARK(BM_OpenMany);

}  // namespace
}  // namespace synfin
