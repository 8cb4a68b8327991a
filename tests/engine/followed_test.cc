// Ways in which a stack parts from a rule and is followed all the same (profile.h), and what a peer
// says that no rule has a word for.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/engine/lab.h"

namespace synfin::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint16_t kOther = Lab::kPeerWindow - 100;  // a window that the peer has not told yet

// An empty segment at `seq` with another window: whether that is taken, and whether an ACK is due.
struct Taken {
  bool window = false;
  bool ack = false;
  bool operator==(const Taken&) const = default;
};

Taken arrives(Lab& lab, Segment segment) {
  segment.wnd = kOther;
  lab.arrive(segment);
  return {.window = lab.tcb().snd.wnd == kOther,
          .ack = lab.tcp.rules().obligations().find(Due::kAck) != nullptr};
}

Taken at(Place place, bool followed, Seq Segment::*field, int32_t from_next, int32_t from_edge) {
  Profile profile = plain_profile();
  profile.window_takes_its_edges = followed;
  profile.new_acks_bring_their_window = true;  // an older SEQ is no reason to leave it
  Lab lab(profile);
  lab.go_to(place);
  lab.send("x");
  lab.take();
  Segment segment = lab.next();
  segment.*field = from_edge == 0 ? segment.*field + static_cast<uint32_t>(from_next)
                                  : lab.tcb().rcv.edge + static_cast<uint32_t>(from_edge - 1);
  return arrives(lab, segment);
}

// RFC 9293 §3.10.7.4 step 1, table 6: RCV.NXT =< SEG.SEQ < RCV.NXT+RCV.WND.
TEST(Followed, AnEmptySegmentAtAnEdgeOfTheWindow) {
  constexpr Taken kTaken{.window = true, .ack = false};
  constexpr Taken kRefused{.window = false, .ack = true};
  for (const Place place : {Place::kEstablished, Place::kCloseWait}) {
    EXPECT_EQ(at(place, true, &Segment::seq, 0, 1), kTaken) << to_string(place);
    EXPECT_EQ(at(place, false, &Segment::seq, 0, 1), kRefused) << to_string(place);
    EXPECT_EQ(at(place, true, &Segment::seq, 0, 2), kRefused) << to_string(place);
    // All that came has been acknowledged: nothing ends between that and RCV.NXT.
    EXPECT_EQ(at(place, true, &Segment::seq, -1, 0), kRefused) << to_string(place);
  }
}

// What ends where RCV.NXT was when it was last acknowledged is old, and its text comes twice.
TEST(Followed, OldTextAtTheLeftEdge) {
  for (const bool followed : {false, true}) {
    Profile profile = plain_profile();
    profile.window_takes_its_edges = followed;
    profile.new_acks_bring_their_window = true;
    Lab lab(profile);
    lab.go_to(Place::kEstablished);
    lab.send("x");
    lab.take();
    const std::array<uint8_t, 1> octet = {'a'};
    Segment old = lab.next();
    old.seq = old.seq - 1;
    old.text = octet;
    EXPECT_EQ(arrives(lab, old), (Taken{.window = followed, .ack = true}));
    EXPECT_EQ(lab.read(), "");
    EXPECT_EQ(lab.tcb().snd.una == lab.tcb().snd.nxt, followed);
  }
}

TEST(Followed, WhatIsNotAcknowledgedYetIsAtTheLeftEdge) {
  Profile profile = plain_profile();
  profile.window_takes_its_edges = true;
  profile.delayed_ack = milliseconds(200);
  Lab lab(profile);
  lab.go_to(Place::kEstablished);
  const std::array<uint8_t, 3> text = {'a', 'b', 'c'};
  Segment first = lab.next();
  first.text = text;
  lab.arrive(first);
  ASSERT_TRUE(lab.take().empty());
  Segment behind = lab.next();
  behind.seq = behind.seq - 3;
  behind.flags = Flags(kRst);
  lab.arrive(behind);  // in the window, and not at RCV.NXT: challenged (RFC 5961 §3.2)
  EXPECT_EQ(lab.take().size(), 1U);
  lab.arrive(behind);  // outside
  EXPECT_TRUE(lab.take().empty());
}

// Half open there is only the right edge.
TEST(Followed, AHalfOpenConnectionAtTheRightEdge) {
  for (const bool followed : {false, true}) {
    Profile profile = plain_profile();
    profile.window_takes_its_edges = followed;
    Lab lab(profile);
    lab.go_to(Place::kSynReceivedPassive);
    Segment ack = lab.next();
    ack.seq = ack.seq - 1;
    lab.arrive(ack);
    EXPECT_EQ(lab.state(), State::kSynReceived);
    ack.seq = lab.tcb().rcv.edge;
    lab.arrive(ack);
    EXPECT_EQ(lab.state() == State::kEstablished, followed);
  }
}

