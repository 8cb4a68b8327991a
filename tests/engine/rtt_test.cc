#include "engine/rtt.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <random>

namespace synfin {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// Low bounds, so that the arithmetic of §2 shows through.
constexpr RttLimits kUnbounded = {
    .initial = seconds(1), .min = nanoseconds(1), .max = hours(24), .granularity = milliseconds(1)};

RttEstimator after_samples(std::initializer_list<Duration> samples, RttLimits limits = kUnbounded) {
  RttEstimator rtt(limits);
  for (const Duration sample : samples) rtt.sample(sample);
  return rtt;
}

TEST(RttTest, BeforeAnySampleTheRtoIsOneSecond) {  // (2.1)
  const RttEstimator rtt;
  EXPECT_EQ(rtt.rto(), seconds(1));
  EXPECT_FALSE(rtt.has_sample());
  EXPECT_EQ(rtt.srtt(), Duration::zero());
}

TEST(RttTest, FirstSampleSetsSrttAndHalfOfItAsVariance) {  // (2.2)
  const RttEstimator rtt = after_samples({milliseconds(400)});
  EXPECT_TRUE(rtt.has_sample());
  EXPECT_EQ(rtt.srtt(), milliseconds(400));
  EXPECT_EQ(rtt.rttvar(), milliseconds(200));
  EXPECT_EQ(rtt.rto(), milliseconds(400 + 4 * 200));
}

TEST(RttTest, LaterSamplesUseTheOldSrttForTheVariance) {  // (2.3)
  const RttEstimator rtt = after_samples({milliseconds(400), milliseconds(800)});
  EXPECT_EQ(rtt.rttvar(), milliseconds((3 * 200 + 400) / 4));  // 237.5 ms with the new SRTT
  EXPECT_EQ(rtt.srtt(), milliseconds((7 * 400 + 800) / 8));
  EXPECT_EQ(rtt.rto(), milliseconds(450 + 4 * 250));
}

TEST(RttTest, ASampleBelowSrttAlsoRaisesTheVariance) {
  const RttEstimator rtt = after_samples({milliseconds(800), milliseconds(0)});
  EXPECT_EQ(rtt.rttvar(), milliseconds((3 * 400 + 800) / 4));
  EXPECT_EQ(rtt.srtt(), milliseconds(700));
}

TEST(RttTest, SteadySamplesLeaveNoLessThanTheGranularity) {  // §4
  RttEstimator rtt(kUnbounded);
  for (int i = 0; i < 200; ++i) rtt.sample(milliseconds(100));
  EXPECT_EQ(rtt.srtt(), milliseconds(100));
  EXPECT_EQ(rtt.rto(), milliseconds(101));
}

// Choices of stacks that are judged, not RFC 6298's.
TEST(RttTest, TheRtoIsAWholeNumberOfTicks) {
  RttLimits limits = kUnbounded;
  limits.tick = milliseconds(10);
  EXPECT_EQ(after_samples({milliseconds(400)}, limits).rto(), milliseconds(1200));
  EXPECT_EQ(after_samples({milliseconds(401)}, limits).rto(), milliseconds(1210));
}

TEST(RttTest, WithoutStartingAnewTheFirstSampleIsTakenAsAnyOther) {
  RttLimits limits = kUnbounded;
  limits.initial = seconds(3);
  limits.starts_anew = false;
  EXPECT_EQ(RttEstimator(limits).rto(), seconds(3));
  EXPECT_EQ(after_samples({seconds(0)}, limits).rto(), milliseconds(2250));
  EXPECT_EQ(after_samples({seconds(0), seconds(0)}, limits).rto(), microseconds(1687500));
}

TEST(RttTest, ANegativeSampleCountsAsZero) {
  const RttEstimator rtt = after_samples({milliseconds(-5)});
  EXPECT_EQ(rtt.srtt(), Duration::zero());
  EXPECT_EQ(rtt.rto(), milliseconds(1));
}

TEST(RttTest, RtoIsRoundedUpToOneSecond) {  // (2.4)
  EXPECT_EQ(after_samples({milliseconds(10)}, RttLimits{}).rto(), seconds(1));
  EXPECT_EQ(after_samples({milliseconds(333)}, RttLimits{}).rto(), seconds(1));
  EXPECT_EQ(after_samples({milliseconds(334)}, RttLimits{}).rto(), milliseconds(1002));
}

TEST(RttTest, RtoIsCutAtTheMaximum) {  // (2.5)
  EXPECT_EQ(after_samples({seconds(59)}, RttLimits{}).rto(), seconds(60));
}

TEST(RttTest, BackingOffDoublesUpToTheMaximum) {  // (5.5)
  RttEstimator rtt;
  for (const int expected : {2, 4, 8, 16, 32, 60, 60}) {
    rtt.back_off();
    EXPECT_EQ(rtt.rto(), seconds(expected));
  }
}

TEST(RttTest, BackingOffReachesAnyMaximumWithoutOverflow) {
  RttEstimator rtt({.max = Duration::max()});
  for (int i = 0; i < 100; ++i) rtt.back_off();
  EXPECT_EQ(rtt.rto(), Duration::max());
}

TEST(RttTest, ANewSampleCollapsesTheRto) {  // §5, the note after (5.7)
  RttEstimator rtt = after_samples({milliseconds(400)});
  rtt.back_off();
  rtt.back_off();
  EXPECT_EQ(rtt.rto(), milliseconds(4800));
  rtt.sample(milliseconds(400));
  EXPECT_EQ(rtt.rto(), milliseconds(400 + 4 * 150));
}

TEST(RttTest, AfterASynTimeoutTheRtoIsThreeSeconds) {  // (5.7)
  for (const int timeouts : {1, 2, 3}) {
    RttEstimator rtt;
    for (int i = 0; i < timeouts; ++i) {
      rtt.on_syn_timeout();
      rtt.back_off();
    }
    EXPECT_EQ(rtt.rto(), seconds(1 << timeouts));
    rtt.on_established();
    EXPECT_EQ(rtt.rto(), seconds(3));
    rtt.sample(milliseconds(500));
    EXPECT_EQ(rtt.rto(), milliseconds(1500));
  }
}

TEST(RttTest, AfterASynTimeoutAMeasuredRtoIsThreeSecondsToo) {
  RttEstimator rtt;
  rtt.on_syn_timeout();
  rtt.back_off();
  rtt.sample(milliseconds(50));  // told by timestamps, §3
  rtt.on_established();
  EXPECT_EQ(rtt.rto(), seconds(3));
  EXPECT_EQ(rtt.srtt(), milliseconds(50));
}

TEST(RttTest, WithoutASynTimeoutEstablishingChangesNothing) {
  RttEstimator rtt;
  rtt.sample(milliseconds(500));
  rtt.on_established();
  EXPECT_EQ(rtt.rto(), milliseconds(1500));
}

TEST(RttTest, TheSynRuleIsForInitialTimeoutsBelowThreeSeconds) {
  RttEstimator rtt({.initial = seconds(3)});
  rtt.on_syn_timeout();
  rtt.back_off();
  rtt.on_established();
  EXPECT_EQ(rtt.rto(), seconds(6));
}

TEST(RttTest, TheRtoStaysWithinItsBoundsWhateverIsMeasured) {
  std::mt19937_64 random(6298);
  RttEstimator rtt;
  for (int i = 0; i < 20'000; ++i) {
    const auto before = rtt.rto();
    switch (random() % 3) {
      case 0:
        rtt.back_off();
        ASSERT_GE(rtt.rto(), before) << i;
        break;
      default:
        rtt.sample(nanoseconds(static_cast<int64_t>(random() >> (random() % 60 + 4))));
        ASSERT_GE(rtt.rttvar(), Duration::zero()) << i;
        break;
    }
    ASSERT_GE(rtt.rto(), seconds(1)) << i;
    ASSERT_LE(rtt.rto(), seconds(60)) << i;
  }
}

}  // namespace
}  // namespace synfin
