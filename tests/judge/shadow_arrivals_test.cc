// The shadow by itself: what it does before the rules take a segment, and what the longest round
// trip is.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "harness/judge/round_trips.h"
#include "tests/judge/shadow_lab.h"

namespace synfin::judge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// --- half way ------------------------------------------------------------------------------------

// Two octets have been sent, and an orphan in FIN-WAIT-1 waits for their ACK.
class HalfWay : public ShadowTest {
 protected:
  HalfWay() { profile_.sends_before_text = true; }
  void send_two(CloseKind how) {
    shadow_.send(now_, two_, {});
    Segment text = segment(kPsh | kAck, kIss + 1, kIrs + 1);
    text.text = two_;
    target_sends(text);
    if (how == CloseKind::kBoth) shadow_.close(now_, how);
    now_ += seconds(2);
    target_sends(text);
  }
  // Text that acknowledges the first octet; and the second again, which that ACK lets go.
  void acknowledge_one_with_text(uint32_t seq) {
    Segment text = segment(kAck, seq, kIss + 2);
    text.text = octet_;
    inject(text);
  }
  Segment second_again() {
    Segment text = segment(kPsh | kAck, kIss + 2, kIrs + 1);
    text.text = std::span(two_).subspan(1);
    return text;
  }

  std::array<uint8_t, 2> two_{'x', 'y'};
};

// §3.10.7.4: step 5 comes before step 7, in which text that nobody will read resets.
TEST_F(HalfWay, WhatTheAckLetsGoMayComeBeforeTheReset) {
  establish();
  send_two(CloseKind::kBoth);
  acknowledge_one_with_text(kIrs + 1);
  ASSERT_EQ(shadow_.state(), State::kClosed);
  target_sends(second_again());
  target_sends(segment(kRst, kIss + 2));
  target_is(State::kListen);
  EXPECT_EQ(clauses(), "");
}

TEST_F(HalfWay, AfterTheResetNothingComes) {
  establish();
  send_two(CloseKind::kBoth);
  acknowledge_one_with_text(kIrs + 1);
  target_sends(segment(kRst, kIss + 2));
  target_sends(second_again());
  EXPECT_EQ(clauses(), "SHLD-3");
}

TEST_F(HalfWay, NorDoesWhatTheAckDoesNotLetGo) {
  establish();
  send_two(CloseKind::kBoth);
  acknowledge_one_with_text(kIrs + 1);
  Segment other = second_again();
  other.text = std::span(two_).first(1);  // not the octet that stands there
  target_sends(other);
  EXPECT_EQ(clauses(), "SHLD-3");
}

TEST_F(HalfWay, ItIsOverAfterAWhile) {
  establish();
  send_two(CloseKind::kBoth);
  acknowledge_one_with_text(kIrs + 1);
  now_ += traits_.quiet_time + milliseconds(1);
  target_sends(second_again());
  EXPECT_EQ(clauses(), "SHLD-3");
}

// A SACK block tells of text that has been queued: what goes before has none, the ACK has it.
TEST_F(HalfWay, WhatTheAckLetsGoTellsNothingOfTheText) {
  for (const bool answers : {false, true}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    Segment syn = segment(kSyn, kIrs);
    syn.options.sack_permitted = true;
    inject(syn);
    Segment syn_ack = segment(kSyn | kAck, kIss, kIrs + 1);
    syn_ack.options.sack_permitted = true;
    target_sends(syn_ack);
    inject(segment(kAck, kIrs + 1, kIss + 1));
    send_two(CloseKind::kSending);
    acknowledge_one_with_text(kIrs + 5);
    target_sends(second_again());
    if (answers) target_sends(segment(kAck, kIss + 3, kIrs + 1));
    EXPECT_EQ(clauses(), answers ? "RFC2018-3" : "");
  }
}

// --- round trips ---------------------------------------------------------------------------------

Tcb flight(uint32_t una, uint32_t nxt) {
  Tcb tcb;
  tcb.iss_known = true;
  tcb.snd.una = Seq(una);
  tcb.snd.nxt = Seq(nxt);
  return tcb;
}

class RoundTripsTest : public ::testing::Test {
 protected:
  void at(Duration time, uint32_t una, uint32_t nxt) {
    trips_.follow(Time{time}, flight(una, nxt));
  }
  Profile profile_;
  RoundTrips trips_{profile_};
};

