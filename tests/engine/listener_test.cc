// The listener: many peers, two bounded queues.
#include "engine/listener.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace synfin {
namespace {

using namespace std::chrono_literals;

struct Sent {
  PeerKey peer;
  Segment segment;
};

class ListenerTest : public ::testing::Test {
 protected:
  static PeerKey peer(uint8_t number) {
    PeerKey key;
    key.octets[0] = number;
    return key;
  }
  static Segment make(unsigned flags, uint32_t seq, uint32_t ack = 0) {
    Segment segment;
    segment.flags = Flags(flags);
    segment.seq = Seq(seq);
    segment.ack = Seq(ack);
    segment.wnd = 1000;
    return segment;
  }

  std::vector<Sent> drain(Listener& listener) {
    std::vector<Sent> sent;
    Sent one;
    while (listener.poll_transmit(now, one.peer, one.segment)) sent.push_back(one);
    return sent;
  }
  std::vector<Sent> give(Listener& listener, uint8_t from, const Segment& segment) {
    listener.on_segment(now, peer(from), segment, Seq(1000U * from));
    return drain(listener);
  }
  // A SYN and, after its answer, the third ACK.
  void open(Listener& listener, uint8_t from) {
    give(listener, from, make(kSyn, 10));
    give(listener, from, make(kAck, 11, 1000U * from + 1));
  }

  Profile profile;
  Time now{1s};
};

TEST_F(ListenerTest, EveryPeerGetsAConnectionOfItsOwn) {
  Listener listener(profile, 5);
  for (uint8_t from = 1; from <= 3; ++from) {
    const auto sent = give(listener, from, make(kSyn, 10));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].peer, peer(from));
    EXPECT_EQ(sent[0].segment.flags.bits, kSyn | kAck);
    EXPECT_EQ(sent[0].segment.seq, Seq(1000U * from));
    EXPECT_EQ(sent[0].segment.ack, Seq(11));
    EXPECT_EQ(listener.state(peer(from)), State::kSynReceived);
  }
  EXPECT_EQ(listener.half_open(), 3U);
}

TEST_F(ListenerTest, AcceptHandsOverInTheOrderOfTheThirdAcks) {
  Listener listener(profile, 5);
  give(listener, 1, make(kSyn, 10));
  give(listener, 2, make(kSyn, 10));
  PeerKey who;
  EXPECT_EQ(listener.accept(who), nullptr) << "half-open connections are not accepted";
  give(listener, 2, make(kAck, 11, 2001));
  give(listener, 1, make(kAck, 11, 1001));
  EXPECT_EQ(listener.waiting(), 2U);
  auto first = listener.accept(who);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(who, peer(2));
  EXPECT_EQ(first->state(), State::kEstablished);
  EXPECT_EQ(listener.state(peer(2)), std::nullopt);
  ASSERT_NE(listener.accept(who), nullptr);
  EXPECT_EQ(who, peer(1));
  EXPECT_EQ(listener.accept(who), nullptr);
}

TEST_F(ListenerTest, WhatBelongsToNoConnectionIsAnsweredAsInListen) {
  Listener listener(profile, 5);
  EXPECT_TRUE(give(listener, 1, make(kRst, 10)).empty());
  EXPECT_TRUE(give(listener, 1, make(kFin, 10)).empty());
  const auto sent = give(listener, 1, make(kAck, 10, 77));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].segment.flags.bits, kRst);
  EXPECT_EQ(sent[0].segment.seq, Seq(77));
  EXPECT_EQ(listener.state(peer(1)), std::nullopt) << "nothing must be left of it";
}

TEST_F(ListenerTest, TheSynQueueIsBounded) {
  profile.syn_queue_slack = 0;
  Listener listener(profile, 2);
  EXPECT_EQ(give(listener, 1, make(kSyn, 10)).size(), 1U);
  EXPECT_EQ(give(listener, 2, make(kSyn, 10)).size(), 1U);
  EXPECT_FALSE(listener.has_room());
  EXPECT_TRUE(give(listener, 3, make(kSyn, 10)).empty());
  EXPECT_EQ(listener.state(peer(3)), std::nullopt);
  give(listener, 1, make(kRst, 11));  // makes room
  EXPECT_EQ(listener.half_open(), 1U);
  EXPECT_EQ(give(listener, 3, make(kSyn, 10)).size(), 1U);
}

TEST_F(ListenerTest, ABacklogOfZeroStillOpensOne) {
  profile.accept_queue_slack = 1;
  Listener listener(profile, 0);
  open(listener, 1);
  EXPECT_EQ(listener.waiting(), 1U);
}

