// Rules::last_clause(): the rule by which the state is what it is, whatever else was applied.
#include <gtest/gtest.h>

#include "tests/engine/lab.h"

namespace synfin::testing {
namespace {

std::string_view decided(const Lab& lab) { return info(lab.tcp.rules().last_clause()).id; }

// MUST-66 takes the ACK, and with it the window (MUST-1); the FIN is kept out by step 1.
TEST(Decision, ZeroWindowKeepsTheFinOut) {
  Profile profile = plain_profile();
  profile.receive_buffer = 4;
  Lab lab(profile);
  lab.go_to(Place::kEstablished);
  const std::vector<uint8_t> text(4, 'x');
  Segment full = lab.next();
  full.text = text;
  lab.arrive(full);
  lab.take();
  ASSERT_EQ(lab.tcb().rcv.wnd(), 0U);
  lab.arrive(lab.next(kFin | kAck));
  EXPECT_EQ(lab.state(), State::kEstablished);
  EXPECT_EQ(decided(lab), "SM-ACC-3");
}

TEST(Decision, WhatStepOneDropsIsDecidedByItsTest) {
  Lab lab;
  lab.go_to(Place::kEstablished);
  Segment outside = lab.next(kFin | kAck);
  outside.seq = lab.tcb().rcv.edge;
  lab.arrive(outside);
  EXPECT_EQ(decided(lab), "SM-ACC-4");
  outside.flags = Flags(kAck);
  lab.arrive(outside);
  EXPECT_EQ(decided(lab), "SM-ACC-2");
  outside.flags = Flags(kRst);
  lab.arrive(outside);
  EXPECT_EQ(decided(lab), "SM-ACC-6");
}

TEST(Decision, WhatIsChallengedIsDecidedByTheChallenge) {
  Lab lab;
  lab.go_to(Place::kEstablished);
  Segment segment = lab.next(kRst);
  segment.seq += 1;
  lab.arrive(segment);
  EXPECT_EQ(decided(lab), "RFC5961-3-3");
  lab.arrive(lab.next(kSyn));
  EXPECT_EQ(decided(lab), "RFC5961-4-1");
}

// The ACK of the SYN opens the window too: the move is what counts.
TEST(Decision, AMoveIsDecidedByItsRule) {
  Lab lab;
  lab.go_to(Place::kSynReceivedPassive);
  lab.arrive(lab.next());
  EXPECT_EQ(decided(lab), "SM-ACK-2");
  lab.tcp.close(lab.now, CloseKind::kSending);
  lab.take();
  EXPECT_EQ(decided(lab), "SM-USR-3");
  lab.arrive(lab.next(kFin | kAck));
  EXPECT_EQ(lab.state(), State::kTimeWait);
  EXPECT_EQ(decided(lab), "SM-FIN-5");
}

// The third ACK opens the connection; its FIN, ahead of a gap, is not acted on.
TEST(Decision, AMoveCountsBeforeWhatTheSameSegmentLeaves) {
  Lab lab;
  lab.go_to(Place::kSynReceivedPassive);
  Segment third = lab.next(kFin | kAck);
  third.seq += 10;
  lab.arrive(third);
  EXPECT_EQ(lab.state(), State::kEstablished);
  EXPECT_EQ(decided(lab), "SM-ACK-2");
}

TEST(Decision, WhatDoesNotAcknowledgeOurFinIsDecidedThere) {
  Lab lab;
  lab.go_to(Place::kFinWait1);
  Segment ack = lab.next();
  ack.ack = lab.tcb().snd.una;
  lab.arrive(ack);
  EXPECT_EQ(lab.state(), State::kFinWait1);
  EXPECT_EQ(decided(lab), "SM-ACK-7");
}

// What is sent later does not change what decided.
TEST(Decision, SendingDecidesNothing) {
  Lab lab;
  lab.go_to(Place::kEstablished);
  lab.arrive(lab.next());
  EXPECT_EQ(decided(lab), "SM-ACC-2");
  lab.send("text");
  lab.take();
  EXPECT_EQ(decided(lab), "SM-ACC-2");
}

}  // namespace
}  // namespace synfin::testing