TEST_F(RoundTripsTest, AreShortWhereAcksComeAtOnce) {
  at(seconds(1), 100, 101);
  at(seconds(1), 101, 101);
  at(seconds(5), 101, 102);  // nothing was out meanwhile
  at(seconds(5), 102, 102);
  EXPECT_EQ(trips_.longer(), Duration{0});
}

// SRTT + 4 * RTTVAR of a first round trip of 3 s is 9 s.
TEST_F(RoundTripsTest, AreAsLongAsTheOldestOctet) {
  at(seconds(1), 100, 101);
  at(seconds(4), 101, 101);
  EXPECT_EQ(trips_.longer(), seconds(9) - profile_.rto_initial);
}

// The octets at 101 and 102 went out together; 103 was new when 101 was acknowledged.
TEST_F(RoundTripsTest, AreNoLongerThanWhatIsLeft) {
  at(seconds(1), 101, 103);
  at(seconds(1), 102, 104);
  at(seconds(3), 103, 104);
  at(seconds(3), 104, 104);
  at(seconds(3), 104, 105);
  at(seconds(3), 105, 105);
  RttEstimator expected;
  for (const int trip : {0, 2, 2, 0}) expected.sample(seconds(trip));
  EXPECT_EQ(trips_.longer(), expected.rto() - profile_.rto_initial);
}

// RFC 6298 §3 leaves it to the target which segment it times: one that waited for 3 s here.
TEST_F(ShadowTest, ATimeoutMayFollowFromTheLongestRoundTrip) {
  for (const bool slow : {false, true}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    establish();
    const std::array<uint8_t, 3> text{'x', 'y', 'z'};
    shadow_.send(now_, text, {});
    const auto octet = [&](uint32_t index) {
      Segment one = segment(index == 2 ? kPsh | kAck : kAck, kIss + 1 + index, kIrs + 1);
      one.text = std::span(text).subspan(index, 1);
      return one;
    };
    target_sends(octet(0));
    if (slow) now_ += seconds(3);
    target_sends(octet(1));
    inject(segment(kAck, kIrs + 1, kIss + 3));
    target_sends(octet(2));
    now_ += seconds(4);
    shadow_.missing(now_);
    EXPECT_EQ(clauses(), slow ? "" : "SM-TMO-2");
    now_ += seconds(20);
    shadow_.missing(now_);
    EXPECT_EQ(clauses(), "SM-TMO-2");
  }
}

// --- doubt ---------------------------------------------------------------------------------------

// What came with the ACK that only the target took, it has.
TEST_F(ShadowTest, TextOfAHandshakeThatEndedEarlyLeavesDoubt) {
  for (const bool text : {false, true}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    inject(segment(kSyn, kIrs));
    target_sends(segment(kSyn | kAck, kIss, kIrs + 1));
    Segment early = segment(kAck, kIrs + 2, kIss);  // acknowledges nothing
    if (text) early.text = octet_;
    inject(early);
    target_is(State::kEstablished);
    inject(segment(kAck, kIrs + 1, kIss + 1));
    inject(segment(kAck, kIrs + 5000, kIss + 1));  // outside the window
    target_sends(segment(kAck, kIss + 1, kIrs + 1));
    target_is(State::kEstablished);
    collector_.found.clear();
    target_is(State::kLastAck);
    ASSERT_EQ(collector_.found.size(), 1U);
    EXPECT_EQ(collector_.found[0].in_doubt, text);
  }
}

// An answer to a segment says nothing of those that come after it.
TEST_F(ShadowTest, OneAstrayIsNotBackByAnAnswerOfBefore) {
  for (const bool answered : {false, true}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    establish();
    target_is(State::kCloseWait);
    ASSERT_TRUE(shadow_.lost());
    inject(segment(kAck, kIrs + 5000, kIss + 1));
    target_sends(segment(kAck, kIss + 1, kIrs + 1));
    if (!answered) inject(segment(kAck, kIrs + 1, kIss + 1));
    target_is(State::kEstablished);
    EXPECT_EQ(shadow_.lost(), !answered);
  }
}

