// The shadow by itself: what it complains of, and how it finds back to a target.
#include <array>
#include <string>
#include <vector>

#include "tests/judge/shadow_lab.h"

namespace synfin::judge {
namespace {

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

TEST_F(ShadowTest, AHalfOpenConnectionThatOutlivedItsListenerLeavesDoubt) {
  for (const bool stays : {true, false}) {
    collector_.found.clear();
    Shadow shadow(profile_, traits_, nullptr, collector_, 0);
    const auto open = [&](uint32_t iss) {
      shadow.listener(now_, true);
      wire::Decoded packet;
      packet.segment = segment(kSyn, kIrs);
      shadow.injected(now_, packet, {});
      packet.segment = segment(kSyn | kAck, iss, kIrs + 1);
      shadow.sent(now_, packet);
      shadow.observed(now_, State::kSynReceived);
    };
    open(kIss);
    shadow.listener(now_, false);
    shadow.observed(now_, stays ? State::kSynReceived : State::kClosed);
    open(stays ? kIss : kIss + 7);
    shadow.observed(now_, State::kListen);  // it has nobody whom it could be given to
    ASSERT_EQ(collector_.found.size(), 1U);
    EXPECT_EQ(collector_.found[0].in_doubt, stays);
  }
}

TEST_F(ShadowTest, WhatFollowsFromAFinBeforeAllTextIsInDoubt) {
  establish();
  const std::array<uint8_t, 2> text{'x', 'y'};
  shadow_.send(now_, text, {});
  shadow_.close(now_, CloseKind::kSending);
  Segment part = segment(kFin | kPsh | kAck, kIss + 1, kIrs + 1);
  part.text = std::span(text).first(1);
  target_sends(part);
  inject(segment(kAck, kIrs, kIss + 1));
  target_sends(segment(kAck, kIss + 3, kIrs + 1));
  target_is(State::kFinWait1);
  Segment rest = segment(kFin | kPsh | kAck, kIss + 3, kIrs + 1);
  rest.text = std::span(text).last(1);
  target_sends(rest);
  ASSERT_GE(collector_.found.size(), 2U);
  EXPECT_FALSE(collector_.found[0].in_doubt);
  EXPECT_TRUE(collector_.found[1].in_doubt);
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

// What came since, and the state that it led to, are not those of the RST.
TEST_F(ShadowTest, AMissingResetNamesWhatItShouldHaveAnswered) {
  establish();
  shadow_.note_cause(1);
  shadow_.close(now_, CloseKind::kBoth);
  target_sends(segment(kFin | kAck, kIss + 1, kIrs + 1));
  shadow_.note_cause(2);
  Segment text = segment(kAck, kIrs + 1, kIss + 2);
  text.text = octet_;
  inject(text);
  shadow_.note_cause(3);
  target_is(State::kListen);
  inject(segment(kSyn, kIrs + 9000));
  ASSERT_EQ(shadow_.state(), State::kSynReceived);
  shadow_.note_cause(4);
  target_sends(segment(kSyn | kAck, kIss + 9000, kIrs + 9001));
  shadow_.missing(now_);
  ASSERT_EQ(clauses(), "SHLD-3");
  EXPECT_EQ(collector_.found[0].cause, 3U);
  EXPECT_EQ(collector_.found[0].state, State::kClosed);
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

}  // namespace
}  // namespace synfin::judge