// RFC 9293 §3.10.7.4 step 5: SND.WL1 < SEG.SEQ, or SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK.
TEST(Followed, ANewAckWithAnOldSeqBringsItsWindow) {
  for (const bool followed : {false, true}) {
    for (const bool news : {false, true}) {
      Profile profile = plain_profile();
      profile.new_acks_bring_their_window = followed;
      Lab lab(profile);
      lab.go_to(Place::kEstablished);
      Segment ahead = lab.next();
      ahead.seq += 1;
      lab.arrive(ahead);  // SND.WL1
      lab.send("x");
      lab.take();
      Segment ack = lab.next();
      if (!news) ack.ack = lab.tcb().snd.una;
      EXPECT_EQ(arrives(lab, ack).window, followed && news) << followed << news;
    }
  }
}

TEST(Followed, AWindowThatOnlyShrankIsKeptOut) {
  for (const bool followed : {false, true}) {
    for (const uint16_t window : {100, 0}) {
      for (const bool news : {false, true}) {
        Profile profile = plain_profile();
        profile.shrunk_window_is_kept_out = followed;
        Lab lab(profile);
        lab.go_to(Place::kEstablished);
        lab.send("x");
        lab.take();
        Segment ack = lab.next();
        if (!news) ack.ack = lab.tcb().snd.una;
        ack.wnd = window;
        lab.arrive(ack);
        const bool kept_out = followed && window > 0 && !news;
        EXPECT_EQ(lab.tcb().snd.wnd, kept_out ? Lab::kPeerWindow : window) << followed << news;
        // RFC 5681 §2 (e): it is the same window to who does not take the other.
        EXPECT_EQ(lab.tcp.rules().duplicate_acks(), kept_out ? 1U : 0U);
      }
    }
  }
}

TEST(Followed, AWindowOfNothingIsKeptOut) {
  for (const bool followed : {false, true}) {
    Profile profile = plain_profile();
    profile.zero_window_is_kept_out = followed;
    Lab lab(profile);
    lab.go_to(Place::kEstablished);
    Segment closed = lab.next();
    closed.wnd = 0;
    lab.arrive(closed);
    EXPECT_EQ(lab.tcb().snd.wnd, followed ? Lab::kPeerWindow : 0);
  }
}

// --- a peer that contradicts itself --------------------------------------------------------------

bool contradicts(std::initializer_list<std::pair<uint32_t, std::string>> segments) {
  Lab lab;
  lab.go_to(Place::kEstablished);
  const Seq next = lab.tcb().rcv.nxt;
  for (const auto& [ahead, text] : segments) {
    const bool fin = text.ends_with('|');
    const std::vector<uint8_t> octets(text.begin(), text.end() - (fin ? 1 : 0));
    Segment segment = lab.next(fin ? kFin | kAck : kAck);
    segment.seq = next + ahead;
    segment.text = octets;
    lab.arrive(segment);
  }
  return lab.tcp.rules().peer_contradicts_itself();
}

TEST(Followed, ACrossingSynIsDropped) {
  for (const bool dropped : {true, false}) {
    Profile profile = plain_profile();
    profile.drops_crossing_syn = dropped;
    Lab lab(profile);
    lab.go_to(Place::kSynSent);
    Segment syn;
    syn.flags = Flags(kSyn);
    syn.seq = Seq(7);
    lab.arrive(syn);
    EXPECT_EQ(lab.tcp.rules().state(), dropped ? State::kSynSent : State::kSynReceived);
  }
}

TEST(Contradiction, IsTwoThingsAtOneNumber) {
  EXPECT_TRUE(contradicts({{2, "|"}, {3, "|"}}));
  EXPECT_TRUE(contradicts({{3, "|"}, {2, "|"}}));
  EXPECT_TRUE(contradicts({{2, "|"}, {1, "ab"}}));
  EXPECT_TRUE(contradicts({{2, "|"}, {3, "a"}}));
  EXPECT_TRUE(contradicts({{2, "ab"}, {3, "|"}}));
  EXPECT_TRUE(contradicts({{3, "ab"}, {2, "|"}}));
  EXPECT_FALSE(contradicts({{2, "|"}, {2, "|"}}));
  EXPECT_FALSE(contradicts({{2, "ab|"}, {1, "aab|"}}));
  EXPECT_FALSE(contradicts({{2, "|"}, {0, "ab"}}));
  EXPECT_FALSE(contradicts({{2, "ab"}, {4, "|"}, {0, "ab"}}));
}

