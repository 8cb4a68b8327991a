// RFC 5681 §3.2 and RFC 6582: limited transmit, fast retransmit, NewReno fast recovery.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>

#include "engine/congestion.h"
#include "tests/engine/congestion_sender.h"

namespace synfin {
namespace {

using congestion_model::kSmss;
using congestion_model::Sender;
using AckEffect = Congestion::AckEffect;

// --- RFC 5681 §3.2 ---

TEST(FastRecoveryTest, LimitedTransmitAllowsOneSegmentForEachOfTwoDuplicates) {
  Sender sender;
  EXPECT_EQ(sender.send(), 10u);
  EXPECT_EQ(sender.congestion.limited_transmit(), 0u);
  EXPECT_FALSE(sender.duplicate());
  EXPECT_EQ(sender.send(), 1u);
  EXPECT_FALSE(sender.duplicate());
  EXPECT_EQ(sender.send(), 1u);
  EXPECT_EQ(sender.cwnd(), 10 * kSmss);
  EXPECT_EQ(sender.congestion.duplicate_acks(), 2u);
  EXPECT_TRUE(sender.duplicate());
  EXPECT_EQ(sender.congestion.limited_transmit(), 0u);
}

TEST(FastRecoveryTest, LimitedTransmitNeedsNewSackInformationWhereSackIsUsed) {
  Sender sender;
  sender.send();
  sender.duplicate(false);
  EXPECT_EQ(sender.congestion.limited_transmit(), 0u);
  sender.duplicate(true);
  EXPECT_EQ(sender.congestion.limited_transmit(), kSmss);
}

TEST(FastRecoveryTest, AnAcknowledgmentEndsLimitedTransmitAndTheCount) {
  Sender sender;
  sender.send();
  sender.duplicate();
  sender.duplicate();
  sender.ack(kSmss);
  EXPECT_EQ(sender.congestion.limited_transmit(), 0u);
  EXPECT_EQ(sender.congestion.duplicate_acks(), 0u);
  EXPECT_TRUE(sender.lose_first());
}

TEST(FastRecoveryTest, LimitedTransmitDoesNotCountTowardsSsthresh) {
  Sender sender;
  sender.send();
  sender.duplicate();
  sender.send();
  sender.duplicate();
  sender.send();
  EXPECT_EQ(sender.flight(), 12 * kSmss);
  EXPECT_TRUE(sender.duplicate());
  EXPECT_EQ(sender.ssthresh(), 5 * kSmss);
}

TEST(FastRecoveryTest, OrdinaryTextSentBetweenDuplicatesDoesCount) {
  Sender sender;
  sender.sent_end += 6 * kSmss;  // less than cwnd: the user had no more
  sender.duplicate();
  sender.sent_end += 2 * kSmss;
  sender.duplicate();
  EXPECT_TRUE(sender.duplicate());
  EXPECT_EQ(sender.ssthresh(), 4 * kSmss);
}

TEST(FastRecoveryTest, FlightBeyondCwndFromBeforeTheFirstDuplicateCounts) {
  Sender sender;
  sender.sent_end += 20 * kSmss;
  EXPECT_TRUE(sender.lose_first());
  EXPECT_EQ(sender.ssthresh(), 10 * kSmss);
}

TEST(FastRecoveryTest, TheThirdDuplicateBeginsFastRecovery) {
  Sender sender;
  sender.send();
  EXPECT_FALSE(sender.duplicate());
  EXPECT_FALSE(sender.duplicate());
  EXPECT_FALSE(sender.congestion.in_fast_recovery());
  EXPECT_TRUE(sender.duplicate());
  EXPECT_TRUE(sender.congestion.in_fast_recovery());
  EXPECT_EQ(sender.ssthresh(), 5 * kSmss);
  EXPECT_EQ(sender.cwnd(), 8 * kSmss);
  EXPECT_EQ(sender.congestion.recover(), sender.sent_end - 1);
}

TEST(FastRecoveryTest, EachFurtherDuplicateInflatesByOneSegment) {
  Sender sender;
  sender.send();
  sender.lose_first();
  for (uint32_t i = 1; i <= 300; ++i) {
    EXPECT_FALSE(sender.duplicate());
    EXPECT_EQ(sender.cwnd(), (8 + i) * kSmss);
  }
  EXPECT_EQ(sender.congestion.duplicate_acks(), 255u);
}

// --- RFC 6582 §3.2 ---

TEST(FastRecoveryTest, TheFirstFlightIsOpenToFastRetransmit) {
  for (const uint32_t iss : {0u, 1u, 0x7FFF'FFFFu, 0xFFFF'FFFFu}) {
    Sender sender(10, Seq(iss));
    sender.send();
    EXPECT_TRUE(sender.lose_first()) << iss;
  }
}

TEST(FastRecoveryTest, AFullAcknowledgmentDeflatesToFlightPlusOneSegment) {
  Sender sender;
  sender.send();
  sender.lose_first();
  EXPECT_EQ(sender.ack(10 * kSmss), AckEffect::kFullAck);
  EXPECT_FALSE(sender.congestion.in_fast_recovery());
  EXPECT_EQ(sender.cwnd(), 2 * kSmss);  // max(0, SMSS) + SMSS
}

TEST(FastRecoveryTest, AFullAcknowledgmentDeflatesToSsthreshAtMost) {
  Sender sender;
  sender.send();
  sender.lose_first();
  for (int i = 0; i < 9; ++i) sender.duplicate();
  sender.send();
  EXPECT_EQ(sender.flight(), 17 * kSmss);
  EXPECT_EQ(sender.ack(10 * kSmss), AckEffect::kFullAck);
  EXPECT_EQ(sender.cwnd(), 5 * kSmss);
}

TEST(FastRecoveryTest, ThePartialAcknowledgmentEndsOneOctetShortOfRecover) {
  Sender sender;
  sender.send();
  sender.lose_first();
  EXPECT_EQ(sender.ack(10 * kSmss - 1), AckEffect::kFirstPartialAck);
  EXPECT_TRUE(sender.congestion.in_fast_recovery());
  EXPECT_EQ(sender.ack(1), AckEffect::kFullAck);
}

TEST(FastRecoveryTest, APartialAcknowledgmentDeflatesByWhatItCoversLessOneSegment) {
  Sender sender;
  sender.send();
  sender.lose_first();
  EXPECT_EQ(sender.ack(3 * kSmss), AckEffect::kFirstPartialAck);
  EXPECT_EQ(sender.cwnd(), (8 - 3 + 1) * kSmss);
  EXPECT_EQ(sender.ack(2 * kSmss), AckEffect::kPartialAck);
  EXPECT_EQ(sender.cwnd(), (6 - 2 + 1) * kSmss);
  EXPECT_EQ(sender.ack(kSmss), AckEffect::kPartialAck);
  EXPECT_EQ(sender.cwnd(), 5 * kSmss);
  EXPECT_EQ(sender.ack(kSmss - 1), AckEffect::kPartialAck);  // less than SMSS: nothing added back
  EXPECT_EQ(sender.cwnd(), 4 * kSmss + 1);
  sender.duplicate();
  EXPECT_EQ(sender.cwnd(), 5 * kSmss + 1);
}

TEST(FastRecoveryTest, APartialAcknowledgmentLeavesAtLeastOneSegment) {
  Sender sender;
  sender.sent_end += 40 * kSmss;
  sender.lose_first();
  EXPECT_EQ(sender.cwnd(), 23 * kSmss);
  sender.ack(30 * kSmss);
  EXPECT_EQ(sender.cwnd(), kSmss);
  sender.ack(kSmss - 1);
  EXPECT_EQ(sender.cwnd(), kSmss);
}

TEST(FastRecoveryTest, EachRecoveryHasItsOwnFirstPartialAcknowledgment) {
  Sender sender;
  for (int i = 0; i < 2; ++i) {
    sender.sent_end += 10 * kSmss;
    ASSERT_TRUE(sender.lose_first());
    EXPECT_EQ(sender.ack(kSmss), AckEffect::kFirstPartialAck);
    EXPECT_EQ(sender.ack(kSmss), AckEffect::kPartialAck);
    EXPECT_EQ(sender.ack(sender.flight()), AckEffect::kFullAck);
    sender.sent_end += kSmss;
    sender.ack(kSmss);  // covers more than recover
  }
}

TEST(FastRecoveryTest, DuplicatesThatCoverNoMoreThanRecoverBeginNothing) {
  Sender sender;
  sender.send();
  sender.lose_first();
  sender.ack(10 * kSmss);  // exactly up to recover
  const uint32_t cwnd = sender.cwnd();
  sender.sent_end += 5 * kSmss;
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(sender.duplicate());
  EXPECT_EQ(sender.cwnd(), cwnd);
  EXPECT_EQ(sender.ssthresh(), 5 * kSmss);
  sender.ack(1);  // one octet beyond
  EXPECT_TRUE(sender.lose_first());
}

TEST(FastRecoveryTest, DuplicatesAfterATimeoutBeginNothingUntilAllOfItIsAcknowledged) {
  Sender sender;
  sender.send();
  sender.timeout();
  EXPECT_EQ(sender.congestion.recover(), sender.sent_end - 1);
  sender.ack(4 * kSmss);
  EXPECT_FALSE(sender.lose_first());
  sender.ack(6 * kSmss);
  sender.sent_end += 5 * kSmss;
  EXPECT_FALSE(sender.lose_first());
  sender.ack(kSmss);
  EXPECT_TRUE(sender.lose_first());
}

TEST(FastRecoveryTest, ATimeoutEndsFastRecovery) {
  Sender sender;
  sender.send();
  sender.lose_first();
  sender.timeout();
  EXPECT_FALSE(sender.congestion.in_fast_recovery());
  EXPECT_EQ(sender.cwnd(), kSmss);
  EXPECT_EQ(sender.congestion.duplicate_acks(), 0u);
  EXPECT_EQ(sender.ack(kSmss), AckEffect::kNone);
  EXPECT_EQ(sender.cwnd(), 2 * kSmss);
}

TEST(FastRecoveryTest, ATimeoutEndsLimitedTransmit) {
  Sender sender;
  sender.send();
  sender.duplicate();
  sender.timeout();
  EXPECT_EQ(sender.congestion.limited_transmit(), 0u);
}

// RFC 6582 §6: after 2^31 octets without loss, recover must not seem to lie ahead.
TEST(FastRecoveryTest, ALongTransferWithoutLossStaysOpenToFastRetransmit) {
  Sender sender;
  for (int i = 0; i < 5; ++i) {
    sender.sent_end += 0x2000'0000;
    sender.ack(0x2000'0000);
  }
  sender.sent_end += 10 * kSmss;
  EXPECT_TRUE(sender.lose_first());
}

// Whatever happens, in whatever order, the promises of RFC 5681 hold.
TEST(FastRecoveryTest, NoEventOpensTheWindowByMoreThanTheRfcsAllow) {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    Sender sender(1 + random() % 10, Seq(static_cast<uint32_t>(random())));
    for (int step = 0; step < 500; ++step) {
      sender.send();
      const uint32_t cwnd = sender.cwnd();
      const uint32_t ssthresh = sender.ssthresh();
      const uint32_t flight = sender.flight();
      const bool recovering = sender.congestion.in_fast_recovery();
      const uint32_t event = random() % 20;
      if (event == 0) {
        sender.timeout();
        ASSERT_EQ(sender.cwnd(), kSmss);
        ASSERT_TRUE(sender.ssthresh() == ssthresh ||
                    sender.ssthresh() == std::max(flight / 2, 2 * kSmss));
      } else if (event < 8) {
        if (flight == 0) continue;
        if (sender.duplicate()) {
          ASSERT_FALSE(recovering);
          ASSERT_LE(sender.ssthresh(), std::max(flight / 2, 2 * kSmss));
          ASSERT_EQ(sender.cwnd(), sender.ssthresh() + 3 * kSmss);
        } else {
          ASSERT_EQ(sender.cwnd(), recovering ? cwnd + kSmss : cwnd);
          ASSERT_EQ(sender.ssthresh(), ssthresh);
        }
      } else if (flight > 0) {
        const AckEffect effect = sender.ack(1 + random() % flight);
        ASSERT_EQ(effect == AckEffect::kNone, !recovering);
        ASSERT_LE(sender.cwnd(), effect == AckEffect::kFullAck ? ssthresh : cwnd + kSmss);
        ASSERT_EQ(sender.ssthresh(), ssthresh);
      }
      ASSERT_GE(sender.cwnd(), kSmss) << "seed " << seed << " step " << step;
    }
  }
}

}  // namespace
}  // namespace synfin
