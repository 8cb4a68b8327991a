// What the engine costs: two references that hear each other at once, without a codec between them.
#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/reference.h"

namespace synfin {
namespace {

using std::chrono::microseconds;

constexpr Seq kIssA{100};
constexpr Seq kIssB{300};

class Joined {
 public:
  explicit Joined(const Profile& profile) : a(profile), b(profile) {}

  void open() {
    b.open_passive(now, kIssB);
    a.open_active(now, kIssA);
    settle();
  }

  void close() {
    a.close(now, CloseKind::kSending);
    settle();
    b.close(now, CloseKind::kSending);
    settle();
  }

  // A sends `text` and B reads it.
  void transfer(std::span<const uint8_t> text, std::span<uint8_t> buffer) {
    while (!text.empty()) {
      std::size_t count = 0;
      a.send(now, text, count);
      text = text.subspan(count);
      settle();
      b.receive(now, buffer, count);
      settle();
    }
  }

  void settle() {
    Segment segment;
    for (bool more = true; more;) {
      more = false;
      while (a.poll_transmit(now, segment)) {
        b.on_segment(now, segment);
        ++segments;
        more = true;
      }
      while (b.poll_transmit(now, segment)) {
        a.on_segment(now, segment);
        ++segments;
        more = true;
      }
    }
    now += microseconds(1);
    for (Reference* end : {&a, &b}) {
      if (end->next_deadline() <= now) end->on_time(now);
    }
  }

  Reference a;
  Reference b;
  Time now{std::chrono::seconds(1)};
  std::size_t segments = 0;
};

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
  const std::size_t before = joined.segments;
  for (auto _ : state) {
    std::size_t count = 0;
    joined.a.send(joined.now, text, count);
    joined.settle();
    joined.b.receive(joined.now, buffer, count);
    joined.b.send(joined.now, text, count);
    joined.settle();
    joined.a.receive(joined.now, buffer, count);
  }
  report(state, joined.segments - before);
}
BENCHMARK(BM_PingPong);

// One segment that changes nothing: what a flood costs at least.
void BM_OutsideTheWindow(benchmark::State& state) {
  const Profile profile;
  Joined joined(profile);
  joined.open();
  Segment segment;
  segment.seq = kIssB + 0x1000'0000U;
  segment.ack = kIssA + 1;
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

// Memory of a connection that stands idle: its object; its rings hold nothing yet.
void BM_OpenMany(benchmark::State& state) {
  const Profile profile;
  std::size_t segments = 0;
  for (auto _ : state) {
    std::vector<std::unique_ptr<Joined>> all;
    for (int i = 0; i < 1000; ++i) {
      all.push_back(std::make_unique<Joined>(profile));
      all.back()->open();
      segments += all.back()->segments;
    }
    benchmark::DoNotOptimize(all.data());
  }
  report(state, segments);
  state.counters["connection_octets"] = static_cast<double>(sizeof(Reference));
}
BENCHMARK(BM_OpenMany);

}  // namespace
}  // namespace synfin
