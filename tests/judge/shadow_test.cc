// The shadow by itself: what it complains of, and how it finds back to a target.
#include "harness/judge/shadow.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace synfin::judge {
namespace {

constexpr uint32_t kIss = 1000;  // of the target
constexpr uint32_t kIrs = 5000;  // of its peer

class Collector : public Complaints {
 public:
  void add(Divergence divergence) override { found.push_back(std::move(divergence)); }
  std::vector<Divergence> found;
};

// A passive connection of a target under judgement. Time stands still unless a test moves it.
class ShadowTest : public ::testing::Test {
 protected:
  ShadowTest() { shadow_.listener(now_, true); }

  static Segment segment(unsigned flags, uint32_t seq, uint32_t ack = 0) {
    Segment out;
    out.flags = Flags(flags);
    out.seq = Seq(seq);
    out.ack = Seq(ack);
    out.wnd = 1000;
    return out;
  }
  void inject(const Segment& segment, Admission admission = {}) {
    wire::Decoded packet;
    packet.segment = segment;
    shadow_.injected(now_, packet, admission);
  }
  void target_sends(const Segment& segment) {
    wire::Decoded packet;
    packet.segment = segment;
    shadow_.sent(now_, packet);
  }
  void target_is(State state) { shadow_.observed(now_, state); }
  void establish() {
    inject(segment(kSyn, kIrs));
    target_sends(segment(kSyn | kAck, kIss, kIrs + 1));
    inject(segment(kAck, kIrs + 1, kIss + 1));
    target_is(State::kEstablished);
  }
  void reach_time_wait() {
    establish();
    shadow_.close(now_, CloseKind::kSending);
    target_sends(segment(kFin | kAck, kIss + 1, kIrs + 1));
    inject(segment(kFin | kAck, kIrs + 1, kIss + 2));
    target_sends(segment(kAck, kIss + 2, kIrs + 2));
    target_is(State::kTimeWait);
    ASSERT_TRUE(collector_.found.empty());
  }
  // The clauses of what was complained of, in order.
  std::string clauses() const {
    std::string out;
    for (const Divergence& each : collector_.found) {
      out += (out.empty() ? "" : " ") + std::string(info(each.clause).id);
    }
    return out;
  }

