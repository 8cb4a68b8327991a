// Windows that close or shrink at awkward moments.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/engine/lab.h"

namespace synfin::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// §3.8.6, SHLD-16: after a timeout only what the shrunk window holds goes again, and with a closed
// one no more than a probe.
TEST(Window, ShrinksBeforeARetransmission) {
  Lab lab;
  lab.go_to(Place::kEstablished);
  lab.send(std::string(1500, 'x'));
  ASSERT_EQ(lab.take().size(), 3U);
  Segment shrunk = lab.next();
  shrunk.ack = lab.tcb().snd.una;
  for (const uint16_t window : {200, 0}) {
    shrunk.wnd = window;
    lab.arrive(shrunk);
    lab.take();
    lab.wait(seconds(4));
    uint32_t most = 0;
    std::size_t segments = 0;
    for (Kept& kept : lab.take()) {
      most = std::max(most, Seq::distance(lab.tcb().snd.una, kept.get().end()));
      ++segments;
    }
    EXPECT_LE(most, std::max<uint32_t>(window, 1)) << "window " << window;
    EXPECT_GE(segments, 1U) << "window " << window;
    EXPECT_LE(segments, 4U) << "window " << window;
  }
}

// The window closes while everything is being sent again: the rest waits for the persist timer.
TEST(Window, ClosesDuringARetransmission) {
  Lab lab;
  lab.go_to(Place::kEstablished);
  lab.send(std::string(1500, 'x'));
  ASSERT_EQ(lab.take().size(), 3U);
  lab.wait(milliseconds(1100));  // after the timeout cwnd is one segment
  ASSERT_EQ(lab.take().size(), 1U);
  Segment closed = lab.next();
  closed.ack = lab.tcb().snd.una + 100;
  closed.wnd = 0;
  lab.arrive(closed);
  EXPECT_LE(lab.take().size(), 1U);
}

// §3.10.7.4 step 1: the end of a segment that lies beyond the window is cut off, whether or not the
// user has read what came before. A stack that makes a difference can be followed.
TEST(Window, UnreadTextMayGuardItsEdge) {
  const std::array<uint8_t, 1> first = {'a'};
  const std::array<uint8_t, 2> octets = {'b', 'c'};
  for (const bool guards : {false, true}) {
    for (const bool unread : {false, true}) {
      Profile profile = plain_profile();
      profile.unread_text_guards_edge = guards;
      Lab lab(profile);
      lab.go_to(Place::kEstablished);
      lab.send("x");
      lab.take();
      Segment segment = lab.next();
      segment.ack = lab.tcb().snd.una;
      segment.text = first;
      lab.arrive(segment);
      if (!unread) lab.read();
      segment = lab.next();
      segment.seq = lab.tcb().rcv.edge - 1;
      segment.text = octets;
      lab.arrive(segment);
      const bool taken = lab.tcb().snd.una == lab.tcb().snd.nxt;
      EXPECT_EQ(taken, !(guards && unread)) << guards << unread;
    }
  }
}

// §3.9.1.2, §3.8.6.2.1: what came without PUSH waits for more, and no longer than the override
// timeout; text with PUSH takes along what waits before it.
TEST(Window, TextWithoutPushWaits) {
  const std::vector<uint8_t> octets(100, 'x');
  std::size_t taken = 0;
  for (const bool more : {false, true}) {
    Lab lab;
    lab.go_to(Place::kEstablished);
    lab.tcp.send(lab.now, octets, taken, {.push = false});
    lab.wait(milliseconds(400));
    EXPECT_TRUE(lab.take().empty());
    if (more) lab.tcp.send(lab.now, octets, taken);
    if (!more) lab.wait(milliseconds(200));
    auto sent = lab.take();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].get().text.size(), more ? 200U : 100U);
    EXPECT_EQ(sent[0].get().flags.psh(), more);
  }
}

// A SYN may tell of a closed window. That is no reason not to repeat a SYN,ACK which was lost,
// although a CLOSE has led on to FIN-WAIT-1 (§3.10.4); nor to probe beyond it.
TEST(Window, IsClosedBeforeOurSynIsAcknowledged) {
  Lab lab;
  lab.tcp.open_passive(lab.now, Lab::kIss);
  Segment syn = lab.next(kSyn);
  syn.wnd = 0;
  lab.arrive(syn);
  ASSERT_EQ(lab.take().size(), 1U);
  ASSERT_EQ(lab.tcp.close(lab.now, CloseKind::kSending), CallStatus::kOk);
  ASSERT_EQ(lab.state(), State::kFinWait1);
  lab.take();
  lab.wait(seconds(10));
  const auto sent = lab.take();
  ASSERT_FALSE(sent.empty());
  for (const Kept& kept : sent) EXPECT_EQ(kept.segment.flags, Flags(kSyn | kAck));
}

// Duplicate ACKs of our SYN, with its FIN already out, are no reason for fast retransmit: there is
// no text at SND.UNA.
TEST(Window, DuplicateAcksBeforeOurSynIsAcknowledged) {
  Lab lab;
  lab.go_to(Place::kSynReceivedPassive);
  lab.tcp.close(lab.now, CloseKind::kSending);
  lab.take();
  Segment duplicate = lab.next();
  duplicate.ack = Lab::kIss;
  for (int i = 0; i < 5; ++i) {
    lab.arrive(duplicate);
    for (const Kept& kept : lab.take()) {
      EXPECT_TRUE(kept.segment.flags.syn() || kept.segment.seq != Lab::kIss);
    }
  }
}

// Text and FIN that came on the SYN wait for the acknowledgment of ours (§3.10.7.2 third), also
// when a CLOSE has led on to FIN-WAIT-1 meanwhile.
TEST(Window, TextOnTheSynIsReadAfterAnEarlyClose) {
  Lab lab;
  lab.tcp.open_passive(lab.now, Lab::kIss);
  const std::vector<uint8_t> text{'t', 'e', 'x', 't'};
  Segment syn = lab.next(kSyn | kFin);
  syn.text = text;
  lab.arrive(syn);
  lab.tcp.close(lab.now, CloseKind::kSending);
  lab.take();
  Segment ack = lab.next();
  ack.ack = Lab::kIss + 1;
  lab.arrive(ack);
  EXPECT_EQ(lab.read(), "text");
  EXPECT_EQ(to_string(lab.state()), to_string(State::kClosing));
  const auto sent = lab.take();
  ASSERT_FALSE(sent.empty());
  EXPECT_EQ(sent.back().segment.ack, Lab::kIrs + 6);
}

}  // namespace
}  // namespace synfin::testing
