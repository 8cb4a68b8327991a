// The shadow by itself: a target that was astray and has come back.
#include <gtest/gtest.h>

#include "tests/judge/shadow_lab.h"

namespace synfin::judge {
namespace {

class Astray : public ShadowTest {
 protected:
  void half_open() {
    inject(segment(kSyn, kIrs));
    target_sends(segment(kSyn | kAck, kIss, kIrs + 1));
    target_is(State::kSynReceived);
  }
  // Half open, and again by the same SYN. In between the target did not return to LISTEN.
  void half_open_by_another() {
    half_open();
    inject(segment(kSyn, kIrs + 1));
    target_is(State::kSynReceived);
    half_open();
    ASSERT_EQ(clauses(), "SM-SYN-1");
    ASSERT_FALSE(shadow_.lost());
    collector_.found.clear();
  }
};

TEST_F(Astray, MayHaveWaitedForLonger) {
  for (const bool astray : {false, true}) {
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    astray ? half_open_by_another() : half_open();
    now_ += std::chrono::seconds(20);
    shadow_.missing(now_);
    target_is(State::kListen);
    EXPECT_EQ(collector_.found.empty(), astray);
  }
}

TEST_F(Astray, WhichOfTwoSynsCountsIsInDoubt) {
  for (const bool follows : {false, true}) {
    profile_.dropped_syn_may_scale = follows;
    collector_.found.clear();
    shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
    shadow_.listener(now_, true);
    half_open_by_another();
    EXPECT_EQ(is_sure(), !follows);
  }
}

// Closed in SYN-RECEIVED after a simultaneous open, and later than the rules have it.
TEST_F(Astray, AnAckOfTheSynMayHaveCounted) {
  shadow_ = Shadow(profile_, traits_, nullptr, collector_, 0);
  shadow_.open_active(now_);
  target_sends(segment(kSyn, kIss));
  inject(segment(kSyn, kIrs));
  target_sends(segment(kSyn | kAck, kIss, kIrs + 1));
  shadow_.close(now_, CloseKind::kSending);
  target_is(State::kSynReceived);
  ASSERT_EQ(clauses(), "SM-USR-2");
  inject(segment(kSyn | kAck, kIrs, kIss + 1));
  target_sends(segment(kAck, kIss + 1, kIrs + 1));
  target_is(State::kFinWait1);
  ASSERT_FALSE(shadow_.lost());
  EXPECT_FALSE(is_sure());
}

}  // namespace
}  // namespace synfin::judge