  Time now_{std::chrono::seconds(1)};
  Profile profile_;
  stack::Traits traits_;
  Collector collector_;
  Shadow shadow_{profile_, traits_, nullptr, collector_, 0};
};

TEST_F(ShadowTest, WhatIsOwedAndDoesNotComeIsMissing) {
  inject(segment(kSyn, kIrs));
  shadow_.missing(now_);
  EXPECT_EQ(clauses(), "SM-LISTEN-3");
}

TEST_F(ShadowTest, AnotherStateIsOneDivergence) {
  establish();
  target_is(State::kCloseWait);
  target_is(State::kCloseWait);
  ASSERT_EQ(collector_.found.size(), 1U);
  EXPECT_EQ(collector_.found[0].wanted, "ESTABLISHED");
  EXPECT_EQ(collector_.found[0].got, "CLOSE-WAIT");
}

TEST_F(ShadowTest, ATargetAstrayIsNotJudged) {
  establish();
  target_is(State::kSynReceived);
  EXPECT_TRUE(shadow_.lost());
  inject(segment(kAck, kIrs + 1, kIss + 100));  // acknowledges what was never sent: an ACK is owed
  shadow_.missing(now_);
  EXPECT_EQ(collector_.found.size(), 1U);
}

TEST_F(ShadowTest, AfterTheSameStateAndNumbersItIsJudgedAgain) {
  establish();
  target_is(State::kSynReceived);
  inject(segment(kAck, kIrs, kIss + 1));
  target_sends(segment(kAck, kIss + 1, kIrs + 1));
  target_is(State::kEstablished);
  EXPECT_FALSE(shadow_.lost());
  target_sends(segment(kAck, kIss + 7, kIrs + 1));
  EXPECT_EQ(collector_.found.size(), 3U);  // no such SEQ, and nothing asked for it
}

// A RST that the rules owed while it was astray answered a segment that its own connection took.
TEST_F(ShadowTest, OneThatComesBackOwesNoResetOfThatTime) {
  establish();
  target_is(State::kSynReceived);
  inject(segment(kRst, kIrs + 1));
  inject(segment(kAck, kIrs + 1, kIss + 1));
  inject(segment(kSyn, kIrs + 5000));
  target_sends(segment(kSyn | kAck, kIss + 9000, kIrs + 5001));
  target_is(State::kSynReceived);
  EXPECT_FALSE(shadow_.lost());
  shadow_.missing(now_);
  EXPECT_EQ(collector_.found.size(), 1U);
}

TEST_F(ShadowTest, TheSameStateWithOtherNumbersIsNotEnough) {
  establish();
  target_is(State::kSynReceived);
  inject(segment(kAck, kIrs, kIss + 1));
  target_sends(segment(kAck, kIss + 9, kIrs + 1));
  target_is(State::kEstablished);
  EXPECT_TRUE(shadow_.lost());
}

TEST_F(ShadowTest, AConnectionThatIsGoneIsJudgedOnAsSuch) {
  establish();
  target_is(State::kListen);
  EXPECT_EQ(collector_.found.size(), 1U);
  EXPECT_FALSE(shadow_.lost());
  inject(segment(kAck, kIrs + 1, kIss + 1));
  shadow_.missing(now_);
  EXPECT_EQ(clauses().substr(clauses().rfind(' ') + 1), "SM-LISTEN-2");
}

TEST_F(ShadowTest, ASynInTimeWaitMayBeTaken) {
  reach_time_wait();
  inject(segment(kSyn, kIrs + 1000));
  target_sends(segment(kSyn | kAck, kIss + 90000, kIrs + 1001));
  target_is(State::kSynReceived);
  EXPECT_EQ(clauses(), "");
}

// MAY-2 (2): the reset of an old duplicate; what TIME-WAIT owed before it may come then.
TEST_F(ShadowTest, TimeWaitComesBackWithWhatItOwes) {
  reach_time_wait();
  inject(segment(kFin | kAck, kIrs + 1, kIss + 2));
  now_ += std::chrono::seconds(1);
  inject(segment(kSyn, kIrs + 100));
  target_sends(segment(kSyn | kAck, kIss + 100'000, kIrs + 101));
  target_is(State::kSynReceived);
  inject(segment(kRst, kIrs + 101));
  target_sends(segment(kAck, kIss + 2, kIrs + 2));
  target_is(State::kTimeWait);
  EXPECT_EQ(clauses(), "");
}

TEST_F(ShadowTest, ASynInTimeWaitThatIsRefusedIsOneDivergence) {
  reach_time_wait();
  inject(segment(kSyn, kIrs + 1000));
  target_sends(segment(kAck, kIss + 2, kIrs + 2));
  target_is(State::kTimeWait);
  shadow_.missing(now_);
  EXPECT_EQ(clauses(), "MAY-2");
  EXPECT_FALSE(shadow_.lost());
}

TEST_F(ShadowTest, ASynInTimeWaitThatIsRefusedInSilenceIsOneDivergence) {
  reach_time_wait();
  inject(segment(kSyn, kIrs + 1000));
  target_is(State::kTimeWait);
  shadow_.missing(now_);
  EXPECT_EQ(clauses(), "MAY-2");
}

TEST_F(ShadowTest, WithoutRoomASynInTimeWaitMayBeRefused) {
  reach_time_wait();
  inject(segment(kSyn, kIrs + 1000), {.syn = false});
  target_is(State::kTimeWait);
  shadow_.missing(now_);
  EXPECT_EQ(clauses(), "");
}

TEST_F(ShadowTest, WithoutRoomItMayBeTakenAllTheSame) {
  reach_time_wait();
  inject(segment(kSyn, kIrs + 1000), {.syn = false});
  target_sends(segment(kSyn | kAck, kIss + 90000, kIrs + 1001));
  target_is(State::kSynReceived);
  EXPECT_EQ(clauses(), "");
}

TEST_F(ShadowTest, AfterAResetOfTheNewOneTheOldMayComeBack) {
  reach_time_wait();
  inject(segment(kSyn, kIrs + 1000));
  target_sends(segment(kSyn | kAck, kIss + 90000, kIrs + 1001));
  target_is(State::kSynReceived);
  inject(segment(kRst, kIrs + 1001));
  target_is(State::kTimeWait);
  inject(segment(kFin | kAck, kIrs + 1, kIss + 2));
  target_sends(segment(kAck, kIss + 2, kIrs + 2));
  EXPECT_EQ(clauses(), "");
}

TEST_F(ShadowTest, AfterAnyOtherSegmentItMayNot) {
  reach_time_wait();
  inject(segment(kSyn, kIrs + 1000));
  target_sends(segment(kSyn | kAck, kIss + 90000, kIrs + 1001));
  inject(segment(kAck, kIrs + 1001, kIss + 90001));
  target_is(State::kTimeWait);
  EXPECT_EQ(collector_.found.size(), 1U);
}

class GivingUp : public ShadowTest {
 protected:
  // Text is in flight, text has come, and the user timeout passes before its delayed ACK is due.
  void text_both_ways() {
    shadow_.set_user_timeout(now_, std::chrono::milliseconds(100));
    const std::vector<uint8_t> octets{'a', 'b'};
    shadow_.send(now_, octets, {});
    Segment text = segment(kAck | kPsh, kIss + 1, kIrs + 1);
    text.text = octets;
    target_sends(text);
    Segment arriving = segment(kAck, kIrs + 1, kIss + 1);
    arriving.text = octets;
    inject(arriving);
    now_ += std::chrono::seconds(1);
    shadow_.missing(now_);
  }
};

TEST_F(GivingUp, WhoGaveUpOwesNothing) {
  establish();
  text_both_ways();
  target_is(State::kListen);
  EXPECT_EQ(clauses(), "");
}

TEST_F(GivingUp, WhoDidNotOwesIt) {
  establish();
  text_both_ways();
  target_is(State::kEstablished);
  EXPECT_EQ(clauses(), "MUST-40");
}

}  // namespace
}  // namespace synfin::judge
