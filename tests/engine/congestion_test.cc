// RFC 5681 §3.1 and §4.1: slow start, congestion avoidance, timeouts, idle connections.
#include "engine/congestion.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "tests/engine/congestion_sender.h"

namespace synfin {
namespace {

using congestion_model::kSmss;
using congestion_model::Sender;
using AckEffect = Congestion::AckEffect;

TEST(CongestionTest, IsSmall) { static_assert(sizeof(Congestion) <= 40); }

// --- RFC 5681 §3.1 ---

TEST(CongestionTest, InitialWindowDependsOnSmss) {
  EXPECT_EQ(Congestion::initial_window(2191), 2u * 2191);
  EXPECT_EQ(Congestion::initial_window(2190), 3u * 2190);
  EXPECT_EQ(Congestion::initial_window(1096), 3u * 1096);
  EXPECT_EQ(Congestion::initial_window(1095), 4u * 1095);
  EXPECT_EQ(Congestion::initial_window(536), 4u * 536);
}

TEST(CongestionTest, InitialWindowMayBeGivenInSegments) {
  EXPECT_EQ(Congestion::initial_window(1460, 10), 14600u);
  EXPECT_EQ(Congestion::initial_window(65535, 65535), Congestion::kLargestWindow);
  EXPECT_EQ(Sender(10).cwnd(), 10 * kSmss);
  EXPECT_EQ(Sender(0).cwnd(), 4 * kSmss);
}

TEST(CongestionTest, ALostSynLeavesOneSegment) {
  Congestion congestion(Seq(1), 10);
  congestion.on_syn_lost();
  congestion.on_established(1460);
  EXPECT_EQ(congestion.cwnd(), 1460u);
}

TEST(CongestionTest, SsthreshStartsAsHighAsAWindowCanBe) {
  const Sender sender;
  EXPECT_EQ(sender.ssthresh(), Congestion::kLargestWindow);
  EXPECT_TRUE(sender.congestion.in_slow_start());
}

TEST(CongestionTest, SlowStartAddsWhatIsAcknowledgedUpToOneSmss) {
  Sender sender;
  sender.send();
  sender.ack(1);
  EXPECT_EQ(sender.cwnd(), 10 * kSmss + 1);
  sender.ack(kSmss);
  EXPECT_EQ(sender.cwnd(), 11 * kSmss + 1);
  sender.ack(3 * kSmss);
  EXPECT_EQ(sender.cwnd(), 12 * kSmss + 1);
}

// Brings a sender into congestion avoidance with cwnd = ssthresh = 5 SMSS and nothing in flight.
Sender avoiding() {
  Sender sender;
  sender.send();
  EXPECT_TRUE(sender.lose_first());
  EXPECT_EQ(sender.ack(sender.flight()), AckEffect::kFullAck);
  while (sender.congestion.in_slow_start()) {
    sender.sent_end += kSmss;
    sender.ack(kSmss);
  }
  EXPECT_EQ(sender.cwnd(), 5 * kSmss);
  EXPECT_EQ(sender.ssthresh(), 5 * kSmss);
  return sender;
}

TEST(CongestionTest, AvoidanceAddsOneSmssForAWindowOfAcknowledgedOctets) {
  Sender sender = avoiding();
  sender.sent_end += 100 * kSmss;
  for (int i = 0; i < 4; ++i) {
    sender.ack(kSmss);
    EXPECT_EQ(sender.cwnd(), 5 * kSmss);
  }
  sender.ack(kSmss - 1);
  EXPECT_EQ(sender.cwnd(), 5 * kSmss);
  sender.ack(1);
  EXPECT_EQ(sender.cwnd(), 6 * kSmss);
  for (int i = 0; i < 5; ++i) sender.ack(kSmss);
  EXPECT_EQ(sender.cwnd(), 6 * kSmss);
  sender.ack(kSmss);
  EXPECT_EQ(sender.cwnd(), 7 * kSmss);
}

TEST(CongestionTest, AvoidanceIsNotSpedUpByDividedAcknowledgments) {
  Sender sender = avoiding();
  sender.sent_end += 100 * kSmss;
  for (int i = 0; i < 50; ++i) sender.ack(kSmss / 10);
  EXPECT_EQ(sender.cwnd(), 6 * kSmss);
}

TEST(CongestionTest, AvoidanceCarriesOverWhatAStepDidNotNeed) {
  Sender sender = avoiding();
  sender.sent_end += 100 * kSmss;
  sender.ack(4 * kSmss);
  sender.ack(2 * kSmss);
  EXPECT_EQ(sender.cwnd(), 6 * kSmss);
  sender.ack(5 * kSmss - 1);
  EXPECT_EQ(sender.cwnd(), 6 * kSmss);
  sender.ack(1);
  EXPECT_EQ(sender.cwnd(), 7 * kSmss);
}

// A sender with cwnd = 12 SMSS, one octet short of the next step, and nothing in flight.
Sender nearly_stepping() {
  Sender sender = avoiding();
  while (sender.cwnd() < 12 * kSmss) {
    sender.sent_end += kSmss;
    sender.ack(kSmss);
  }
  sender.sent_end += 12 * kSmss - 1;
  sender.ack(12 * kSmss - 1);
  EXPECT_EQ(sender.cwnd(), 12 * kSmss);
  return sender;
}

TEST(CongestionTest, AvoidanceCountsAnewAfterATimeout) {
  Sender sender = nearly_stepping();
  sender.sent_end += 4 * kSmss;
  sender.timeout();
  sender.ack(kSmss);
  EXPECT_EQ(sender.cwnd(), 2 * kSmss);
  EXPECT_FALSE(sender.congestion.in_slow_start());
  sender.ack(kSmss);
  EXPECT_EQ(sender.cwnd(), 2 * kSmss);
}

TEST(CongestionTest, AvoidanceCountsAnewAfterFastRecovery) {
  Sender sender = nearly_stepping();
  sender.sent_end += 20 * kSmss;
  EXPECT_TRUE(sender.lose_first());
  sender.sent_end += 20 * kSmss;
  EXPECT_EQ(sender.ack(20 * kSmss), AckEffect::kFullAck);
  EXPECT_EQ(sender.cwnd(), 10 * kSmss);
  EXPECT_FALSE(sender.congestion.in_slow_start());
  sender.ack(kSmss);
  EXPECT_EQ(sender.cwnd(), 10 * kSmss);
}

TEST(CongestionTest, AvoidanceCountsAnewAfterARestart) {
  Sender sender = nearly_stepping();
  sender.congestion.on_idle_restart();
  EXPECT_EQ(sender.cwnd(), 10 * kSmss);
  sender.sent_end += kSmss;
  sender.ack(kSmss);
  EXPECT_EQ(sender.cwnd(), 10 * kSmss);
}

TEST(CongestionTest, AvoidanceAddsOnlyOneSmssForAHugeAcknowledgment) {
  Sender sender = avoiding();
  sender.sent_end += 100 * kSmss;
  sender.ack(40 * kSmss);
  EXPECT_EQ(sender.cwnd(), 6 * kSmss);
  sender.ack(kSmss);
  EXPECT_EQ(sender.cwnd(), 6 * kSmss);
}

TEST(CongestionTest, TimeoutHalvesFlightIntoSsthreshAndLeavesOneSegment) {  // equation (4)
  Sender sender;
  sender.send();
  sender.ack(2 * kSmss);  // flight is now 8 SMSS, cwnd 11
  sender.timeout();
  EXPECT_EQ(sender.ssthresh(), 4 * kSmss);
  EXPECT_EQ(sender.cwnd(), kSmss);
}

TEST(CongestionTest, SsthreshIsAtLeastTwoSegments) {
  Sender sender;
  sender.sent_end += 3 * kSmss;
  sender.timeout();
  EXPECT_EQ(sender.ssthresh(), 2 * kSmss);
}

TEST(CongestionTest, AFurtherTimeoutOfTheSameSegmentHoldsSsthresh) {
  Sender sender;
  sender.send();
  sender.timeout();
  EXPECT_EQ(sender.ssthresh(), 5 * kSmss);
  sender.congestion.on_timeout(sender.sent_end, 20 * kSmss);
  EXPECT_EQ(sender.ssthresh(), 5 * kSmss);
  EXPECT_EQ(sender.cwnd(), kSmss);
  sender.ack(kSmss);  // the next segment is another one
  sender.timeout();
  EXPECT_EQ(sender.ssthresh(), 9 * kSmss / 2);
}

TEST(CongestionTest, AfterATimeoutSlowStartRunsToSsthresh) {
  Sender sender;
  sender.send();
  sender.timeout();
  for (uint32_t segments = 2; segments <= 5; ++segments) {
    EXPECT_TRUE(sender.congestion.in_slow_start());
    sender.ack(kSmss);
    EXPECT_EQ(sender.cwnd(), segments * kSmss);
  }
  EXPECT_FALSE(sender.congestion.in_slow_start());
  sender.ack(kSmss);
  EXPECT_EQ(sender.cwnd(), 5 * kSmss);
}

TEST(CongestionTest, CwndNeverExceedsTheLargestWindow) {
  Congestion congestion(Seq(0), 65535);
  congestion.on_established(65535);
  EXPECT_EQ(congestion.cwnd(), Congestion::kLargestWindow);
  congestion.on_ack(65535, Seq(65536), 0);
  EXPECT_EQ(congestion.cwnd(), Congestion::kLargestWindow);
}

TEST(CongestionTest, ASmallerSmssShrinksCwndInProportion) {
  Sender sender(10);
  sender.congestion.on_smss_change(500);
  EXPECT_EQ(sender.cwnd(), 5000u);
  EXPECT_EQ(sender.congestion.smss(), 500u);
  sender.congestion.on_smss_change(1000);
  EXPECT_EQ(sender.cwnd(), 5000u);
  EXPECT_EQ(sender.congestion.smss(), 1000u);
  sender.congestion.on_smss_change(9000);
  EXPECT_EQ(sender.cwnd(), 9000u);
}

TEST(CongestionTest, TheLargestWindowShrinksInProportionToo) {
  Congestion congestion(Seq(0), 65535);
  congestion.on_established(65535);
  congestion.on_smss_change(1000);
  EXPECT_EQ(congestion.cwnd(), 16'384'000u);
}

TEST(CongestionTest, ASmallerSmssDoesNotSpeedUpAvoidance) {
  Sender sender = avoiding();
  sender.sent_end += 100 * kSmss;
  while (sender.cwnd() < 10 * kSmss) sender.ack(kSmss);
  sender.ack(9 * kSmss);
  sender.congestion.on_smss_change(500);
  EXPECT_EQ(sender.cwnd(), 5000u);
  sender.ack(4999);
  EXPECT_EQ(sender.cwnd(), 5000u);
  sender.ack(1);
  EXPECT_EQ(sender.cwnd(), 5500u);
}

// --- RFC 5681 §4.1 ---

TEST(CongestionTest, RestartAfterIdleGoesBackToTheInitialWindow) {
  Sender sender(4);
  for (int i = 0; i < 20; ++i) {
    sender.send();
    sender.ack(kSmss);
  }
  EXPECT_EQ(sender.cwnd(), 24 * kSmss);
  sender.congestion.on_idle_restart();
  EXPECT_EQ(sender.cwnd(), 4 * kSmss);
}

TEST(CongestionTest, RestartAfterIdleNeverOpensTheWindow) {
  Sender sender;
  sender.send();
  sender.timeout();
  sender.congestion.on_idle_restart();
  EXPECT_EQ(sender.cwnd(), kSmss);
}

}  // namespace
}  // namespace synfin
