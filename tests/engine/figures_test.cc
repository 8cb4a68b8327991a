// The figures of RFC 9293 §3.5 and §3.6 as programs: each line's segment, with SEQ, ACK and control
// bits, and the state of both peers after it.
#include <gtest/gtest.h>

#include "tests/engine/lab.h"

namespace synfin::testing {
namespace {

constexpr unsigned kSynAck = kSyn | kAck;
constexpr unsigned kFinAck = kFin | kAck;
constexpr unsigned kRstOnly = kRst;

// The two peers, and what the figures say of them.
class Figure : public ::testing::Test {
 protected:
  // The single segment that `from` sends now; it must look like the figure's.
  static Kept sends(Lab& from, uint32_t seq, unsigned flags, uint32_t ack = 0) {
    auto sent = from.take();
    EXPECT_EQ(sent.size(), 1U);
    if (sent.empty()) return {};
    const Segment& segment = sent.front().segment;
    EXPECT_EQ(segment.seq.value(), seq);
    EXPECT_EQ(segment.flags.bits & ~kPsh, static_cast<int>(flags));
    if (segment.flags.ack()) {
      EXPECT_EQ(segment.ack.value(), ack);
    }
    return std::move(sent.front());
  }
  static void is_silent(Lab& peer) { EXPECT_TRUE(peer.take().empty()); }
  void states(State of_a, State of_b) const {
    EXPECT_EQ(to_string(a.state()), to_string(of_a));
    EXPECT_EQ(to_string(b.state()), to_string(of_b));
  }
  // An open connection with SND.NXT of A and B as said; A has opened it.
  void connect(uint32_t a_next, uint32_t b_next) {
    b.tcp.open_passive(b.now, Seq(b_next - 1));
    a.tcp.open_active(a.now, Seq(a_next - 1));
    b.arrive(sends(a, a_next - 1, kSyn));
    a.arrive(sends(b, b_next - 1, kSynAck, a_next));
    b.arrive(sends(a, a_next, kAck, b_next));
    states(State::kEstablished, State::kEstablished);
    a.take_signals();
    b.take_signals();
  }

