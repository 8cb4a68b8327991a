// How fast the Linux stack plays a handshake and a passive close, beside the same by hand.
#include <benchmark/benchmark.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "harness/kernel/board.h"
#include "harness/kernel/guest.h"
#include "harness/script/flat.h"
#include "harness/stack/linux_stack.h"
#include "harness/wire/codec.h"
#include "tests/bench/linux_loop.h"
#include "tests/bench/targets.h"

namespace synfin::bench {
namespace {

using script::CallName;
using script::CallSpec;

constexpr uint64_t kPrograms = 2000;
constexpr uint64_t kProgramsInside = 10000;  // the time outside is known to a tenth of a second
constexpr std::array<uint8_t, 1> kText = {'a'};

// What a program needs of the answers: the SEQ of the last packet with just these control bits.
class Ear : public stack::Sink {
 public:
  void on_packet(stack::CaseId, Time, std::span<const uint8_t> packet) override {
    const auto decoded = wire::decode(packet);
    if (!decoded || decoded->segment.flags != wanted) return;
    seq = decoded->segment.seq;
    heard = true;
  }
  void on_return(stack::CaseId, stack::Ticket, Time, const stack::CallResult& result) override {
    failed += result.value < 0 ? 1 : 0;
  }
  void on_broken(stack::CaseId, const Error&) override { ++failed; }

  Flags wanted;
  Seq seq;
  bool heard = false;
  uint64_t failed = 0;
};

class StackLoop {
 public:
  StackLoop(stack::Stack& target, bool snapshots) : stack_(target), snapshots_(snapshots) {
    const auto make = [](CallName name, int fd, int new_fd) {
      CallSpec call;
      call.name = name;
      call.fd = fd;
      call.new_fd = new_fd;
      call.domain = AF_INET;
      call.type = SOCK_STREAM;
      call.argument = 5;
      return call;
    };
    socket_ = make(CallName::kSocket, -1, 3);
    bind_ = make(CallName::kBind, 3, -1);
    listen_ = make(CallName::kListen, 3, -1);
    accept_ = make(CallName::kAccept, 3, 4);
    read_ = make(CallName::kRead, 4, -1);
    read_.length = 1;
    close_ = make(CallName::kClose, 4, -1);
  }

  LinuxLoop::Result run(uint64_t programs) {
    return repeat(programs, [this] { return play(); });
  }
  // Each closes first, and lasts as long as TIME-WAIT does: for where that takes no time.
  LinuxLoop::Result run_through_time_wait(uint64_t programs) {
    return repeat(programs, [this] { return play_through_time_wait(); });
  }

 private:
  template <typename Play>
  LinuxLoop::Result repeat(uint64_t programs, Play&& play) {
    LinuxLoop::Result result;
    const auto start = kernel::time_outside();
    for (uint64_t i = 0; i < programs; ++i) {
      if (!play()) ++result.failed;
    }
    const double seconds = std::chrono::duration<double>(kernel::time_outside() - start).count();
    result.programs_per_second = static_cast<double>(programs) / seconds;
    result.failed += ear_.failed;
    return result;
  }
  void send(unsigned flags, uint32_t seq, Seq ack) {
    packet_.segment.flags = Flags(flags);
    packet_.segment.seq = Seq(seq);
    packet_.segment.ack = ack;
    const auto size = wire::encode(packet_, octets_);
    (void)stack_.inject(id_, std::span(octets_).first(*size));
    if (snapshots_) benchmark::DoNotOptimize(stack_.snapshot(id_, 0));
  }
  bool hear(unsigned flags) {
    ear_.wanted = Flags(flags);
    ear_.heard = false;
    const Time end = stack_.now() + std::chrono::milliseconds(100);
    stack_.run_until(stack_.now(), ear_);
    while (!ear_.heard && stack_.now() < end) stack_.run_until(end, ear_);
    return ear_.heard;
  }
  bool establish() {
    const auto id = stack_.open({});
    if (!id) return false;
    id_ = *id;
    const wire::FourTuple tuple = stack_.address(id_, 0);
    packet_.source = tuple.remote;
    packet_.destination = tuple.local;
    packet_.segment.wnd = 65535;
    for (const CallSpec* call : {&socket_, &bind_, &listen_}) stack_.start(id_, 0, *call);
    send(kSyn, 1000, Seq(0));
    const bool answered = hear(kSyn | kAck);
    send(kAck, 1001, ear_.seq + 1);
    stack_.start(id_, 0, accept_);
    return answered;
  }
  bool play() {
    bool ok = establish();
    const Seq ack = ear_.seq + 1;
    packet_.segment.text = kText;
    send(kFin | kPsh | kAck, 1001, ack);
    packet_.segment.text = {};
    stack_.start(id_, 0, read_);
    stack_.start(id_, 0, close_);
    ok = hear(kFin | kAck) && ok;
    send(kAck, 1003, ack + 1);
    stack_.close(id_);
    return ok;
  }
  bool is_in_time_wait_after(Duration wait) {
    const Time end = stack_.now() + wait;
    while (stack_.now() < end) stack_.run_until(end, ear_);
    return stack_.snapshot(id_, 0) == State::kTimeWait;
  }
  bool play_through_time_wait() {
    bool ok = establish();
    stack_.start(id_, 0, close_);
    ok = hear(kFin | kAck) && ok;
    send(kFin | kAck, 1001, ear_.seq + 1);
    ok = is_in_time_wait_after(std::chrono::seconds(59)) && ok;
    ok = !is_in_time_wait_after(std::chrono::seconds(7)) && ok;
    stack_.close(id_);
    return ok;
  }