// --- what is measured, and what is no probe ------------------------------------------------------

// RFC 6298 §3: a part of a segment measures nothing, all of it does.
TEST(RoundTrip, IsThatOfAWholeSegment) {
  Lab lab;
  lab.go_to(Place::kEstablished);
  lab.send("abc");
  lab.take();
  const bool measured = lab.tcp.rules().rtt().has_sample();
  const Duration before = lab.tcp.rules().rtt().srtt();
  lab.wait(milliseconds(300));
  Segment part = lab.next();
  part.ack = lab.tcb().snd.una + 1;
  lab.arrive(part);
  EXPECT_EQ(lab.tcp.rules().rtt().has_sample(), measured);
  EXPECT_EQ(lab.tcp.rules().rtt().srtt(), before);
  lab.arrive(lab.next());
  EXPECT_NE(lab.tcp.rules().rtt().srtt(), before);
}

// An ACK of what came stands at the edge of a window that has closed, as a probe may.
TEST(Probe, IsNotTheAckThatIsOwed) {
  Lab lab;
  lab.go_to(Place::kEstablished);
  lab.send("x");
  lab.take();
  Segment closed = lab.next();
  closed.ack = lab.tcb().snd.una;
  closed.wnd = 0;
  lab.arrive(closed);
  Segment fin = closed;
  fin.flags = Flags(kFin | kAck);
  lab.arrive(fin);
  Segment answer = lab.next();
  answer.seq = lab.tcb().snd.una;
  answer.ack = lab.tcb().rcv.nxt;
  answer.wnd = static_cast<uint16_t>(lab.tcb().rcv.wnd());
  Rules rules = lab.tcp.rules();
  rules.sent(lab.now, answer);
  EXPECT_EQ(rules.probes(), 0U);
}

// §3.8.5: the urgent pointer goes out beside a closed window too, where the text does not.
TEST(Probe, MayTellOfUrgentText) {
  for (const bool urgent : {false, true}) {
    Lab lab;
    lab.go_to(Place::kEstablished);
    Segment closed = lab.next();
    closed.wnd = 0;
    lab.arrive(closed);
    const std::array<uint8_t, 1> octet = {'x'};
    std::size_t taken = 0;
    lab.tcp.send(lab.now, octet, taken, {.urgent = urgent});
    Segment probe = lab.next();
    probe.flags = Flags(kAck | kUrg);
    probe.seq = lab.tcb().snd.una;
    probe.ack = lab.tcb().rcv.nxt;
    probe.wnd = static_cast<uint16_t>(lab.tcb().rcv.wnd());
    probe.up = 1;
    EXPECT_EQ(lab.tcp.rules().findings(lab.now + seconds(1), probe).empty(), urgent);
  }
}

// A stack that has not measured a round trip may wait three seconds for the first probe, and twice
// that for the next (RFC 6298 §5.7): one is missing after twice what it may take and a second.
TEST(Probe, OfAStackThatMeasuredNothingMayBeLate) {
  Lab lab;
  lab.go_to(Place::kSynReceivedPassive);
  Rules rules = lab.tcp.rules();
  Segment again;
  again.flags = Flags(kSyn | kAck);
  again.seq = Lab::kIss;
  again.ack = lab.tcb().rcv.nxt;
  rules.sent(lab.now, again);  // its ACK measures nothing
  Segment closed = lab.next();
  closed.wnd = 0;
  rules.on_segment(lab.now, closed);
  ASSERT_EQ(rules.state(), State::kEstablished);
  ASSERT_FALSE(rules.rtt().has_sample());
  std::size_t taken = 0;
  const std::array<uint8_t, 1> octet = {'x'};
  rules.send(lab.now, octet, taken, {});
  EXPECT_FALSE(rules.overdue(lab.now + milliseconds(6999)));
  EXPECT_TRUE(rules.overdue(lab.now + seconds(7)));
}

// TIME-WAIT may be restarted by what is no FIN that comes again: it ends no earlier, and may later.
TEST(TimeWait, MayBeRestartedByAnAck) {
  Lab lab;
  lab.go_to(Place::kTimeWait);
  const Time earliest = lab.tcp.rules().time_wait_earliest();
  lab.now += seconds(50);
  lab.arrive(lab.next());
  EXPECT_EQ(lab.tcp.rules().time_wait_earliest(), earliest);
  EXPECT_EQ(lab.tcp.rules().time_wait_latest(), lab.now + 2 * lab.tcp.rules().profile().msl);
}

