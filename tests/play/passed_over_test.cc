// What the stack sends unasked, between what a program expects.
#include <gtest/gtest.h>

#include <chrono>

#include "tests/play/fake_observer.h"
#include "tests/play/fake_stack.h"
#include "tests/play/programs.h"

namespace synfin {
namespace {

using namespace std::chrono_literals;
using play::Outcome;
using testing::explain;
using testing::FakeObserver;
using testing::FakeStack;
using testing::play_one;
using testing::program;

// Answers with an ACK, then with a FIN.
class PassedOver : public ::testing::Test {
 protected:
  PassedOver() {
    stack_.when_injected = [this](stack::CaseId id, const wire::Decoded& got) {
      auto first = stack_.packet(id, first_flags_, 0, got.segment.seq.value());
      first.segment.text = first_text_;
      stack_.send(id, 0s, first);
      if (fin_) stack_.send(id, 1ms, stack_.packet(id, kAck | kFin, 1, got.segment.seq.value()));
    };
  }

  play::PlayResult play(const std::string& expectations, bool judged = true) {
    return play_one(stack_, program("0 < . 1:1(0) ack 1 win 9\n" + expectations), {},
                    judged ? &observer_ : nullptr);
  }

  FakeStack stack_;
  FakeObserver observer_;
  unsigned first_flags_ = kAck;
  std::vector<uint8_t> first_text_;
  bool fin_ = true;
};

TEST_F(PassedOver, AnAckThatTheJudgeAllows) {
  const auto result = play("+0 > F. 1:1(0) ack 1\n");
  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
  EXPECT_EQ(result.outcome, Outcome::kPlayed);
  std::vector<bool> expected;
  for (const auto& event : result.trace.events) {
    if (event.kind == play::EventKind::kSent) expected.push_back(event.expected);
  }
  EXPECT_EQ(expected, (std::vector{false, true})) << "the trace has both";
}

TEST_F(PassedOver, NoAckThatTheJudgeForbids) {
  observer_.allowed = false;
  const auto result = play("+0 > F. 1:1(0) ack 1\n");
  ASSERT_EQ(result.mismatches.size(), 1U);
  EXPECT_EQ(result.mismatches[0].got, ". 0:0(0) ack 1 win 5000");
}

TEST_F(PassedOver, NothingWithoutAJudge) {
  EXPECT_EQ(play("+0 > F. 1:1(0) ack 1\n", false).mismatches.size(), 1U);
}

TEST_F(PassedOver, NoOtherSegment) {
  for (const int flags : {kAck | kSyn, kAck | kFin, kAck | kRst, int{kRst}}) {
    first_flags_ = static_cast<unsigned>(flags);
    EXPECT_EQ(play("+0 > F. 1:1(0) ack 1\n").mismatches.size(), 1U) << flags;
  }
  first_flags_ = kAck;
  first_text_ = {script::pattern(0)};
  EXPECT_EQ(play("+0 > F. 1:1(0) ack 1\n").mismatches.size(), 1U);
  observer_.repetition = true;
  EXPECT_TRUE(play("+0 > F. 1:1(0) ack 1\n").mismatches.empty());
}

// Not "nothing": the segment that was there, and what is wrong with it.
TEST_F(PassedOver, IsWhatCameWhenNothingElseDoes) {
  fin_ = false;
  for (const bool repetition : {false, true}) {
    observer_.repetition = repetition;
    const auto result = play("+0 > . 0:0(0) ack 2\n");
    ASSERT_EQ(result.mismatches.size(), 1U);
    EXPECT_EQ(result.outcome, Outcome::kCut);
    EXPECT_EQ(result.mismatches[0].got, ". 0:0(0) ack 1 win 5000");
    ASSERT_EQ(result.mismatches[0].differences.size(), 1U) << explain(result);
    EXPECT_EQ(result.mismatches[0].differences[0].field, "ack");
  }
}

// The order of a program counts.
TEST_F(PassedOver, DoesNotComeBack) {
  const auto result = play("+0 > F. 1:1(0) ack 1\n+0 > . 0:0(0) ack 1\n");
  ASSERT_EQ(result.mismatches.size(), 1U);
  EXPECT_EQ(result.mismatches[0].got, ". 0:0(0) ack 1 win 5000");
  ASSERT_EQ(result.mismatches[0].differences.size(), 1U) << explain(result);
  EXPECT_EQ(result.mismatches[0].differences[0].field, "order");
}

// What came before a stimulus says nothing of the answer to it.
TEST_F(PassedOver, IsForgottenWithTheNextStimulus) {
  const auto result = play("+0 > F. 1:1(0) ack 1\n+0 close(3) = 0\n+0 > R. 5:5(0) ack 1\n");
  ASSERT_EQ(result.mismatches.size(), 1U);
  EXPECT_EQ(result.mismatches[0].got, "nothing");
}

}  // namespace
}  // namespace synfin