// The ACK is dropped, and the SYN,ACK comes again.
TEST_F(ListenerTest, AFullAcceptQueueDropsTheThirdAck) {
  profile.accept_queue_slack = 0;
  profile.accept_overflow_resets = false;
  Listener listener(profile, 1);
  profile.syn_queue_slack = 1;
  give(listener, 1, make(kSyn, 10));
  give(listener, 2, make(kSyn, 10));
  give(listener, 1, make(kAck, 11, 1001));
  EXPECT_TRUE(give(listener, 2, make(kAck, 11, 2001)).empty());
  EXPECT_EQ(listener.state(peer(2)), State::kSynReceived);
  now = listener.next_deadline();
  listener.on_time(now);
  const auto sent = drain(listener);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].segment.flags.bits, kSyn | kAck);
  EXPECT_EQ(sent[0].peer, peer(2));
  PeerKey who;
  ASSERT_NE(listener.accept(who), nullptr);
  give(listener, 2, make(kAck, 11, 2001));
  EXPECT_EQ(listener.state(peer(2)), State::kEstablished);
}

TEST_F(ListenerTest, AFullAcceptQueueMayReset) {
  profile.accept_queue_slack = 0;
  profile.syn_queue_slack = 1;
  profile.accept_overflow_resets = true;
  Listener listener(profile, 1);
  give(listener, 1, make(kSyn, 10));
  give(listener, 2, make(kSyn, 10));
  give(listener, 1, make(kAck, 11, 1001));
  const auto sent = give(listener, 2, make(kAck, 11, 2001));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_TRUE(sent[0].segment.flags.rst());
  EXPECT_EQ(listener.state(peer(2)), std::nullopt);
}

TEST_F(ListenerTest, AFullAcceptQueueTakesNoSyn) {
  profile.accept_queue_slack = 0;
  Listener listener(profile, 1);
  open(listener, 1);
  EXPECT_TRUE(give(listener, 2, make(kSyn, 10)).empty());
  PeerKey who;
  ASSERT_NE(listener.accept(who), nullptr);
  EXPECT_EQ(give(listener, 2, make(kSyn, 10)).size(), 1U);
}

TEST_F(ListenerTest, AHalfOpenConnectionThatGivesUpIsForgotten) {
  Listener listener(profile, 5);
  give(listener, 1, make(kSyn, 10));
  unsigned repeated = 0;
  while (listener.next_deadline() != kNever && repeated < 50) {
    now = listener.next_deadline();
    listener.on_time(now);
    repeated += static_cast<unsigned>(drain(listener).size());
  }
  EXPECT_EQ(repeated, profile.syn_ack_retries);
  EXPECT_EQ(listener.half_open(), 0U);
  EXPECT_EQ(listener.state(peer(1)), std::nullopt);
}

TEST_F(ListenerTest, AConnectionResetWhileItWaitsIsStillAccepted) {
  Listener listener(profile, 5);
  open(listener, 1);
  give(listener, 1, make(kRst, 11));
  PeerKey who;
  const auto connection = listener.accept(who);
  ASSERT_NE(connection, nullptr);
  EXPECT_EQ(connection->state(), State::kClosed);
}

TEST_F(ListenerTest, CloseResetsWhatWasNotAccepted) {
  Listener listener(profile, 5);
  open(listener, 1);
  give(listener, 2, make(kSyn, 10));
  listener.close(now);
  const auto sent = drain(listener);
  ASSERT_EQ(sent.size(), 2U);
  for (const Sent& one : sent) EXPECT_TRUE(one.segment.flags.rst());
  EXPECT_TRUE(give(listener, 3, make(kSyn, 10)).empty()) << "it must be deaf";
  EXPECT_EQ(listener.next_deadline(), kNever);
}

// §3.6.1, MAY-2 (2).
TEST_F(ListenerTest, WhatLingeredComesBackWhenTheSynWasOld) {
  Listener listener(profile, 5);
  for (const bool old : {true, false}) {
    auto lingering = std::make_unique<Reference>(profile);
    const Reference* const before = lingering.get();
    ASSERT_EQ(listener.on_segment(now, peer(1), make(kSyn, 10), Seq(1000), std::move(lingering)),
              nullptr);
    drain(listener);
    const auto back =
        listener.on_segment(now, peer(1), old ? make(kRst, 11) : make(kAck, 11, 1001), Seq(0));
    EXPECT_EQ(back.get(), old ? before : nullptr);
    drain(listener);
  }
}

}  // namespace
}  // namespace synfin
