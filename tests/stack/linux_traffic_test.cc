// Packets on their way to the Linux stack and back: malformed, large, many, lost.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/stack/linux_helper.h"

namespace synfin::stack {
namespace {

class LinuxTrafficTest : public testing::TestWithParam<LinuxLink> {
 protected:
  void SetUp() override { make({.link = GetParam()}); }

  void make(const LinuxOptions& options) {
    stack_.reset();
    auto made = make_linux_stack(options);
    if (!made) GTEST_SKIP() << made.error().message;
    stack_ = std::move(*made);
  }

  Hand open(bool ipv6 = false) {
    const auto id = stack_->open({.ipv6 = ipv6, .connections = 1, .sysctls = {}});
    EXPECT_TRUE(id) << id.error().message;
    return Hand(*stack_, id.value_or(0));
  }

  std::unique_ptr<Stack> stack_;
};

INSTANTIATE_TEST_SUITE_P(Links, LinuxTrafficTest,
                         testing::Values(LinuxLink::kVeth, LinuxLink::kTun), [](const auto& one) {
                           return std::string(one.param == LinuxLink::kVeth ? "veth" : "tun");
                         });

TEST_P(LinuxTrafficTest, AWrongChecksumIsNotMadeGood) {
  Hand hand = open();
  hand.open_listener();
  hand.inject(kSyn, Seq(1000), Seq(0), {}, [](wire::Packet& packet) {
    packet.malformation.checksum = wire::Malformation::Checksum::kBad;
  });
  hand.listen();
  EXPECT_TRUE(hand.heard().packets.empty());
  EXPECT_EQ(hand.state(), "LISTEN");
}

TEST_P(LinuxTrafficTest, SegmentsOverThePathsMtuCanBeInjected) {
  for (const bool ipv6 : {false, true}) {
    if (ipv6 && !stack_->traits().ipv6) continue;
    Hand hand = open(ipv6);
    hand.open_passively();
    const std::vector<uint8_t> text(20'000, 'x');
    hand.inject(kPsh | kAck, text);
    const GotReturn returned = hand.call(read_call(4, 65535));
    EXPECT_EQ(returned.value, static_cast<int64_t>(text.size()));
  }
}

// Neither the stack nor the link puts segments together.
TEST_P(LinuxTrafficTest, SegmentsOfTheStackFitThePath) {
  for (const bool ipv6 : {false, true}) {
    if (ipv6 && !stack_->traits().ipv6) continue;
    Hand hand = open(ipv6);
    hand.open_listener();
    hand.inject(kSyn, hand.next, Seq(0), {},
                [](wire::Packet& packet) { packet.options.mss(9000); });
    hand.next += 1;
    hand.theirs = hand.wait_packet(kSyn | kAck).value().seq + 1;
    hand.inject(kAck);
    hand.call(accept_call(3, 4));
    hand.heard().packets.clear();
    hand.call(write_call(4, 10'000));
    hand.listen();
    ASSERT_GE(hand.heard().packets.size(), 7U);
    for (const GotPacket& packet : hand.heard().packets) {
      EXPECT_LE(packet.octets, 1500U);
      EXPECT_TRUE(packet.checksum_ok);
    }
    EXPECT_EQ(hand.heard().packets[0].octets, 1500U);
  }
}

TEST_P(LinuxTrafficTest, WhatIsTooLargeIsAnError) {
  Hand hand = open();
  const std::vector<uint8_t> octets(70'000, 0x45);
  EXPECT_FALSE(stack_->inject(hand.id(), octets));
  EXPECT_FALSE(stack_->inject(hand.id() + 1, std::span(octets).first(40)));
}

// The times of packets lie between the injection and now, in order.
TEST_P(LinuxTrafficTest, TimesAreInOrder) {
  Hand hand = open();
  hand.open_listener();
  Time last = stack_->now();
  for (int i = 0; i < 200; ++i) {
    const Time at = hand.inject(kAck);  // draws a RST
    hand.listen();
    ASSERT_EQ(hand.heard().packets.size(), static_cast<std::size_t>(i) + 1);
    EXPECT_GE(at, last);
    EXPECT_GE(hand.heard().packets.back().at, at);
    last = hand.heard().packets.back().at;
    EXPECT_LE(last, stack_->now());
  }
}

// Cases by the thousand at once: none loses a packet, none hears of another.
TEST_P(LinuxTrafficTest, ThousandsOfCasesAtOnce) {
  constexpr std::size_t kCases = 3000;
  std::vector<CaseId> ids;
  Recorder heard;
  std::array<uint8_t, 128> octets{};
  for (std::size_t i = 0; i < kCases; ++i) {
    const auto id = stack_->open({});
    ASSERT_TRUE(id) << id.error().message;
    ids.push_back(*id);
    for (const auto& call : {socket_call(3), bind_call(3), listen_call(3)}) {
      stack_->start(*id, 0, call);
    }
    const wire::FourTuple tuple = stack_->address(*id, 0);
    wire::Packet packet;
    packet.source = tuple.remote;
    packet.destination = tuple.local;
    packet.segment.flags = Flags(kSyn);
    packet.segment.seq = Seq(static_cast<uint32_t>(*id));
    const auto size = wire::encode(packet, octets);
    ASSERT_TRUE(size);
    ASSERT_TRUE(stack_->inject(*id, std::span(octets).first(*size)));
  }
  // Nothing was fetched so far: all answers waited in the queue.
  stack_->run_until(stack_->now(), heard);
  ASSERT_GE(heard.packets.size(), kCases);
  EXPECT_EQ(heard.returns.size(), 3 * kCases);
  for (std::size_t i = 0; i < kCases; ++i) {
    EXPECT_EQ(heard.packets[i].id, ids[i]);
    EXPECT_EQ(heard.packets[i].ack, Seq(static_cast<uint32_t>(ids[i]) + 1));
  }
  EXPECT_EQ(stack_->dropped(), 0U);
  for (const CaseId id : ids) stack_->close(id);
  stack_->run_until(stack_->now() + std::chrono::milliseconds(2), heard);
  EXPECT_EQ(stack_->dropped(), 0U);
}

TEST_P(LinuxTrafficTest, PortsAndNumbersGoOn) {
  CaseId last = 0;
  for (int i = 0; i < 70'000; ++i) {
    const auto id = stack_->open({.ipv6 = false, .connections = 2, .sysctls = {}});
    ASSERT_TRUE(id) << id.error().message;
    EXPECT_GT(*id, last);
    last = *id;
    stack_->close(*id);
  }
  std::vector<CaseId> ids;
  for (std::size_t i = 0; i < stack_->traits().max_open_cases; ++i) {
    const auto id = stack_->open({});
    ASSERT_TRUE(id) << i << ": " << id.error().message;
    ids.push_back(*id);
  }
  EXPECT_FALSE(stack_->open({}));
  stack_->close(ids[0]);
  EXPECT_TRUE(stack_->open({}));
}

TEST_P(LinuxTrafficTest, WaitingEndsWithTime) {
  Recorder heard;
  const Time end = stack_->now() + std::chrono::milliseconds(5);
  stack_->run_until(end, heard);
  EXPECT_GE(stack_->now(), end);
  EXPECT_TRUE(heard.packets.empty());
}

TEST(LinuxDropsTest, AFullRingIsCounted) {
  auto stack = make_linux_stack({.ring_frames = 256});
  if (!stack) GTEST_SKIP() << stack.error().message;
  const auto id = (*stack)->open({});
  ASSERT_TRUE(id);
  Hand hand(**stack, *id);
  hand.open_listener();
  EXPECT_EQ((*stack)->dropped(), 0U);
  constexpr std::size_t kPackets = 1000;
  for (std::size_t i = 0; i < kPackets; ++i) hand.inject(kAck);  // each draws a RST
  hand.listen();
  const auto pass_time = [&] {
    const Time end = (*stack)->now() + std::chrono::milliseconds(2);
    while ((*stack)->now() < end) (*stack)->run_until(end, hand.heard());
  };
  pass_time();  // the count may be a millisecond old
  EXPECT_GT((*stack)->dropped(), 0U);
  EXPECT_GE((*stack)->dropped() + hand.heard().packets.size(), kPackets);
  const uint64_t lost = (*stack)->dropped();
  hand.inject(kAck);
  pass_time();
  EXPECT_EQ((*stack)->dropped(), lost);  // and it works again
}

}  // namespace
}  // namespace synfin::stack