// A listener may take over from TIME-WAIT though the connection was none of its own.
TEST_F(ShadowTest, AListenerMayTakeOverFromTimeWait) {
  for (const bool listens : {false, true}) {
    for (const unsigned flags : {kAck, kSyn}) {
      collector_.found.clear();
      shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
      shadow_.open_active(now_);
      target_sends(segment(kSyn, kIss));
      inject(segment(kSyn | kAck, kIrs, kIss + 1));
      target_sends(segment(kAck, kIss + 1, kIrs + 1));
      shadow_.close(now_, CloseKind::kSending);
      target_sends(segment(kFin | kAck, kIss + 1, kIrs + 1));
      inject(segment(kFin | kAck, kIrs + 1, kIss + 2));
      target_sends(segment(kAck, kIss + 2, kIrs + 2));
      target_is(State::kTimeWait);
      ASSERT_EQ(clauses(), "");
      if (listens) shadow_.listener(now_, true);
      inject(segment(flags, kIrs + 9000, kIss + 2));
      target_sends(segment(kSyn | kAck, kIss + 9000, kIrs + 9001));
      ASSERT_FALSE(collector_.found.empty());
      EXPECT_EQ(collector_.found[0].in_doubt, listens && flags == kSyn);
    }
  }
}

// What is left of an orphan in FIN-WAIT-2 looks at less; it may be kept whole where an old FIN
// came.
TEST_F(ShadowTest, AnOrphanThatMetWithAFinLeavesDoubt) {
  profile_.drops_what_lacks_ack = true;
  for (const unsigned flags : {kAck | 0U, kFin | kAck | 0U}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    establish();
    shadow_.close(now_, CloseKind::kBoth);
    target_sends(segment(kFin | kAck, kIss + 1, kIrs + 1));
    Segment ack = segment(flags, kIrs, kIss + 2);
    if (flags == kAck) ack.seq = Seq(kIrs + 1);
    profile_.window_takes_its_edges = true;
    inject(ack);
    profile_.window_takes_its_edges = false;
    ASSERT_EQ(shadow_.state(), State::kFinWait2);
    if (flags != kAck) target_sends(segment(kAck, kIss + 2, kIrs + 1));
    ASSERT_EQ(clauses(), "");
    target_is(State::kLastAck);
    ASSERT_EQ(collector_.found.size(), 1U);
    EXPECT_EQ(collector_.found[0].in_doubt, flags != kAck);
  }
}

// The sequence number that is as far ahead as behind.
TEST_F(Doubt, ComesOfASynHalfWayRound) {
  for (const int32_t from : {-1, 0, 1}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    reach_time_wait();
    const uint32_t half = kIrs + 2 + (1U << 31U) + static_cast<uint32_t>(from);
    inject(segment(kSyn, half));
    collector_.found.clear();
    target_is(State::kLastAck);
    ASSERT_FALSE(collector_.found.empty());
    EXPECT_EQ(collector_.found[0].in_doubt, from == 0) << from;
  }
}

// Profile::predicts_scaled_windows: that of the SYN,ACK is 100, and 0 is what is left of it.
TEST_F(Doubt, ComesOfAWindowThatIsTheOneBeforeScaledDown) {
  for (const bool predicts : {false, true}) {
    for (const uint16_t window : {0, 1}) {
      profile_.predicts_scaled_windows = predicts;
      shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
      shadow_.open_active(now_);
      Segment syn = segment(kSyn, kIss);
      syn.options.window_scale = 7;
      target_sends(syn);
      Segment syn_ack = segment(kSyn | kAck, kIrs, kIss + 1);
      syn_ack.options.window_scale = 9;
      syn_ack.wnd = 100;
      inject(syn_ack);
      target_sends(segment(kAck, kIss + 1, kIrs + 1));
      Segment next = segment(kAck, kIrs + 1, kIss + 1);
      next.wnd = window;
      EXPECT_EQ(after(next), predicts && window == 0);
    }
  }
}

// MUST-54 does not say whether SND.NXT, which a bare ACK has, is on its way.
TEST_F(ShadowTest, AHardErrorAtSndNxtMayEndAConnection) {
  for (const uint32_t quoted : {kIss + 1, kIss + 2}) {
    for (const State then : {State::kEstablished, State::kListen}) {
      collector_.found.clear();
      shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
      shadow_.listener(now_, true);
      establish();
      shadow_.icmp(now_, {.error = IcmpError::kHard, .about = {}, .seq = Seq(quoted)});
      target_is(then);
      const bool wrong = then == State::kListen && quoted != kIss + 1;
      EXPECT_EQ(collector_.found.empty(), !wrong) << quoted;
    }
  }
}

// Once it has not ended, it may not any more.
TEST_F(ShadowTest, AHardErrorThatEndedNothingIsOver) {
  establish();
  shadow_.icmp(now_, {.error = IcmpError::kHard, .about = {}, .seq = Seq(kIss + 1)});
  target_is(State::kEstablished);
  target_is(State::kListen);
  EXPECT_EQ(collector_.found.size(), 1U);
}

}  // namespace
}  // namespace synfin::judge
