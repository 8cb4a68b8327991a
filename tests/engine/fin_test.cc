// What comes with and after the peer's FIN: RFC 9293 §3.10.7.4 step 8, and RECEIVE (§3.10.3).
#include <gtest/gtest.h>

#include <array>

#include "tests/engine/lab.h"

namespace synfin::testing {
namespace {

constexpr std::array kAfterFin = {Place::kCloseWait, Place::kClosing, Place::kLastAck,
                                  Place::kTimeWait};

// Step 8: a FIN at RCV.NXT is acknowledged in these states too; RCV.NXT stays behind the first.
TEST(Fin, BeyondTheFinIsAcknowledged) {
  for (const Place place : kAfterFin) {
    Lab lab;
    lab.go_to(place);
    const Seq next = lab.tcb().rcv.nxt;
    Segment fin = lab.next(kFin | kAck);
    fin.ack = lab.tcb().snd.una;
    lab.arrive(fin);
    if (place != Place::kClosing) {  // which ignores what does not acknowledge our FIN
      const Obligation* owed = lab.tcp.rules().obligations().find(Due::kAck);
      ASSERT_NE(owed, nullptr) << to_string(place);
      EXPECT_EQ(owed->clause, Clause::kSmFin6) << to_string(place);
      const auto sent = lab.take();
      ASSERT_EQ(sent.size(), 1U) << to_string(place);
      EXPECT_EQ(sent[0].segment.ack, next) << to_string(place);
      EXPECT_EQ(sent[0].segment.len(), 0U) << to_string(place);
    }
    EXPECT_EQ(lab.tcb().rcv.nxt, next) << to_string(place);
    EXPECT_EQ(lab.state(), state_of(place)) << to_string(place);
  }
}

// Ahead of RCV.NXT it begins at no place that step 8 speaks of: an ACK is allowed (MAY-13).
TEST(Fin, FurtherBeyondNothingIsOwed) {
  Lab lab;
  lab.go_to(Place::kCloseWait);
  Segment fin = lab.next(kFin | kAck);
  fin.seq += 10;
  lab.arrive(fin);
  EXPECT_EQ(lab.tcp.rules().obligations().find(Due::kAck), nullptr);
  Segment ack = lab.next();
  ack.seq = lab.tcb().snd.nxt;
  ack.ack = lab.tcb().rcv.nxt;
  ack.wnd = static_cast<uint16_t>(lab.tcb().rcv.wnd());
  EXPECT_TRUE(lab.tcp.rules().findings(lab.now, ack).empty());
}

// A FIN and text at one number, beyond a hole: the first stands, or the text.
TEST(Fin, AtTheNumberOfTextIsAChoice) {
  const std::array<uint8_t, 3> text = {'a', 'b', 'c'};
  for (const bool text_overrules : {false, true}) {
    for (const bool fin_first : {false, true}) {
      Profile profile = plain_profile();
      profile.text_overrules_waiting_fin = text_overrules;
      Lab lab(profile);
      lab.go_to(Place::kEstablished);
      const Seq next = lab.tcb().rcv.nxt;
      Segment fin = lab.next(kFin | kAck);
      fin.seq = next + 2;
      Segment octets = lab.next();
      octets.seq = next + 1;
      octets.text = text;
      lab.arrive(fin_first ? fin : octets);
      lab.arrive(fin_first ? octets : fin);
      Segment first = lab.next();
      first.text = std::span(text).first(1);
      lab.arrive(first);
      const bool ended = !text_overrules;
      EXPECT_EQ(lab.state(), ended ? State::kCloseWait : State::kEstablished) << fin_first;
      EXPECT_EQ(lab.read(), ended ? "aa" : "aabc") << fin_first;
    }
  }
}

// §3.6: what came before the FIN can be read in each state after it, and then comes the end.
TEST(Fin, TextBeforeItIsReadAfterIt) {
  const std::array<uint8_t, 3> text = {'a', 'b', 'c'};
  for (const Place place : {Place::kEstablished, Place::kFinWait1, Place::kFinWait2}) {
    Lab lab;
    lab.go_to(place);
    Segment last = lab.next(kFin | kAck);
    last.ack = lab.tcb().snd.una;
    last.text = text;
    lab.arrive(last);
    EXPECT_EQ(lab.read(), "abc") << to_string(place);
    std::array<uint8_t, 10> buffer;
    std::size_t got = 0;
    EXPECT_EQ(lab.tcp.receive(lab.now, buffer, got), CallStatus::kConnectionClosing)
        << to_string(place);
  }
}

}  // namespace
}  // namespace synfin::testing