  stack::Stack& stack_;
  bool snapshots_;
  stack::CaseId id_ = 0;
  CallSpec socket_, bind_, listen_, accept_, read_, close_;
  wire::Packet packet_;
  std::array<uint8_t, 128> octets_{};
  Ear ear_;
};

// Both in turn, so that what else the machine does weighs on both; the medians are compared.
void compare(benchmark::State& state, bool own_listener, bool snapshots) {
  auto bare = LinuxLoop::make({.own_listener = own_listener});
  auto target = stack::make_linux_stack({.virtual_time = kernel::inside()});
  if (!bare || !target) {
    state.SkipWithError((bare ? target.error() : bare.error()).message.c_str());
    return;
  }
  StackLoop loop(**target, snapshots);
  std::vector<double> by_hand;
  std::vector<double> by_stack;
  std::vector<double> ratios;
  uint64_t failed = 0;
  const uint64_t programs = kernel::inside() ? kProgramsInside : kPrograms;
  for (auto _ : state) {
    const auto hand = (*bare)->run(programs);
    const auto through = loop.run(programs);
    failed += hand.failed + through.failed;
    by_hand.push_back(hand.programs_per_second);
    by_stack.push_back(through.programs_per_second);
    ratios.push_back(through.programs_per_second / hand.programs_per_second);
  }
  const auto median = [](std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  };
  state.counters["bare/s"] = median(by_hand);
  state.counters["stack/s"] = median(by_stack);
  state.counters["ratio"] = median(ratios);
  state.counters["failed"] = static_cast<double>(failed);
  target->reset();  // before the loop: both bring the thread back
  bare->reset();
}

void linux_time_wait(benchmark::State& state) {
  if (!kernel::inside()) return state.SkipWithError("SYNFIN_BENCH_KERNEL names no kernel");
  auto target = stack::make_linux_stack({.virtual_time = true});
  if (!target) return state.SkipWithError(target.error().message.c_str());
  StackLoop loop(**target, false);
  double milliseconds = 0;
  uint64_t failed = 0;
  for (auto _ : state) {
    const auto result = loop.run_through_time_wait(kPrograms);
    failed += result.failed;
    const double one = 1e3 / result.programs_per_second;
    milliseconds = milliseconds == 0 ? one : std::min(milliseconds, one);
  }
  state.counters["failed"] = static_cast<double>(failed);
  note_target("TIME-WAIT from SYN to its end after 60 s, inside, ms", milliseconds, Goal::kAtMost,
              5);
}

void linux_stack_own_listener(benchmark::State& state) { compare(state, true, false); }
void linux_stack_shared_listener(benchmark::State& state) { compare(state, false, false); }
void linux_stack_with_snapshots(benchmark::State& state) { compare(state, true, true); }
BENCHMARK(linux_stack_own_listener)->Unit(benchmark::kMillisecond)->Iterations(20);
BENCHMARK(linux_stack_shared_listener)->Unit(benchmark::kMillisecond)->Iterations(20);
BENCHMARK(linux_stack_with_snapshots)->Unit(benchmark::kMillisecond)->Iterations(20);
BENCHMARK(linux_time_wait)->Unit(benchmark::kMillisecond)->Iterations(5);

}  // namespace
}  // namespace synfin::bench
