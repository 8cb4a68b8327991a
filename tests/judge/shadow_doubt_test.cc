// The shadow by itself: what no rule decides, and what is the stack's own affair.
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "harness/judge/sockets.h"
#include "tests/judge/shadow_lab.h"

namespace synfin::judge {
namespace {

// As the text of a SYN at a listener: some drop it.
TEST_F(ShadowTest, TextOfASynThatReopensTimeWaitIsInDoubt) {
  reach_time_wait();
  Segment syn = segment(kSyn, kIrs + 1000);
  syn.text = octet_;
  inject(syn);
  target_sends(segment(kSyn | kAck, kIss + 90000, kIrs + 1001));
  target_is(State::kSynReceived);
  inject(segment(kAck, kIrs + 1002, kIss + 90001));
  target_is(State::kEstablished);
  now_ += std::chrono::seconds(1);
  shadow_.missing(now_);  // the ACK of the text
  ASSERT_EQ(clauses(), "MUST-40");
  EXPECT_TRUE(collector_.found[0].in_doubt);
}

// A FIN stands at two numbers.
TEST_F(ShadowTest, WhatAPeerLeadsToThatContradictsItselfIsInDoubt) {
  for (const uint32_t second : {3U, 4U}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    establish();
    inject(segment(kFin | kAck, kIrs + 3, kIss + 1));
    inject(segment(kFin | kAck, kIrs + second, kIss + 1));
    target_is(State::kCloseWait);
    ASSERT_EQ(collector_.found.size(), 1U);
    EXPECT_EQ(collector_.found[0].in_doubt, second == 4);
  }
}

TEST_F(ShadowTest, AHardErrorMayEndWhatIsHalfOpenASoftOneMustNot) {
  for (const IcmpError error : {IcmpError::kHard, IcmpError::kSoft}) {
    for (const State then : {State::kSynReceived, State::kListen}) {
      collector_.found.clear();
      shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
      shadow_.listener(now_, true);
      inject(segment(kSyn, kIrs));
      target_sends(segment(kSyn | kAck, kIss, kIrs + 1));
      target_is(State::kSynReceived);
      shadow_.icmp(now_, {.error = error, .about = {}, .seq = Seq(kIss)});
      target_is(then);
      const bool wrong = error == IcmpError::kSoft && then == State::kListen;
      EXPECT_EQ(clauses(), wrong ? "MUST-56" : "");
      EXPECT_EQ(shadow_.state() == State::kSynReceived, then == State::kSynReceived);
    }
  }
}

// §3.8.3: R2 may be measured in time, however few retransmissions fit into it.
TEST_F(ShadowTest, R2MayBeATime) {
  profile_.rto_min = std::chrono::milliseconds(200);
  profile_.retries = 8;  // 0.2 s * (2^9 - 1) = 102.2 s
  for (const bool a_time : {false, true}) {
    for (const int after : {101, 103}) {
      collector_.found.clear();
      profile_.r2_is_a_time = a_time;
      shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
      shadow_.listener(now_, true);
      establish();
      const Segment text = send_octet();
      target_sends(text);
      const Time sent = now_;
      for (const int again : {30, 60, 90}) {
        now_ = sent + std::chrono::seconds(again);
        target_sends(text);
      }
      now_ = sent + std::chrono::seconds(after);
      target_is(State::kListen);
      EXPECT_EQ(collector_.found.empty(), a_time && after == 103) << a_time << after;
    }
  }
}

// §3.6.1 beside §3.10.5: an ABORT that loses text may tell so where none resets.
TEST_F(ShadowTest, AnAbortThatLosesTextMayReset) {
  for (const bool unread : {false, true}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    establish();
    shadow_.close(now_, CloseKind::kSending);
    target_sends(segment(kFin | kAck, kIss + 1, kIrs + 1));
    Segment fin = segment(kFin | kAck, kIrs + 1, kIss + 1);
    if (unread) fin.text = octet_;
    inject(fin);
    target_sends(segment(kAck, kIss + 2, kIrs + (unread ? 3 : 2)));
    target_is(State::kClosing);
    shadow_.abort(now_);
    target_sends(segment(kRst, kIss + 2));
    EXPECT_EQ(clauses(), unread ? "" : "SM-OUT-5");
  }
}

// After a simultaneous open; the window that it tells then is read as it means it.
TEST_F(ShadowTest, WhoOffersScalingToAPeerThatDidNotScalesItsOwnWindow) {
  Shadow active{profile_, traits_, nullptr, collector_, 0};
  const auto pass = [&](bool to_target, const Segment& segment) {
    wire::Decoded packet;
    packet.segment = segment;
    to_target ? active.injected(now_, packet, {}) : void(active.sent(now_, packet));
  };
  active.open_active(now_);
  Segment syn = segment(kSyn, kIss);
  syn.wnd = 64000;
  syn.options.window_scale = 7;
  pass(false, syn);
  pass(true, segment(kSyn, kIrs));
  syn.flags = Flags(kSyn | kAck);
  syn.ack = Seq(kIrs + 1);
  pass(false, syn);
  ASSERT_EQ(clauses(), "RFC7323-WS-2");
  pass(true, segment(kAck, kIrs + 1, kIss + 1));
  Segment text = segment(kAck, kIrs + 1, kIss + 1);
  text.text = octet_;
  pass(true, text);
  Segment ack = segment(kAck, kIss + 1, kIrs + 2);
  ack.wnd = 500;  // 64000 octets
  pass(false, ack);
  EXPECT_EQ(clauses(), "RFC7323-WS-2");
}

// --- what a followed stack makes of a segment, and no answer tells ---

TEST_F(ShadowTest, WhatLacksAckMayBeDroppedBeforeAllElse) {
  for (const bool drops : {false, true}) {
    collector_.found.clear();
    profile_.drops_what_lacks_ack = drops;
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    establish();
    inject(segment(kFin, kIrs + 5000));  // outside the window: an ACK is owed
    shadow_.missing(now_);
    EXPECT_EQ(clauses(), drops ? "" : "SM-ACC-5");
  }
}

TEST_F(Doubt, ComesOfAWindowThatMayBeWiderThanItTells) {
  for (const bool keeps : {false, true}) {
    for (const uint32_t beyond : {0U, 1U}) {
      profile_.keeps_more_than_it_tells = keeps;
      shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
      shadow_.listener(now_, true);
      inject(segment(kSyn, kIrs));
      Segment answer = segment(kSyn | kAck, kIss, kIrs + 1);
      answer.wnd = 65535;
      target_sends(answer);
      inject(segment(kAck, kIrs + 1, kIss + 1));
      EXPECT_EQ(after(segment(kAck, kIrs + 1 + 65535 + beyond, kIss + 1)), keeps && beyond > 0);
    }
  }
}

TEST_F(Doubt, ComesOfTextBehindTheLastWindow) {
  for (const bool back : {false, true}) {
    profile_.text_may_set_wl1_back = back;
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    establish();
    inject(segment(kAck, kIrs + 3, kIss + 1));  // SND.WL1
    Segment text = segment(kAck, kIrs + 1, kIss + 1);
    text.text = octet_;
    EXPECT_EQ(after(text), back);
  }
}

// §3.8.4: only text and ACKs put off a keep-alive, and so the end that it leads to.
TEST_F(ShadowTest, ASynPutsOffNoKeepAlive) {
  for (const unsigned flags : {kSyn, kAck}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    establish();
    shadow_.set_keepalive(true, std::chrono::hours(2));
    now_ += std::chrono::hours(1);
    inject(segment(flags, kIrs + 1, kIss + 1));
    target_sends(segment(kAck, kIss + 1, kIrs + 1));
    now_ += std::chrono::minutes(90);
    target_is(State::kListen);
    EXPECT_EQ(collector_.found.empty(), flags == kSyn);
  }
}

// Nor does what is not acceptable.
TEST_F(ShadowTest, AnAckOutsideTheWindowPutsOffNoKeepAlive) {
  for (const uint32_t seq : {kIrs + 5000, kIrs + 1}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    establish();
    shadow_.set_keepalive(true, std::chrono::hours(2));
    now_ += std::chrono::hours(1);
    inject(segment(kAck, seq, kIss + 1));
    target_sends(segment(kAck, kIss + 1, kIrs + 1));
    collector_.found.clear();
    now_ += std::chrono::minutes(90);
    target_is(State::kListen);
    EXPECT_EQ(collector_.found.empty(), seq != kIrs + 1);
  }
}

// --- sockets -------------------------------------------------------------------------------------

// A socket that was connected once opens nothing any more, and says so.
TEST_F(ShadowTest, ConnectOfASocketThatWasConnectedOpensNothing) {
  std::vector<std::unique_ptr<Shadow>> shadows;
  shadows.push_back(std::make_unique<Shadow>(profile_, traits_, nullptr, collector_, 0));
  Shadow& shadow = *shadows[0];
  Sockets sockets(profile_, shadows);
  sockets.begin();
  const auto call = [&](script::CallName name, int64_t value, int error) {
    script::CallSpec spec;
    spec.name = name;
    spec.fd = 4;
    sockets.call_starts(now_, spec, 0);
    sockets.call_returns(now_, spec, 0, value, error, {});
  };
  call(script::CallName::kSocket, 4, 0);
  call(script::CallName::kConnect, -1, EINPROGRESS);
  const auto pass = [&](bool to_target, const Segment& segment) {
    wire::Decoded packet;
    packet.segment = segment;
    to_target ? shadow.injected(now_, packet, {}) : void(shadow.sent(now_, packet));
  };
  pass(false, segment(kSyn, kIss));
  pass(true, segment(kSyn | kAck, kIrs, kIss + 1));
  pass(false, segment(kAck, kIss + 1, kIrs + 1));
  call(script::CallName::kConnect, -1, EISCONN);
  EXPECT_EQ(shadow.state(), State::kEstablished);
  pass(true, segment(kRst, kIrs + 1));
  ASSERT_EQ(shadow.state(), State::kClosed);
  call(script::CallName::kConnect, -1, EISCONN);
  EXPECT_EQ(shadow.state(), State::kClosed);
  EXPECT_EQ(clauses(), "");
}

}  // namespace
}  // namespace synfin::judge