// RFC 7323 §5.3 R1, and a stack that has a TS.Recent of 0 mean nothing.
TEST(Followed, ATimestampOfZeroIsOne) {
  for (const bool none : {false, true}) {
    for (const uint32_t recent : {0U, 1U}) {
      Profile profile = plain_profile();
      profile.timestamps = true;
      profile.zero_timestamp_is_none = none;
      Lab lab(profile);
      lab.go_to(Place::kListen);
      Segment syn;
      syn.flags = Flags(kSyn);
      syn.seq = Lab::kIrs;
      syn.wnd = Lab::kPeerWindow;
      syn.options.timestamps = {.value = recent, .echo_reply = 0};
      lab.arrive(syn);
      lab.take();
      Segment ack = lab.next();
      ack.options.timestamps = {.value = recent, .echo_reply = 0};
      lab.arrive(ack);
      ASSERT_TRUE(lab.tcb().timestamps);
      ack = lab.next(kFin | kAck);
      ack.options.timestamps = {.value = 4000000000, .echo_reply = 0};
      lab.arrive(ack);
      EXPECT_EQ(lab.state() == State::kCloseWait, none && recent == 0) << none << recent;
    }
  }
}

// RFC 7323 §2.2, and a stack that does otherwise.
TEST(Followed, TheWindowOfASynAckIsNotScaled) {
  for (const bool scales : {false, true}) {
    Profile profile = plain_profile();
    profile.window_scale = 7;
    profile.scales_window_of_syn_ack = scales;
    Lab lab(profile);
    lab.go_to(Place::kSynSent);
    Segment syn;
    syn.flags = Flags(kSyn);
    syn.seq = Lab::kIrs;
    syn.wnd = 500;
    syn.options.window_scale = 9;
    lab.arrive(syn);
    lab.take();
    syn.flags = Flags(kSyn | kAck);
    syn.ack = lab.tcb().snd.nxt;
    lab.arrive(syn);
    ASSERT_EQ(lab.tcp.rules().state(), State::kEstablished);
    EXPECT_EQ(lab.tcb().snd.wnd, scales ? 500U << 9U : 500U);
  }
}

// RFC 7323 §5.3 R3. A stack may keep so little of what was closed in FIN-WAIT-2 that only the
// peer's FIN has its timestamp recorded.
TEST(Followed, AnOrphanRecordsTimestamps) {
  for (const bool leaves : {false, true}) {
    for (const bool both : {false, true}) {
      Profile profile = plain_profile();
      profile.timestamps = true;
      profile.orphans_leave_timestamps = leaves;
      Rules rules(profile);
      const Time now{seconds(1)};
      const auto from_peer = [&](unsigned flags, uint32_t stamp) {
        Segment segment;
        segment.flags = Flags(flags);
        segment.seq = rules.tcb().irs_known ? rules.tcb().rcv.nxt : Lab::kIrs;
        segment.ack = rules.tcb().snd.nxt;
        segment.wnd = Lab::kPeerWindow;
        segment.options.timestamps = {.value = stamp, .echo_reply = 0};
        rules.on_segment(now, segment);
      };
      const auto answer = [&](unsigned flags, Seq seq) {
        Segment segment;
        segment.flags = Flags(flags);
        segment.seq = seq;
        segment.ack = rules.tcb().rcv.nxt;
        segment.wnd = 1000;
        segment.options.timestamps = {.value = 1, .echo_reply = rules.tcb().ts_recent};
        rules.sent(now, segment);
      };
      rules.open_passive(now);
      from_peer(kSyn, 100);
      answer(kSyn | kAck, Lab::kIss);
      from_peer(kAck, 100);
      rules.close(now, both ? CloseKind::kBoth : CloseKind::kSending);
      answer(kFin | kAck, Lab::kIss + 1);
      from_peer(kAck, 101);
      ASSERT_EQ(rules.state(), State::kFinWait2);
      ASSERT_EQ(rules.tcb().ts_recent, 101U);
      from_peer(kAck, 102);
      EXPECT_EQ(rules.tcb().ts_recent, leaves && both ? 101U : 102U);
      from_peer(kFin | kAck, 103);
      EXPECT_EQ(rules.tcb().ts_recent, 103U);
    }
  }
}

}  // namespace
}  // namespace synfin::testing
