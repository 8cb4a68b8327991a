// The Linux stack on the kernel that runs the test: both links, both IP versions.
#include "harness/stack/linux_stack.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/stack/linux_helper.h"

namespace synfin::stack {
namespace {

class LinuxStackTest : public OverLinks {};

INSTANTIATE_TEST_SUITE_P(Links, LinuxStackTest, OverLinks::all(), OverLinks::name);

TEST_P(LinuxStackTest, ShakesHandsPassively) {
  Hand hand = open();
  EXPECT_EQ(hand.state(), "CLOSED");
  hand.open_listener();
  EXPECT_EQ(hand.state(), "LISTEN");
  const Time at = hand.inject(kSyn);
  hand.listen();  // the answer is there already
  ASSERT_EQ(hand.heard().packets.size(), 1U);
  const GotPacket& answer = hand.heard().packets[0];
  EXPECT_EQ(answer.flags, Flags(kSyn | kAck));
  EXPECT_EQ(answer.ack, hand.next);
  EXPECT_EQ(answer.tuple, stack_->address(hand.id(), 0));
  EXPECT_EQ(answer.mss, ipv6_ ? 1440 : 1460);
  EXPECT_TRUE(answer.checksum_ok);
  EXPECT_GE(answer.at, at);
  EXPECT_LE(answer.at, stack_->now());
  EXPECT_EQ(hand.state(), "SYN-RECEIVED");
  hand.theirs = answer.seq + 1;
  hand.inject(kAck);
  EXPECT_EQ(hand.state(), "ESTABLISHED");
  EXPECT_EQ(hand.call(accept_call(3, 4)).value, 4);
  stack_->close(hand.id());
  EXPECT_EQ(stack_->dropped(), 0U);
}

TEST_P(LinuxStackTest, ShakesHandsActively) {
  Hand hand = open();
  hand.start_actively();
  EXPECT_EQ(hand.state(), "SYN-SENT");
  EXPECT_EQ(hand.heard().packets.at(0).tuple, stack_->address(hand.id(), 0));
  hand.inject(kSyn | kAck);
  EXPECT_EQ(hand.state(), "ESTABLISHED");
}

}  // namespace
}  // namespace synfin::stack
