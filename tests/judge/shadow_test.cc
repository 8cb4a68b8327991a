// The shadow by itself: what it complains of, and how it finds back to a target.
#include "harness/judge/shadow.h"

#include <gtest/gtest.h>

#include <array>
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

// It has not taken the text that the rules have: an older ACK may be right, and tells nothing.
TEST_F(ShadowTest, AnAckThatIsBehindDoesNotBringItBack) {
  establish();
  target_is(State::kSynReceived);
  const std::array<uint8_t, 1> octet{'x'};
  Segment text = segment(kAck, kIrs + 1, kIss + 1);
  text.text = octet;
  inject(text);
  target_sends(segment(kAck, kIss + 1, kIrs + 1));
  target_is(State::kEstablished);
  EXPECT_TRUE(shadow_.lost());
  target_sends(segment(kAck, kIss + 1, kIrs + 2));
  target_is(State::kEstablished);
  EXPECT_FALSE(shadow_.lost());
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

TEST_F(ShadowTest, OneThatComesBackOwesNoSynAckOfThatTime) {
  Shadow active{profile_, traits_, nullptr, collector_, 0};
  const auto inject = [&](const Segment& segment) {
    wire::Decoded packet;
    packet.segment = segment;
    active.injected(now_, packet, {});
  };
  const auto sends = [&](const Segment& segment) {
    wire::Decoded packet;
    packet.segment = segment;
    active.sent(now_, packet);
  };
  active.open_active(now_);
  sends(segment(kSyn, kIss));
  inject(segment(kSyn, kIrs));
  active.observed(now_, State::kSynSent);  // it takes no simultaneous open
  EXPECT_TRUE(active.lost());
  inject(segment(kSyn | kAck, kIrs, kIss + 1));
  sends(segment(kAck, kIss + 1, kIrs + 1));
  inject(segment(kAck, kIrs + 1, kIss + 1));
  active.observed(now_, State::kEstablished);
  EXPECT_FALSE(active.lost());
  active.missing(now_);
  EXPECT_EQ(collector_.found.size(), 1U) << clauses();
}

// What a target does that has dropped the text of a SYN, as some do, is not told apart from a fault
// that it has besides.
TEST_F(ShadowTest, WhatCameWithASynIsInDoubtUntilItIsAcknowledged) {
  for (const bool acknowledged : {false, true}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    const std::array<uint8_t, 1> text{'x'};
    Segment syn = segment(kSyn, kIrs);
    syn.text = text;
    inject(syn);
    target_sends(segment(kSyn | kAck, kIss, kIrs + 1));
    inject(segment(kAck, kIrs + 2, kIss + 1));
    if (acknowledged) target_sends(segment(kAck, kIss + 1, kIrs + 2));
    target_is(State::kEstablished);
    inject(segment(kRst, kIrs + 3));
    target_is(State::kListen);
    ASSERT_EQ(clauses(), "RFC5961-3-3");
    EXPECT_EQ(collector_.found.back().in_doubt, !acknowledged);
  }
}

// Other octets in the place of those of the SYN: an acknowledgment tells not of which.
TEST_F(ShadowTest, WhatCameWithASynStaysInDoubtWhereMoreCameInItsPlace) {
  for (const uint32_t place : {kIrs + 1, kIrs + 2}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    const std::array<uint8_t, 1> text{'x'};
    Segment syn = segment(kSyn, kIrs);
    syn.text = text;
    inject(syn);
    target_sends(segment(kSyn | kAck, kIss, kIrs + 1));
    Segment third = segment(kAck, place, kIss + 1);
    third.text = text;
    inject(third);
    target_sends(segment(kAck, kIss + 1, place + 1));
    target_is(State::kEstablished);
    inject(segment(kRst, kIrs + 4));
    target_is(State::kListen);
    ASSERT_EQ(clauses(), "RFC5961-3-3");
    EXPECT_EQ(collector_.found.back().in_doubt, place == kIrs + 1);
  }
}

TEST_F(ShadowTest, AHandshakeThatTheTargetEndsEarlyIsReadyToBeAccepted) {
  inject(segment(kSyn, kIrs));
  target_sends(segment(kSyn | kAck, kIss, kIrs + 1));
  inject(segment(kAck, kIrs, kIss + 1));  // not acceptable
  EXPECT_FALSE(shadow_.ready());
  target_is(State::kEstablished);
  EXPECT_TRUE(shadow_.ready());
  inject(segment(kRst, kIrs + 1));
  inject(segment(kSyn, kIrs));
  EXPECT_FALSE(shadow_.ready());
}

// What becomes of it is the implementer's affair: Linux keeps it until its next segment comes.
TEST_F(ShadowTest, AHalfOpenConnectionMayOutliveItsListener) {
  inject(segment(kSyn, kIrs));
  target_sends(segment(kSyn | kAck, kIss, kIrs + 1));
  target_is(State::kSynReceived);
  shadow_.listener(now_, false);
  target_is(State::kSynReceived);
  EXPECT_EQ(clauses(), "");
  inject(segment(kAck, kIrs + 1, kIss + 1));
  shadow_.missing(now_);
  EXPECT_EQ(clauses(), "SM-CLOSED-3");
  target_is(State::kEstablished);
  EXPECT_TRUE(shadow_.lost());
}

TEST_F(ShadowTest, WhatFollowsFromReadingOtherTextIsInDoubt) {
  establish();
  const std::array<uint8_t, 2> text{'x', 'y'};
  Segment two = segment(kAck, kIrs + 1, kIss + 1);
  two.text = text;
  inject(two);
  shadow_.received(now_, std::array<uint8_t, 1>{'y'});
  target_sends(segment(kAck, kIss + 1, kIrs + 3));
  target_is(State::kEstablished);
  shadow_.close(now_, CloseKind::kBoth);
  target_is(State::kFinWait1);
  ASSERT_EQ(clauses(), "SM-ACC-7 SHLD-3");
  EXPECT_FALSE(collector_.found[0].in_doubt);
  EXPECT_TRUE(collector_.found[1].in_doubt);
}

// The right edge is not in the window: whether the target took the ACK that stood there shows late.
TEST_F(ShadowTest, AMissingRetransmissionIsInDoubtWhereADroppedSegmentAcknowledgedAll) {
  for (const uint32_t ack : {kIss + 1, kIss + 2}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    establish();
    const std::array<uint8_t, 1> octet{'x'};
    shadow_.send(now_, octet, {});
    Segment text = segment(kPsh | kAck, kIss + 1, kIrs + 1);
    text.text = octet;
    target_sends(text);
    inject(segment(kAck, kIrs + 1 + 1000, ack));
    target_sends(segment(kAck, kIss + 2, kIrs + 1));
    target_is(State::kEstablished);
    shadow_.missing(now_ + std::chrono::minutes(1));
    ASSERT_EQ(clauses(), "SM-TMO-2");
    EXPECT_EQ(collector_.found[0].in_doubt, ack == kIss + 2);
  }
}

TEST_F(ShadowTest, AnOpenThatFailedLeavesTheListener) {
  shadow_.open_active(now_);
  shadow_.open_failed(now_);
  target_is(State::kListen);
  inject(segment(kSyn, kIrs));
  target_sends(segment(kSyn | kAck, kIss, kIrs + 1));
  target_is(State::kSynReceived);
  EXPECT_EQ(clauses(), "");
}

TEST_F(ShadowTest, AnOrphanIsGivenUpSooner) {
  profile_.orphan_retries = 2;
  for (const CloseKind kind : {CloseKind::kSending, CloseKind::kBoth}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    establish();
    shadow_.close(now_, kind);
    for (int i = 0; i < 3; ++i) {
      target_sends(segment(kFin | kAck, kIss + 1, kIrs + 1));
      now_ += std::chrono::seconds(3 << i);
    }
    target_is(State::kListen);
    EXPECT_EQ(clauses(), kind == CloseKind::kBoth ? "" : "SM-USR-3");
  }
}

// MUST-7 leaves open what an illegal length leads to.
TEST_F(ShadowTest, ASegmentMayBeDroppedForItsOptions) {
  profile_.drops_illegal_option_from = 18;
  establish();
  wire::Decoded packet;
  const std::array<uint8_t, 1> octet{'x'};
  packet.segment = segment(kAck, kIrs + 1, kIss + 1);
  packet.segment.text = octet;
  packet.options_well_formed = false;
  for (const std::size_t room : {18U, 17U}) {
    const std::vector<uint8_t> options(room, 99);  // an option 99 that has 99 octets
    packet.option_octets = options;
    shadow_.injected(now_, packet, {});
    EXPECT_EQ(shadow_.rules().tcb().rcv.nxt, Seq(kIrs + (room == 18 ? 1 : 2)));
  }
}

// §3.10.7.4 step 5: what is acknowledged is not sent again, but for what is on its way.
TEST_F(ShadowTest, WhatIsAcknowledgedIsNotRepeated) {
  for (const int wait : {1, 1000}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    establish();
    const std::array<uint8_t, 1> octet{'x'};
    shadow_.send(now_, octet, {});
    Segment text = segment(kPsh | kAck, kIss + 1, kIrs + 1);
    text.text = octet;
    target_sends(text);
    inject(segment(kAck, kIrs + 1, kIss + 2));
    now_ += std::chrono::milliseconds(wait);
    target_sends(text);
    EXPECT_EQ(clauses(), wait == 1 ? "" : "SM-OUT-1");
  }
}

TEST_F(ShadowTest, WhatTheUserDidUnclearlyLeavesDoubt) {
  establish();
  shadow_.is_unclear();
  target_is(State::kCloseWait);
  ASSERT_EQ(collector_.found.size(), 1U);
  EXPECT_TRUE(collector_.found[0].in_doubt);
}

// Two with one number are owed, and one has come: the target answers what came last.
TEST_F(ShadowTest, OfTwoResetsTheFirstIsMissing) {
  establish();
  shadow_.close(now_, CloseKind::kBoth);
  target_sends(segment(kFin | kAck, kIss + 1, kIrs + 1));
  const std::array<uint8_t, 1> text{'x'};
  Segment last = segment(kFin | kAck, kIrs + 1, kIss + 2);
  last.text = text;
  inject(last);
  target_is(State::kListen);
  inject(segment(kAck, kIrs + 1, kIss + 2));
  target_sends(segment(kRst, kIss + 2));
  shadow_.missing(now_);
  EXPECT_EQ(clauses(), "SHLD-3");
}

// The RST of a connection whose listener goes may come; that of a segment to what is CLOSED has to.
TEST_F(ShadowTest, AResetThatMayComeDoesNotStandForOneThatMust) {
  establish();
  shadow_.listener(now_, false);
  shadow_.forget(now_);
  inject(segment(kAck, kIrs + 1, kIss + 1));
  target_sends(segment(kRst, kIss + 1));
  shadow_.missing(now_);
  EXPECT_EQ(clauses(), "");
}

// A RST of the connection before is none of the next one.
TEST_F(ShadowTest, AResetThatMayComeEndsWithItsConnection) {
  establish();
  target_is(State::kListen);  // it has ended the connection, and could tell its peer
  ASSERT_EQ(collector_.found.size(), 1U);
  inject(segment(kSyn, kIrs + 1000));
  target_sends(segment(kSyn | kAck, kIss + 5000, kIrs + 1001));
  target_is(State::kSynReceived);
  target_sends(segment(kRst, kIss + 1));
  EXPECT_EQ(info(collector_.found.back().clause).id, "SM-OUT-5");
}

TEST_F(ShadowTest, TextAndFinOfOneTimeoutAreOneProbe) {
  establish();
  const std::array<uint8_t, 1> octet{'x'};
  shadow_.send(now_, octet, {});
  Segment text = segment(kPsh | kAck, kIss + 1, kIrs + 1);
  text.text = octet;
  target_sends(text);
  Segment closed = segment(kAck, kIrs + 1, kIss + 1);
  closed.wnd = 0;
  inject(closed);
  shadow_.close(now_, CloseKind::kSending);
  const auto times_out_after = [&](int wait) {
    now_ += std::chrono::seconds(wait);
    target_sends(text);
    target_sends(segment(kFin | kAck, kIss + 2, kIrs + 1));
  };
  for (const int wait : {1, 2, 4}) times_out_after(wait);
  EXPECT_EQ(clauses(), "");
  times_out_after(4);
  EXPECT_EQ(clauses(), "SHLD-30");
}

// With one octet beyond a closed window an ACK at its edge has the number of a probe.
TEST_F(ShadowTest, AnAckThatIsOwedIsNoProbe) {
  establish();
  shadow_.close(now_, CloseKind::kSending);
  const Segment fin = segment(kFin | kAck, kIss + 1, kIrs + 1);
  target_sends(fin);
  Segment closed = segment(kAck, kIrs + 1, kIss + 1);
  closed.wnd = 0;
  inject(closed);
  for (const int wait : {1, 2}) {
    now_ += std::chrono::seconds(wait);
    target_sends(fin);
  }
  now_ += std::chrono::seconds(1);
  inject(segment(kSyn, kIrs));
  target_sends(segment(kAck, kIss + 1, kIrs + 1));
  EXPECT_EQ(clauses(), "");
}

TEST_F(ShadowTest, LastAckMayEndByTime) {
  profile_.last_ack_timeout = std::chrono::seconds(120);
  for (const int seconds : {119, 120}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    establish();
    inject(segment(kFin | kAck, kIrs + 1, kIss + 1));
    target_sends(segment(kAck, kIss + 1, kIrs + 2));
    shadow_.close(now_, CloseKind::kBoth);
    target_sends(segment(kFin | kAck, kIss + 1, kIrs + 2));
    target_is(State::kLastAck);
    now_ += std::chrono::seconds(seconds);
    target_is(State::kListen);
    EXPECT_EQ(collector_.found.empty(), seconds == 120) << clauses();
  }
}

// The target calls it LAST-ACK from the close() on, the rules from the FIN on.
TEST_F(ShadowTest, LastAckMayEndBeforeTheFinIsSent) {
  profile_.last_ack_timeout = std::chrono::seconds(120);
  shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
  shadow_.listener(now_, true);
  establish();
  inject(segment(kFin | kAck, kIrs + 1, kIss + 1));
  target_sends(segment(kAck, kIss + 1, kIrs + 2));
  shadow_.send(now_, std::array<uint8_t, 1>{'x'}, {});
  shadow_.close(now_, CloseKind::kBoth);
  target_is(State::kLastAck);
  now_ += std::chrono::seconds(120);
  target_is(State::kListen);
  EXPECT_EQ(clauses(), "");
}

// Whoever gives up does so by a timer; a RST that answers a segment tells nothing of that.
TEST_F(ShadowTest, AnAnswerIsNoGivingUp) {
  profile_.syn_retries = 1;
  shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
  shadow_.open_active(now_);
  target_sends(segment(kSyn, kIss));
  now_ += std::chrono::seconds(3);
  target_sends(segment(kSyn, kIss));
  now_ += std::chrono::milliseconds(1);
  inject(segment(kAck, kIrs, kIss + 1));
  target_sends(segment(kRst | kAck, kIss + 1, kIrs));
  EXPECT_EQ(clauses(), "SM-OUT-5");
  target_is(State::kSynSent);
  EXPECT_EQ(clauses(), "SM-OUT-5");
}

TEST_F(ShadowTest, AnAckOfWhatHasNotComeIsNoOldestAck) {
  establish();
  const uint32_t half = 1U << 31U;
  target_sends(segment(kAck, kIss + 1, kIrs + half));
  const std::size_t one = collector_.found.size();
  target_sends(segment(kAck, kIss + 1, kIrs + half + 1000));
  EXPECT_GT(collector_.found.size(), one);
}

TEST_F(ShadowTest, WhatIsSentAtOnceIsNoProbe) {
  const std::array<uint8_t, 1> octet{'x'};
  for (const bool shrank : {false, true}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    Segment syn = segment(kSyn, kIrs);
    syn.wnd = shrank ? 1000 : 0;
    inject(syn);
    target_sends(segment(kSyn | kAck, kIss, kIrs + 1));
    Segment closed = segment(kAck, kIrs + 1, kIss + 1);
    closed.wnd = 0;
    inject(closed);
    shadow_.send(now_, octet, {});
    Segment text = segment(kPsh | kAck, kIss + 1, kIrs + 1);
    text.text = octet;
    target_sends(text);
    EXPECT_EQ(clauses(), shrank ? "SHLD-15" : "SHLD-29");
    // It is not where the intervals begin: the second of these is no longer than the first.
    for (const int wait : {3, 3}) {
      now_ += std::chrono::seconds(wait);
      target_sends(text);
    }
    EXPECT_EQ(clauses(), shrank ? "SHLD-15" : "SHLD-29");
  }
}

TEST_F(ShadowTest, AFinThatIsSentAtOnceIsNoProbe) {
  establish();
  const std::array<uint8_t, 1> octet{'x'};
  shadow_.send(now_, octet, {});
  Segment text = segment(kPsh | kAck, kIss + 1, kIrs + 1);
  text.text = octet;
  target_sends(text);
  Segment closed = segment(kAck, kIrs + 1, kIss + 1);
  closed.wnd = 0;
  inject(closed);
  for (const int wait : {1, 2}) {
    now_ += std::chrono::seconds(wait);
    target_sends(text);
  }
  now_ += std::chrono::milliseconds(900);
  shadow_.close(now_, CloseKind::kSending);
  target_sends(segment(kFin | kAck, kIss + 2, kIrs + 1));
  EXPECT_EQ(clauses(), "SHLD-15");
}

TEST_F(ShadowTest, AStateThatEndsByTimeBreaksTheRuleOfItsTime) {
  reach_time_wait();
  inject(segment(kAck, kIrs + 2, kIss + 2));
  target_is(State::kTimeWait);
  now_ += std::chrono::seconds(1);
  target_is(State::kListen);
  EXPECT_EQ(clauses(), "MUST-13");
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
