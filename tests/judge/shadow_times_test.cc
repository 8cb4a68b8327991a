// The shadow by itself: probes, giving up, TIME-WAIT.
#include <array>
#include <string>
#include <vector>

#include "tests/judge/shadow_lab.h"

namespace synfin::judge {
namespace {

TEST_F(ShadowTest, TextAndFinOfOneTimeoutAreOneProbe) {
  establish();
  const Segment text = send_octet();
  target_sends(text);
  close_window();
  shadow_.close(now_, CloseKind::kSending);
  const auto times_out_after = [&](int wait) {
    now_ += std::chrono::seconds(wait);
    target_sends(text);
    target_sends(segment(kFin | kAck, kIss + 2, kIrs + 1));
  };
  for (const int wait : {1, 2, 4}) times_out_after(wait);
  EXPECT_EQ(clauses(), "");
  times_out_after(4);
  EXPECT_EQ(clauses(), "SHLD-30");
}

// Nothing was sent in a window that opened less than the text needs: the timer may stand where the
// probes have backed it off to.
TEST_F(ShadowTest, AWindowThatWasOpenForAMomentDoesNotHurryTheNextProbe) {
  establish();
  close_window();
  send_octet();
  const Segment probe = send_octet();
  for (const int wait : {1, 2, 4, 8}) {
    now_ += std::chrono::seconds(wait);
    target_sends(probe);
  }
  Segment open = segment(kAck, kIrs + 1, kIss + 1);
  open.wnd = 1;
  inject(open);
  close_window();
  shadow_.missing(now_ + std::chrono::seconds(16));
  EXPECT_EQ(clauses(), "");
  shadow_.missing(now_ + std::chrono::seconds(60));
  EXPECT_EQ(clauses(), "MUST-36");
}

// SHLD-11: R2 of what went out before the window closed.
TEST_F(ShadowTest, ASilentPeerBehindAClosedWindowMayBeGivenUp) {
  profile_.silent_window_timeout = std::chrono::seconds(240);
  for (const int seconds : {239, 241}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    establish();
    target_sends(send_octet());
    close_window();
    now_ += std::chrono::seconds(seconds);
    target_is(State::kListen);
    EXPECT_EQ(collector_.found.empty(), seconds > 240);
  }
}

// With one octet beyond a closed window an ACK at its edge has the number of a probe.
TEST_F(ShadowTest, AnAckThatIsOwedIsNoProbe) {
  establish();
  shadow_.close(now_, CloseKind::kSending);
  const Segment fin = segment(kFin | kAck, kIss + 1, kIrs + 1);
  target_sends(fin);
  close_window();
  for (const int wait : {1, 2}) {
    now_ += std::chrono::seconds(wait);
    target_sends(fin);
  }
  now_ += std::chrono::seconds(1);
  inject(segment(kSyn, kIrs));
  target_sends(segment(kAck, kIss + 1, kIrs + 1));
  EXPECT_EQ(clauses(), "");
}

// In CLOSING step 5 goes no further, but who takes text at the edge of the window may answer it.
TEST_F(ShadowTest, AnAckThatMayAnswerIsNoProbe) {
  profile_.window_takes_its_edges = true;
  shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
  shadow_.listener(now_, true);
  establish();
  shadow_.close(now_, CloseKind::kSending);
  const Segment fin = segment(kFin | kAck, kIss + 1, kIrs + 1);
  target_sends(fin);
  inject(segment(kFin | kAck, kIrs + 1, kIss + 1));
  target_sends(segment(kAck, kIss + 2, kIrs + 2));
  Segment closed = segment(kAck, kIrs + 2, kIss + 1);
  closed.wnd = 0;
  inject(closed);
  for (const int wait : {1, 2}) {
    now_ += std::chrono::seconds(wait);
    target_sends(segment(kFin | kAck, kIss + 1, kIrs + 2));
  }
  now_ += std::chrono::seconds(1);
  const std::array<uint8_t, 1> octet{'x'};
  Segment old = segment(kAck, kIrs + 1, kIss + 1);
  old.text = octet;
  inject(old);
  target_sends(segment(kAck, kIss + 1, kIrs + 2));
  EXPECT_EQ(clauses(), "");
}

// Where one number is beyond the edge it has that of a keep-alive.
TEST_F(ShadowTest, AnAckAtTheEdgeIsNoKeepAlive) {
  establish();
  shadow_.set_keepalive(true, std::chrono::hours(2));
  target_sends(send_octet());
  shadow_.close(now_, CloseKind::kSending);
  target_sends(segment(kFin | kAck, kIss + 2, kIrs + 1));
  Segment shrunk = segment(kAck, kIrs + 1, kIss + 1);
  shrunk.wnd = 1;
  inject(shrunk);
  const Segment at_edge = segment(kAck, kIss + 2, kIrs + 1);
  inject(segment(kAck, kIrs + 1, kIss + 4));  // of what was never sent
  target_sends(at_edge);
  EXPECT_EQ(clauses(), "");
  target_sends(at_edge);
  EXPECT_EQ(clauses(), "MUST-26");
}

class LastAck : public ShadowTest {
 protected:
  void reach(CloseKind how) {
    profile_.last_ack_timeout = std::chrono::seconds(120);
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    establish();
    inject(segment(kFin | kAck, kIrs + 1, kIss + 1));
    target_sends(segment(kAck, kIss + 1, kIrs + 2));
    shadow_.close(now_, how);
    target_sends(segment(kFin | kAck, kIss + 1, kIrs + 2));
    target_is(State::kLastAck);
  }
};

TEST_F(LastAck, MayEndByTime) {
  for (const int seconds : {119, 120}) {
    reach(CloseKind::kBoth);
    now_ += std::chrono::seconds(seconds);
    target_is(State::kListen);
    EXPECT_EQ(collector_.found.empty(), seconds == 120) << clauses();
  }
}

// What the peer sends puts it off, but not where nobody reads any more.
TEST_F(LastAck, DoesNotHoldWhoDoesNotRead) {
  for (const CloseKind how : {CloseKind::kSending, CloseKind::kBoth}) {
    reach(how);
    now_ += std::chrono::seconds(60);
    inject(segment(kAck, kIrs + 2, kIss + 1));
    now_ += std::chrono::seconds(60);
    target_is(State::kListen);
    EXPECT_EQ(collector_.found.empty(), how == CloseKind::kBoth) << clauses();
  }
}

// The target calls it LAST-ACK from the close() on, the rules from the FIN on.
TEST_F(ShadowTest, LastAckMayEndBeforeTheFinIsSent) {
  profile_.last_ack_timeout = std::chrono::seconds(120);
  shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
  shadow_.listener(now_, true);
  establish();
  inject(segment(kFin | kAck, kIrs + 1, kIss + 1));
  target_sends(segment(kAck, kIss + 1, kIrs + 2));
  shadow_.send(now_, std::array<uint8_t, 1>{'x'}, {});
  shadow_.close(now_, CloseKind::kBoth);
  target_is(State::kLastAck);
  now_ += std::chrono::seconds(120);
  target_is(State::kListen);
  EXPECT_EQ(clauses(), "");
}

// Whoever gives up does so by a timer; a RST that answers a segment tells nothing of that.
TEST_F(ShadowTest, AnAnswerIsNoGivingUp) {
  profile_.syn_retries = 1;
  shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
  shadow_.open_active(now_);
  target_sends(segment(kSyn, kIss));
  now_ += std::chrono::seconds(3);
  target_sends(segment(kSyn, kIss));
  now_ += std::chrono::milliseconds(1);
  inject(segment(kAck, kIrs, kIss + 1));
  target_sends(segment(kRst | kAck, kIss + 1, kIrs));
  EXPECT_EQ(clauses(), "SM-OUT-5");
  target_is(State::kSynSent);
  EXPECT_EQ(clauses(), "SM-OUT-5");
}

TEST_F(ShadowTest, AnAckOfWhatHasNotComeIsNoOldestAck) {
  establish();
  const uint32_t half = 1U << 31U;
  target_sends(segment(kAck, kIss + 1, kIrs + half));
  const std::size_t one = collector_.found.size();
  target_sends(segment(kAck, kIss + 1, kIrs + half + 1000));
  EXPECT_GT(collector_.found.size(), one);
}

TEST_F(ShadowTest, WhatIsSentAtOnceIsNoProbe) {
  for (const bool shrank : {false, true}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    Segment syn = segment(kSyn, kIrs);
    syn.wnd = shrank ? 1000 : 0;
    inject(syn);
    target_sends(segment(kSyn | kAck, kIss, kIrs + 1));
    close_window();
    const Segment text = send_octet();
    target_sends(text);
    EXPECT_EQ(clauses(), shrank ? "SHLD-15" : "SHLD-29");
    // It is not where the intervals begin: the second of these is no longer than the first.
    for (const int wait : {3, 3}) {
      now_ += std::chrono::seconds(wait);
      target_sends(text);
    }
    EXPECT_EQ(clauses(), shrank ? "SHLD-15" : "SHLD-29");
  }
}

TEST_F(ShadowTest, AFinThatIsSentAtOnceIsNoProbe) {
  establish();
  const Segment text = send_octet();
  target_sends(text);
  close_window();
  for (const int wait : {1, 2}) {
    now_ += std::chrono::seconds(wait);
    target_sends(text);
  }
  now_ += std::chrono::milliseconds(900);
  shadow_.close(now_, CloseKind::kSending);
  target_sends(segment(kFin | kAck, kIss + 2, kIrs + 1));
  EXPECT_EQ(clauses(), "SHLD-15");
}

TEST_F(ShadowTest, AStateThatEndsByTimeBreaksTheRuleOfItsTime) {
  reach_time_wait();
  inject(segment(kAck, kIrs + 2, kIss + 2));
  target_is(State::kTimeWait);
  now_ += std::chrono::seconds(1);
  target_is(State::kListen);
  EXPECT_EQ(clauses(), "MUST-13");
}

TEST_F(ShadowTest, TheSameStateWithOtherNumbersIsNotEnough) {
  establish();
  target_is(State::kSynReceived);
  inject(segment(kAck, kIrs, kIss + 1));
  target_sends(segment(kAck, kIss + 9, kIrs + 1));
  target_is(State::kEstablished);
  EXPECT_TRUE(shadow_.lost());
}

TEST_F(ShadowTest, AConnectionThatIsGoneIsJudgedOnAsSuch) {
  establish();
  target_is(State::kListen);
  EXPECT_EQ(collector_.found.size(), 1U);
  EXPECT_FALSE(shadow_.lost());
  inject(segment(kAck, kIrs + 1, kIss + 1));
  shadow_.missing(now_);
  EXPECT_EQ(clauses().substr(clauses().rfind(' ') + 1), "SM-LISTEN-2");
}

TEST_F(ShadowTest, ASynInTimeWaitMayBeTaken) {
  reach_time_wait();
  inject(segment(kSyn, kIrs + 1000));
  target_sends(segment(kSyn | kAck, kIss + 90000, kIrs + 1001));
  target_is(State::kSynReceived);
  EXPECT_EQ(clauses(), "");
}

// MAY-2 (2): the reset of an old duplicate; what TIME-WAIT owed before it may come then.
TEST_F(ShadowTest, TimeWaitComesBackWithWhatItOwes) {
  reach_time_wait();
  inject(segment(kFin | kAck, kIrs + 1, kIss + 2));
  now_ += std::chrono::seconds(1);
  inject(segment(kSyn, kIrs + 100));
  target_sends(segment(kSyn | kAck, kIss + 100'000, kIrs + 101));
  target_is(State::kSynReceived);
  inject(segment(kRst, kIrs + 101));
  target_sends(segment(kAck, kIss + 2, kIrs + 2));
  target_is(State::kTimeWait);
  EXPECT_EQ(clauses(), "");
}

TEST_F(ShadowTest, ASynInTimeWaitThatIsRefusedIsOneDivergence) {
  reach_time_wait();
  inject(segment(kSyn, kIrs + 1000));
  target_sends(segment(kAck, kIss + 2, kIrs + 2));
  target_is(State::kTimeWait);
  shadow_.missing(now_);
  EXPECT_EQ(clauses(), "MAY-2");
  EXPECT_FALSE(shadow_.lost());
}

TEST_F(ShadowTest, ASynInTimeWaitThatIsRefusedInSilenceIsOneDivergence) {
  reach_time_wait();
  inject(segment(kSyn, kIrs + 1000));
  target_is(State::kTimeWait);
  shadow_.missing(now_);
  EXPECT_EQ(clauses(), "MAY-2");
}

TEST_F(ShadowTest, WithoutRoomASynInTimeWaitMayBeRefused) {
  reach_time_wait();
  inject(segment(kSyn, kIrs + 1000), {.syn = false});
  target_is(State::kTimeWait);
  shadow_.missing(now_);
  EXPECT_EQ(clauses(), "");
}

TEST_F(ShadowTest, WithoutRoomItMayBeTakenAllTheSame) {
  reach_time_wait();
  inject(segment(kSyn, kIrs + 1000), {.syn = false});
  target_sends(segment(kSyn | kAck, kIss + 90000, kIrs + 1001));
  target_is(State::kSynReceived);
  EXPECT_EQ(clauses(), "");
}

TEST_F(ShadowTest, AfterAResetOfTheNewOneTheOldMayComeBack) {
  reach_time_wait();
  inject(segment(kSyn, kIrs + 1000));
  target_sends(segment(kSyn | kAck, kIss + 90000, kIrs + 1001));
  target_is(State::kSynReceived);
  inject(segment(kRst, kIrs + 1001));
  target_is(State::kTimeWait);
  inject(segment(kFin | kAck, kIrs + 1, kIss + 2));
  target_sends(segment(kAck, kIss + 2, kIrs + 2));
  EXPECT_EQ(clauses(), "");
}

TEST_F(ShadowTest, AfterAnyOtherSegmentItMayNot) {
  reach_time_wait();
  inject(segment(kSyn, kIrs + 1000));
  target_sends(segment(kSyn | kAck, kIss + 90000, kIrs + 1001));
  inject(segment(kAck, kIrs + 1001, kIss + 90001));
  target_is(State::kTimeWait);
  EXPECT_EQ(collector_.found.size(), 1U);
}

class GivingUp : public ShadowTest {
 protected:
  // Text is in flight, text has come, and the user timeout passes before its delayed ACK is due.
  void text_both_ways() {
    shadow_.set_user_timeout(now_, std::chrono::milliseconds(100));
    const std::vector<uint8_t> octets{'a', 'b'};
    shadow_.send(now_, octets, {});
    Segment text = segment(kAck | kPsh, kIss + 1, kIrs + 1);
    text.text = octets;
    target_sends(text);
    Segment arriving = segment(kAck, kIrs + 1, kIss + 1);
    arriving.text = octets;
    inject(arriving);
    shadow_.note_cause(7);
    now_ += std::chrono::seconds(1);
    shadow_.missing(now_);
  }
};

TEST_F(GivingUp, WhoGaveUpOwesNothing) {
  establish();
  text_both_ways();
  target_is(State::kListen);
  EXPECT_EQ(clauses(), "");
}

TEST_F(GivingUp, WhoDidNotOwesIt) {
  establish();
  text_both_ways();
  shadow_.note_cause(8);
  target_is(State::kEstablished);
  ASSERT_EQ(clauses(), "MUST-40");
  EXPECT_EQ(collector_.found[0].cause, 7U);
}

}  // namespace
}  // namespace synfin::judge
