// Two references by themselves: the figures of RFC 9293 and transfers over good and bad networks.
#include "engine/reference.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/engine/lab.h"
#include "tests/engine/pair.h"

namespace synfin::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Seq kIssA{100};
constexpr Seq kIssB{300};

void connect(Pair& pair) {
  ASSERT_EQ(pair.b.tcp.open_passive(pair.now, kIssB), CallStatus::kOk);
  ASSERT_EQ(pair.a.tcp.open_active(pair.now, kIssA), CallStatus::kOk);
  pair.run(pair.now + milliseconds(10));
  ASSERT_EQ(pair.a.tcp.state(), State::kEstablished);
  ASSERT_EQ(pair.b.tcp.state(), State::kEstablished);
}

// RFC 9293 §3.5, figure 6.
TEST(Reference, ThreeWayHandshake) {
  Pair pair;
  connect(pair);
  EXPECT_EQ(pair.segments, 3U) << pair.log;
  EXPECT_EQ(pair.a.tcp.rules().tcb().snd.nxt, kIssA + 1);
  EXPECT_EQ(pair.b.tcp.rules().tcb().rcv.nxt, kIssA + 1);
}

// RFC 9293 §3.5, figure 7.
// MUST-8, RFC 6528 §3: an ISS is not used twice, whether time has passed or not.
TEST(Reference, EachIncarnationHasItsOwnIss) {
  Lab lab;
  lab.go_to(Place::kListen);
  Seq last = Lab::kIss - 1;
  for (const auto pause : {0, 0, 10, 1000}) {
    lab.now += std::chrono::milliseconds(pause);
    Segment syn = lab.next(kSyn);
    syn.seq = Lab::kIrs;
    lab.arrive(syn);
    lab.take();
    const Seq iss = lab.tcb().snd.iss;
    EXPECT_TRUE(iss.after(last)) << iss.value();
    // A tick of 4 µs.
    EXPECT_GE(Seq::distance(last, iss), static_cast<uint32_t>(pause) * 250U);
    last = iss;
    lab.arrive(lab.next(kRst));
    ASSERT_EQ(lab.state(), State::kListen);
  }
}

// §3.10.2: SEND turns a passive OPEN that named the remote socket into an active one.
TEST(Reference, SendInListenOpensActively) {
  Lab lab;
  lab.go_to(Place::kListenToOne);
  EXPECT_EQ(lab.send("text"), CallStatus::kOk);
  EXPECT_EQ(lab.state(), State::kSynSent);
  const auto syn = lab.take();
  ASSERT_EQ(syn.size(), 1U);
  EXPECT_EQ(syn[0].segment.flags, Flags(kSyn));
  lab.arrive(lab.next(kSyn | kAck));
  auto text = lab.take();
  ASSERT_FALSE(text.empty());
  EXPECT_EQ(text.back().get().text.size(), 4U);
  lab.arrive(lab.next(kRst));
  EXPECT_EQ(lab.state(), State::kClosed);  // it has become active
}

TEST(Reference, SendInListenNeedsARemoteSocket) {
  Lab lab;
  lab.go_to(Place::kListen);
  EXPECT_EQ(lab.send("text"), CallStatus::kRemoteSocketUnspecified);
  EXPECT_EQ(lab.state(), State::kListen);
}

TEST(Reference, SimultaneousOpen) {
  Pair pair;
  ASSERT_EQ(pair.a.tcp.open_active(pair.now, kIssA), CallStatus::kOk);
  ASSERT_EQ(pair.b.tcp.open_active(pair.now, kIssB), CallStatus::kOk);
  pair.run(pair.now + milliseconds(10));
  EXPECT_EQ(pair.a.tcp.state(), State::kEstablished) << pair.log;
  EXPECT_EQ(pair.b.tcp.state(), State::kEstablished) << pair.log;
}

// RFC 9293 §3.6, figure 12.
TEST(Reference, NormalClose) {
  Pair pair;
  connect(pair);
  ASSERT_EQ(pair.a.tcp.close(pair.now, CloseKind::kSending), CallStatus::kOk);
  pair.run(pair.now + milliseconds(10));
  EXPECT_EQ(pair.a.tcp.state(), State::kFinWait2) << pair.log;
  EXPECT_EQ(pair.b.tcp.state(), State::kCloseWait) << pair.log;
  EXPECT_TRUE(pair.b.saw_end);
  ASSERT_EQ(pair.b.tcp.close(pair.now, CloseKind::kSending), CallStatus::kOk);
  pair.run(pair.now + milliseconds(10));
  EXPECT_EQ(pair.a.tcp.state(), State::kTimeWait) << pair.log;
  EXPECT_EQ(pair.b.tcp.state(), State::kClosed) << pair.log;
  pair.run(pair.now + seconds(300));
  EXPECT_EQ(pair.a.tcp.state(), State::kClosed);
}