  Lab a;
  Lab b;
};

TEST_F(Figure, No6BasicHandshake) {
  // 1. CLOSED, LISTEN
  b.tcp.open_passive(b.now, Seq(300));
  states(State::kClosed, State::kListen);
  // 2.
  a.tcp.open_active(a.now, Seq(100));
  const Kept syn = sends(a, 100, kSyn);
  b.arrive(syn);
  states(State::kSynSent, State::kSynReceived);
  // 3.
  const Kept syn_ack = sends(b, 300, kSynAck, 101);
  a.arrive(syn_ack);
  states(State::kEstablished, State::kSynReceived);
  // 4.
  b.arrive(sends(a, 101, kAck, 301));
  states(State::kEstablished, State::kEstablished);
  is_silent(b);
  // 5.
  EXPECT_EQ(a.send("data"), CallStatus::kOk);
  b.arrive(sends(a, 101, kAck, 301));
  states(State::kEstablished, State::kEstablished);
  EXPECT_EQ(b.read(), "data");
  a.arrive(sends(b, 301, kAck, 105));
  is_silent(a);
  EXPECT_EQ(a.take_signals(), std::vector{Signal::kEstablished});
  EXPECT_EQ(b.take_signals(), std::vector{Signal::kEstablished});
}

TEST_F(Figure, No7SimultaneousOpen) {
  states(State::kClosed, State::kClosed);
  // 2. and the right half of 3.
  a.tcp.open_active(a.now, Seq(100));
  const Kept syn_a = sends(a, 100, kSyn);
  b.tcp.open_active(b.now, Seq(300));
  const Kept syn_b = sends(b, 300, kSyn);
  states(State::kSynSent, State::kSynSent);
  // 3.
  a.arrive(syn_b);
  states(State::kSynReceived, State::kSynSent);
  // 4.
  b.arrive(syn_a);
  states(State::kSynReceived, State::kSynReceived);
  // 5.
  const Kept syn_ack_a = sends(a, 100, kSynAck, 301);
  // 6.
  a.arrive(sends(b, 300, kSynAck, 101));
  states(State::kEstablished, State::kSynReceived);
  // 7.
  b.arrive(syn_ack_a);
  states(State::kEstablished, State::kEstablished);
  // What the figure leaves out: each may acknowledge the other's SYN,ACK; nobody resets.
  for (Lab* peer : {&a, &b}) {
    for (const Kept& sent : peer->take()) {
      EXPECT_EQ(sent.segment.flags, Flags(kAck));
      (peer == &a ? b : a).arrive(sent);
    }
  }
  is_silent(a);
  is_silent(b);
  states(State::kEstablished, State::kEstablished);
}

// The ISS of the second SYN,ACK is the implementation's choice (§3.4.1); the figure has 400 after
// 300.
TEST_F(Figure, No8OldDuplicateSyn) {
  b.tcp.open_passive(b.now, Seq(300));
  states(State::kClosed, State::kListen);
  // 2.
  a.tcp.open_active(a.now, Seq(100));
  const Kept syn = sends(a, 100, kSyn);
  // 3.
  Segment old = a.next(kSyn);
  old.seq = Seq(90);
  b.arrive(old);
  states(State::kSynSent, State::kSynReceived);
  // 4.
  a.arrive(sends(b, 300, kSynAck, 91));
  states(State::kSynSent, State::kSynReceived);
  // 5.
  b.arrive(sends(a, 91, kRstOnly));
  states(State::kSynSent, State::kListen);
  is_silent(b);
  EXPECT_TRUE(b.take_signals().empty()) << "the user need not be informed";
  // 6.
  b.arrive(syn);
  states(State::kSynSent, State::kSynReceived);
  // 7.
  auto second = b.take();
  ASSERT_EQ(second.size(), 1U);
  const uint32_t iss = second[0].segment.seq.value();
  EXPECT_GT(iss, 300U);
  EXPECT_EQ(second[0].segment.ack, Seq(101));
  a.arrive(std::move(second[0]));
  states(State::kEstablished, State::kSynReceived);
  // 8.
  b.arrive(sends(a, 101, kAck, iss + 1));
  states(State::kEstablished, State::kEstablished);
  is_silent(b);
}

TEST_F(Figure, No9HalfOpenFoundBySyn) {
  // 1. B is at (send 300, receive 100), and A forgets everything.
  connect(100, 300);
  Lab again;
  // 2., 3.
  again.tcp.open_active(again.now, Seq(400));
  b.arrive(sends(again, 400, kSyn));
  // 4.
  EXPECT_EQ(b.state(), State::kEstablished);
  again.arrive(sends(b, 300, kAck, 100));
  EXPECT_EQ(again.state(), State::kSynSent);
  // 5.
  b.arrive(sends(again, 100, kRstOnly));
  // 6.
  EXPECT_EQ(again.state(), State::kSynSent);
  EXPECT_EQ(b.state(), State::kClosed);
  EXPECT_EQ(b.take_signals(), std::vector{Signal::kConnectionReset});
  is_silent(b);
  // 7.
  again.wait(std::chrono::milliseconds(1500));
  sends(again, 400, kSyn);
  EXPECT_EQ(again.state(), State::kSynSent);
}

TEST_F(Figure, No10HalfOpenFoundByText) {
  connect(100, 300);
  Lab again;
  // 2.
  EXPECT_EQ(b.send("0123456789"), CallStatus::kOk);
  const Kept text = sends(b, 300, kAck, 100);
  EXPECT_EQ(text.text.size(), 10U);
  again.arrive(text);
  EXPECT_EQ(again.state(), State::kClosed);
  // 3.
  b.arrive(sends(again, 100, kRstOnly));
  EXPECT_EQ(b.state(), State::kClosed);
  EXPECT_EQ(b.take_signals(), std::vector{Signal::kConnectionReset});
  is_silent(b);
}

TEST_F(Figure, No11OldDuplicateSynBetweenListeners) {
  constexpr uint32_t kZ = 77;
  a.tcp.open_passive(a.now, Seq(500));
  b.tcp.open_passive(b.now, Seq(300));
  // 2.
  Segment old = a.next(kSyn);
  old.seq = Seq(kZ);
  b.arrive(old);
  states(State::kListen, State::kSynReceived);
  // 3.
  a.arrive(sends(b, 300, kSynAck, kZ + 1));
  states(State::kListen, State::kSynReceived);
  // 4. The figure writes SEQ=Z+1; by §3.10.7.2 it is SEG.ACK, which is Z+1.
  b.arrive(sends(a, kZ + 1, kRstOnly));
  // 5.
  states(State::kListen, State::kListen);
  is_silent(a);
  is_silent(b);
  EXPECT_TRUE(a.take_signals().empty());
  EXPECT_TRUE(b.take_signals().empty());
}

TEST_F(Figure, No12NormalClose) {
  connect(100, 300);
  // 2.
  EXPECT_EQ(a.tcp.close(a.now, CloseKind::kSending), CallStatus::kOk);
  b.arrive(sends(a, 100, kFinAck, 300));
  states(State::kFinWait1, State::kCloseWait);
  EXPECT_EQ(b.take_signals(), std::vector{Signal::kConnectionClosing});
  // 3.
  a.arrive(sends(b, 300, kAck, 101));
  states(State::kFinWait2, State::kCloseWait);
  // 4.
  EXPECT_EQ(b.tcp.close(b.now, CloseKind::kSending), CallStatus::kOk);
  a.arrive(sends(b, 300, kFinAck, 101));
  states(State::kTimeWait, State::kLastAck);
  // 5.
  b.arrive(sends(a, 101, kAck, 301));
  states(State::kTimeWait, State::kClosed);
  // 6. After 2 MSL (MUST-13), and not before.
  const Duration two_msl = 2 * plain_profile().msl;
  a.wait(two_msl - std::chrono::nanoseconds(1));
  states(State::kTimeWait, State::kClosed);
  a.wait(std::chrono::nanoseconds(1));
  states(State::kClosed, State::kClosed);
  is_silent(a);
  is_silent(b);
}

TEST_F(Figure, No13SimultaneousClose) {
  connect(100, 300);
  // 2.
  a.tcp.close(a.now, CloseKind::kSending);
  b.tcp.close(b.now, CloseKind::kSending);
  const Kept fin_a = sends(a, 100, kFinAck, 300);
  const Kept fin_b = sends(b, 300, kFinAck, 100);
  states(State::kFinWait1, State::kFinWait1);
  a.arrive(fin_b);
  b.arrive(fin_a);
  states(State::kClosing, State::kClosing);
  // 3.
  const Kept ack_a = sends(a, 101, kAck, 301);
  const Kept ack_b = sends(b, 301, kAck, 101);
  a.arrive(ack_b);
  b.arrive(ack_a);
  // 4.
  states(State::kTimeWait, State::kTimeWait);
  is_silent(a);
  is_silent(b);
  for (Lab* peer : {&a, &b}) peer->wait(2 * plain_profile().msl);
  states(State::kClosed, State::kClosed);
}

}  // namespace
}  // namespace synfin::testing
