// One program for many jobs, and what need not be done for each of them.
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "tests/play/fake_stack.h"
#include "tests/play/programs.h"

namespace synfin {
namespace {

using namespace std::chrono_literals;
using testing::FakeStack;
using testing::program;

script::SegmentSpec segment(unsigned flags, int64_t seq) {
  script::SegmentSpec spec;
  spec.flags = Flags(flags);
  spec.seq.offset = seq;
  return spec;
}

TEST(SharedProgram, EachJobHasItsOwnLastSegment) {
  FakeStack stack;
  std::vector<unsigned> flags;
  std::vector<uint32_t> distances;
  Seq before;
  stack.when_injected = [&](stack::CaseId, const wire::Decoded& got) {
    flags.push_back(got.segment.flags.bits);
    distances.push_back(Seq::distance(before, got.segment.seq));
    before = got.segment.seq;
  };
  const auto text = program("0 < S 0:0(0) win 1\n+0 < . 1:1(0) ack 1 win 1\n");
  play::Player player(stack, 1);
  for (const auto& last : {segment(kRst, 7), segment(kFin | kAck, 9)}) {
    play::Job job;
    job.program = text;
    job.last_segment = last;
    player.add(std::move(job));
  }
  player.add({text, {}, nullptr, {}});
  player.run();
  EXPECT_EQ(flags, (std::vector<unsigned>{kSyn, kRst, kSyn, kFin | kAck, kSyn, kAck}));
  EXPECT_EQ(distances[1], 7U);
  EXPECT_EQ(distances[3], 9U);
  EXPECT_EQ(distances[5], 1U);
}

TEST(SharedProgram, StatesAreReadAfterOneStepAlone) {
  FakeStack stack;
  play::PlayOptions options;
  options.states_at = 1;
  const auto result = testing::play_one(
      stack, program("0 < S 0:0(0) win 1\n+0 < . 1:1(0) ack 1 win 1\n+.1 wait\n"), options);
  EXPECT_EQ(testing::states_of(result), std::vector{State::kListen});
}

TEST(SharedProgram, TheQuietTimeAtTheEndMayBeLeftOut) {
  FakeStack stack;
  play::PlayOptions options;
  options.quiet_at_end = false;
  const Time start = stack.now();
  testing::play_one(stack, program("0 < S 0:0(0) win 1\n"), options);
  EXPECT_EQ(stack.now(), start);
  testing::play_one(stack, program("0 < S 0:0(0) win 1\n"));
  EXPECT_EQ(stack.now(), start + stack.set.quiet_time);
}

}  // namespace
}  // namespace synfin