// RFC 9293 §3.6, figure 13.
TEST(Reference, SimultaneousClose) {
  Pair pair;
  connect(pair);
  ASSERT_EQ(pair.a.tcp.close(pair.now, CloseKind::kSending), CallStatus::kOk);
  ASSERT_EQ(pair.b.tcp.close(pair.now, CloseKind::kSending), CallStatus::kOk);
  pair.run(pair.now + milliseconds(1));
  EXPECT_EQ(pair.a.tcp.state(), State::kClosing) << pair.log;
  EXPECT_EQ(pair.b.tcp.state(), State::kClosing) << pair.log;
  pair.run(pair.now + milliseconds(10));
  EXPECT_EQ(pair.a.tcp.state(), State::kTimeWait) << pair.log;
  EXPECT_EQ(pair.b.tcp.state(), State::kTimeWait) << pair.log;
}

std::vector<uint8_t> make_text(std::size_t size) {
  std::vector<uint8_t> text(size);
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<uint8_t>(i * 31 + (i >> 8));
  return text;
}

// Feeds `text` to both ends as they take it, closes, and runs until both are CLOSED.
void transfer(Pair& pair, const std::vector<uint8_t>& text) {
  std::size_t sent_a = 0;
  std::size_t sent_b = 0;
  const auto feed = [&](End& end, std::size_t& sent) {
    // A CLOSE in SYN-SENT would delete the connection (§3.10.4).
    if (sent > text.size() || !is_synchronized(end.tcp.state())) return;
    std::size_t taken = 0;
    const auto rest = std::span(text).subspan(sent);
    if (!rest.empty()) end.tcp.send(pair.now, rest, taken);
    sent += taken;
    if (sent == text.size()) {
      end.tcp.close(pair.now, CloseKind::kSending);
      sent = text.size() + 1;
    }
  };
  for (int i = 0; i < 200000; ++i) {
    feed(pair.a, sent_a);
    feed(pair.b, sent_b);
    pair.run(pair.now + milliseconds(50));
    if (pair.a.tcp.state() == State::kClosed && pair.b.tcp.state() == State::kClosed) return;
  }
}

TEST(Reference, TransfersBothWays) {
  Pair pair;
  connect(pair);
  const auto text = make_text(1000000);
  transfer(pair, text);
  EXPECT_EQ(pair.a.received, text);
  EXPECT_EQ(pair.b.received, text);
  EXPECT_EQ(pair.a.tcp.state(), State::kClosed);
  EXPECT_EQ(pair.b.tcp.state(), State::kClosed);
}

class HostileNetwork : public ::testing::TestWithParam<unsigned> {};

// Loss, repetition and reordering: the data arrives whole, and both ends get to CLOSED.
TEST_P(HostileNetwork, DeliversWhole) {
  std::mt19937 random(GetParam());
  Profile profile;
  profile.timestamps = (GetParam() & 1U) != 0;
  profile.receive_buffer = (GetParam() & 2U) != 0 ? 4000 : 65535;
  profile.nagle = (GetParam() & 4U) != 0;
  Pair pair(profile, profile);
  pair.fate = [&](bool, const Segment&) {
    std::vector<Duration> delays;
    const unsigned roll = random() % 100;
    if (roll < 10) return delays;
    delays.emplace_back(milliseconds(1 + random() % 20));
    if (roll < 20) delays.emplace_back(milliseconds(1 + random() % 200));
    return delays;
  };
  ASSERT_EQ(pair.b.tcp.open_passive(pair.now, kIssB), CallStatus::kOk);
  ASSERT_EQ(pair.a.tcp.open_active(pair.now, kIssA), CallStatus::kOk);
  const auto text = make_text(50000);
  transfer(pair, text);
  EXPECT_EQ(pair.a.received.size(), text.size()) << pair.log;
  EXPECT_TRUE(pair.a.received == text);
  EXPECT_TRUE(pair.b.received == text);
  EXPECT_EQ(pair.a.tcp.state(), State::kClosed);
  EXPECT_EQ(pair.b.tcp.state(), State::kClosed);
}

INSTANTIATE_TEST_SUITE_P(Seeds, HostileNetwork, ::testing::Range(0U, 400U));

}  // namespace
}  // namespace synfin::testing
