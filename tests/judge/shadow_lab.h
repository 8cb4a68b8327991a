// A shadow, and what it complains of.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "harness/judge/shadow.h"

namespace synfin::judge {

inline constexpr uint32_t kIss = 1000;  // of the target
inline constexpr uint32_t kIrs = 5000;  // of its peer

class Collector : public Complaints {
 public:
  void add(Divergence divergence) override { found.push_back(std::move(divergence)); }
  std::vector<Divergence> found;
};

// A passive connection of a target under judgement. Time stands still unless a test moves it.
class ShadowTest : public ::testing::Test {
 protected:
  ShadowTest() { shadow_.listener(now_, true); }

  static Segment segment(unsigned flags, uint32_t seq, uint32_t ack = 0) {
    Segment out;
    out.flags = Flags(flags);
    out.seq = Seq(seq);
    out.ack = Seq(ack);
    out.wnd = 1000;
    return out;
  }
  void inject(const Segment& segment, Admission admission = {}) {
    wire::Decoded packet;
    packet.segment = segment;
    shadow_.injected(now_, packet, admission);
  }
  void target_sends(const Segment& segment) {
    wire::Decoded packet;
    packet.segment = segment;
    shadow_.sent(now_, packet);
  }
  void target_is(State state) { shadow_.observed(now_, state); }
  void establish() {
    inject(segment(kSyn, kIrs));
    target_sends(segment(kSyn | kAck, kIss, kIrs + 1));
    inject(segment(kAck, kIrs + 1, kIss + 1));
    target_is(State::kEstablished);
  }
  void reach_time_wait() {
    establish();
    shadow_.close(now_, CloseKind::kSending);
    target_sends(segment(kFin | kAck, kIss + 1, kIrs + 1));
    inject(segment(kFin | kAck, kIrs + 1, kIss + 2));
    target_sends(segment(kAck, kIss + 2, kIrs + 2));
    target_is(State::kTimeWait);
    ASSERT_TRUE(collector_.found.empty());
  }
  // The peer's window is 0 from now on.
  void close_window() {
    Segment closed = segment(kAck, kIrs + 1, kIss + 1);
    closed.wnd = 0;
    inject(closed);
  }
  // The user sends the first octet; this is the segment that carries it.
  Segment send_octet() {
    shadow_.send(now_, octet_, {});
    Segment text = segment(kPsh | kAck, kIss + 1, kIrs + 1);
    text.text = octet_;
    return text;
  }
  // Whether a divergence of state would now be told without a doubt.
  bool is_sure() {
    collector_.found.clear();
    target_is(State::kLastAck);
    return collector_.found.size() == 1 && !collector_.found[0].in_doubt;
  }
  // The clauses of what was complained of, in order.
  std::string clauses() const {
    std::string out;
    for (const Divergence& each : collector_.found) {
      out += (out.empty() ? "" : " ") + std::string(info(each.clause).id);
    }
    return out;
  }

  std::array<uint8_t, 1> octet_{'x'};
  Time now_{std::chrono::seconds(1)};
  Profile profile_;
  stack::Traits traits_;
  Collector collector_;
  Shadow shadow_{profile_, traits_, nullptr, collector_, 0};
};

// Whether a divergence after this segment is in doubt.
class Doubt : public ShadowTest {
 protected:
  bool after(const Segment& last) {
    inject(last);
    collector_.found.clear();
    target_is(State::kLastAck);
    return collector_.found.size() == 1 && collector_.found[0].in_doubt;
  }
};

}  // namespace synfin::judge
