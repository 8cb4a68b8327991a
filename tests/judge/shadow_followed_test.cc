// The shadow by itself: where a stack parts from the rules without a sign, and one connection after
// another.
#include <gtest/gtest.h>

#include <array>

#include "tests/judge/shadow_lab.h"

namespace synfin::judge {
namespace {

class Followed : public ShadowTest {
 protected:
  // An established connection of a stack with this profile.
  void begin_anew() {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    establish();
  }
  Segment text(uint32_t seq, uint32_t ack = kIss + 1) {
    Segment out = segment(kAck, seq, ack);
    out.text = octet_;
    return out;
  }
};

TEST_F(Followed, AWiderWindowOfAnOlderSegmentCounts) {
  for (const bool follows : {false, true}) {
    profile_.any_segment_tells_its_window = follows;
    begin_anew();
    Segment closed = segment(kAck, kIrs + 3, kIss + 1);
    closed.wnd = 0;
    inject(closed);
    inject(segment(kAck, kIrs + 1, kIss + 1));
    target_sends(send_octet());
    EXPECT_EQ(collector_.found.empty(), follows);
  }
}

// Each half of the sequence space is after the other.
TEST_F(Followed, SoDoesTheWindowOfASegmentHalfWayRound) {
  profile_.any_segment_tells_its_window = true;
  begin_anew();
  for (const uint32_t seq : {kIrs + 1 + (1U << 31U), kIrs + 1}) {
    Segment told = segment(kAck, seq, kIss + 1);
    told.wnd = static_cast<uint16_t>(seq % 1000);
    inject(told);
    EXPECT_EQ(shadow_.variables().snd.wnd, seq % 1000);
  }
}

TEST_F(Followed, TheAckOfASegmentOutsideTheWindowCounts) {
  for (const bool follows : {false, true}) {
    profile_.takes_any_ack = follows;
    begin_anew();
    target_sends(send_octet());
    inject(segment(kAck, kIrs + 5000, kIss + 2));
    EXPECT_EQ(shadow_.variables().snd.una == Seq(kIss + 2), follows);
  }
}

TEST_F(Followed, AFinWithoutAGoodAckCounts) {
  for (const bool follows : {false, true}) {
    for (const unsigned ack : {0U, kAck + 0U}) {
      profile_.text_needs_no_ack = follows;
      begin_anew();
      inject(segment(kFin | ack, kIrs + 1, kIss + 2));
      EXPECT_EQ(shadow_.state(), follows ? State::kCloseWait : State::kEstablished);
    }
  }
}

TEST_F(Followed, TextBeyondAHoleMayBeForgotten) {
  profile_.hole_patience = std::chrono::seconds(9);
  for (const int waited : {8, 9}) {
    begin_anew();
    inject(text(kIrs + 3));
    now_ += std::chrono::seconds(waited);
    inject(text(kIrs + 1));
    EXPECT_EQ(is_sure(), waited < 9);
  }
}

TEST_F(Followed, WhatMeetsWithTheQueueMayBeLost) {
  for (const bool follows : {false, true}) {
    profile_.queues_whole_segments = follows;
    begin_anew();
    inject(text(kIrs + 3));
    Segment again = text(kIrs + 3);
    again.flags = Flags(kFin | kAck);
    inject(again);
    EXPECT_EQ(is_sure(), !follows);
  }
}

TEST_F(Followed, AResetBeyondTheEdgeMayDrawAnAck) {
  for (const bool follows : {false, true}) {
    profile_.challenges_resets_beyond = follows;
    begin_anew();
    inject(segment(kRst, kIrs + 1 + 1000));
    target_sends(segment(kAck, kIss + 1, kIrs + 1));
    EXPECT_EQ(collector_.found.empty(), follows);
  }
}

TEST_F(Followed, TheLastTimesMayCountFromThePeer) {
  profile_.fin_wait_2_timeout = 2 * profile_.msl;
  for (const bool follows : {false, true}) {
    for (const bool both : {false, true}) {
      profile_.last_times_count_from_peer = follows;
      begin_anew();
      now_ += profile_.msl;
      shadow_.close(now_, CloseKind::kBoth);
      target_sends(segment(kFin | kAck, kIss + 1, kIrs + 1));
      inject(segment(both ? kFin | kAck : kAck, kIrs + 1, kIss + 2));
      if (both) target_sends(segment(kAck, kIss + 2, kIrs + 2));
      target_is(both ? State::kTimeWait : State::kFinWait2);
      ASSERT_EQ(clauses(), "");
      now_ += profile_.msl;
      target_is(State::kListen);
      EXPECT_EQ(collector_.found.empty(), follows);
    }
  }
}

// Which of two octets stands there no rule says.
TEST_F(Followed, TwoTextsForOnePlaceLeaveDoubt) {
  const std::array<uint8_t, 1> other{'y'};
  for (const bool differs : {false, true}) {
    begin_anew();
    inject(text(kIrs + 3));
    Segment again = text(kIrs + 3);
    if (differs) again.text = other;
    inject(again);
    EXPECT_EQ(is_sure(), !differs);
  }
}

// MUST-7.
TEST_F(Followed, WhatAGarbledSynOffersIsInDoubt) {
  for (const bool repeated : {false, true}) {
    for (const bool well_formed : {false, true}) {
      collector_.found.clear();
      shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
      shadow_.listener(now_, true);
      wire::Decoded syn;
      syn.segment = segment(kSyn, kIrs);
      syn.options_well_formed = well_formed;
      syn.options_repeated = repeated;
      shadow_.injected(now_, syn, {});
      EXPECT_EQ(is_sure(), well_formed && !repeated);
    }
  }
}

TEST_F(Followed, ADroppedSynMayScaleTheWindow) {
  profile_.drops_crossing_syn = true;
  for (const bool scales : {false, true}) {
    profile_.dropped_syn_may_scale = scales;
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.open_active(now_);
    target_sends(segment(kSyn, kIss));
    Segment crossing = segment(kSyn, kIrs);
    crossing.options.window_scale = 2;
    inject(crossing);
    EXPECT_EQ(is_sure(), !scales);
  }
}

// The ACK of another SYN ends the handshake, and the rules take nothing else of it.
TEST_F(Followed, SoMayOneWhoseAckCounts) {
  profile_.takes_any_ack = true;
  profile_.dropped_syn_may_scale = true;
  for (const bool other : {false, true}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    Segment first = segment(kSyn, kIrs);
    first.options.window_scale = 2;
    inject(first);
    Segment answer = segment(kSyn | kAck, kIss, kIrs + 1);
    answer.options.window_scale = 1;
    target_sends(answer);
    Segment again = segment(kSyn | kAck, kIrs, kIss + 1);
    again.options.window_scale = other ? 10 : 2;
    inject(again);
    EXPECT_EQ(shadow_.state(), State::kEstablished);
    EXPECT_EQ(is_sure(), !other);
  }
}

// --- one connection after another ----------------------------------------------------------------

TEST_F(Followed, AResetThatDidNotComeIsMissingOnceTheNextConnectionBegins) {
  begin_anew();
  shadow_.close(now_, CloseKind::kBoth);
  target_sends(segment(kFin | kAck, kIss + 1, kIrs + 1));
  inject(text(kIrs + 1, kIss + 2));
  target_is(State::kListen);
  inject(segment(kSyn, kIrs + 9000));
  EXPECT_EQ(clauses(), "");
  target_sends(segment(kSyn | kAck, kIss + 9000, kIrs + 9001));
  EXPECT_EQ(clauses(), "SHLD-3");
  inject(segment(kAck, kIrs + 9001, kIss + 77));
  target_sends(segment(kRst, kIss + 77));
  EXPECT_EQ(clauses(), "SHLD-3");
}

// The target stays where the rules return to LISTEN. It is accepted once, whatever they do
// meanwhile.
TEST_F(Followed, OneThatWasEstablishedAgainstTheRulesWaitsForAcceptOnce) {
  inject(segment(kSyn, kIrs));
  target_sends(segment(kSyn | kAck, kIss, kIrs + 1));
  inject(segment(kSyn, kIrs + 1));
  target_is(State::kSynReceived);
  inject(segment(kAck, kIrs + 1, kIss + 1));
  EXPECT_FALSE(shadow_.ready());
  target_is(State::kEstablished);
  EXPECT_TRUE(shadow_.ready());
  inject(segment(kSyn, kIrs));
  target_is(State::kEstablished);
  EXPECT_FALSE(shadow_.ready());
}

TEST_F(Followed, ATcbThatOutlivedItsListenerMayDropTheNextSyn) {
  for (const bool outlived : {false, true}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    if (outlived) {
      inject(segment(kSyn, kIrs));
      target_sends(segment(kSyn | kAck, kIss, kIrs + 1));
      target_is(State::kSynReceived);
      shadow_.listener(now_, false);
      shadow_.listener(now_, true);
    }
    inject(segment(kSyn, kIrs + 1));
    shadow_.missing(now_);
    ASSERT_EQ(clauses(), "SM-LISTEN-3");
    EXPECT_EQ(collector_.found[0].in_doubt, outlived);
  }
}

// The ACK of the text might have waited.
TEST_F(Followed, AnAckIsMissingOfTheSegmentThatMadeItUrgent) {
  begin_anew();
  inject(text(kIrs + 1));
  shadow_.note_cause(1);
  inject(segment(kRst, kIrs + 9));
  shadow_.note_cause(2);
  now_ += std::chrono::seconds(1);
  shadow_.missing(now_);
  ASSERT_EQ(clauses(), "RFC5961-3-3");
  EXPECT_EQ(collector_.found[0].cause, 2U);
}

}  // namespace
}  // namespace synfin::judge
