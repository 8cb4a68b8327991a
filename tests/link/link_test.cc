// veth and TUN below any stack: packets in, packets out, what they lose, when they came.
#include "harness/link/link.h"

#include <gtest/gtest.h>
#include <time.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "harness/link/clock.h"
#include "harness/link/device.h"
#include "harness/link/netns.h"
#include "harness/link/packet_ring.h"
#include "harness/link/rtnl.h"
#include "harness/link/tun.h"
#include "harness/link/veth.h"
#include "harness/wire/codec.h"

namespace synfin::link {
namespace {

const wire::Address kTarget = wire::Address::ipv4(192, 0, 2, 1);
const wire::Address kPeer = wire::Address::ipv4(10, 128, 0, 7);
const wire::Address kRouter = wire::Address::ipv4(192, 0, 2, 254);

enum class Kind : uint8_t { kVeth, kTun, kTunWithRing };

class LinkTest : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    ASSERT_NE(Netns::home(), nullptr);
    if (auto privilege = acquire_privilege(); !privilege) {
      GTEST_SKIP() << privilege.error().message;
    }
    if (auto made = make(); !made) GTEST_SKIP() << made.error().message;
  }
  void TearDown() override {
    link_.reset();
    (void)Netns::home()->enter();
  }

  bool tun() const { return GetParam() != Kind::kVeth; }

  Result<void> make() {
    auto peer = Netns::create();
    if (!peer) return tl::make_unexpected(peer.error());
    auto target = Netns::create();
    if (!target) return tl::make_unexpected(target.error());
    if (tun()) {
      const std::size_t frames = GetParam() == Kind::kTunWithRing ? 1024 : 0;
      auto link = TunLink::make(*target, {.ring_frames = frames});
      if (!link) return tl::make_unexpected(link.error());
      link_ = std::move(*link);
    } else {
      auto link = VethLink::make(*target, *peer, {});
      if (!link) return tl::make_unexpected(link.error());
      link_ = std::move(*link);
    }
    auto rtnl = Rtnl::open();
    if (!rtnl) return tl::make_unexpected(rtnl.error());
    const auto index = interface_index(kTargetInterface);
    if (!index) return tl::make_unexpected(index.error());
    if (auto added = rtnl->add_address(*index, kTarget, 32); !added) return added;
    if (auto added = rtnl->add_neighbour(*index, kRouter, kRouterMac); !added && !tun()) {
      return added;
    }
    return rtnl->add_route(
        *index,
        {.destination = wire::Address::ipv4(10, 128, 0, 0), .prefix = 9, .gateway = kRouter});
  }

  // A SYN to a closed port.
  std::span<const uint8_t> knock() {
    wire::Packet packet;
    packet.source = {.address = kPeer, .port = 7};
    packet.destination = {.address = kTarget, .port = 9};
    packet.segment.flags = Flags(kSyn);
    const auto size = wire::encode(packet, octets_);
    EXPECT_TRUE(size);
    return std::span(octets_).first(size.value_or(0));
  }

  // The RST that answers it. A link just made may take a while.
  std::optional<Received> wait_for_answer() {
    for (int i = 0; i < 5000; ++i) {
      EXPECT_TRUE(link_->send(knock()));
      Received received;
      while (link_->receive(received)) {
        const auto decoded = wire::decode(received.packet);
        if (decoded && decoded->segment.flags.rst()) return received;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return std::nullopt;
  }

  std::array<uint8_t, 128> octets_{};
  std::unique_ptr<Link> link_;
};

INSTANTIATE_TEST_SUITE_P(Links, LinkTest,
                         testing::Values(Kind::kVeth, Kind::kTun, Kind::kTunWithRing),
                         [](const auto& one) {
                           return one.param == Kind::kVeth  ? "veth"
                                  : one.param == Kind::kTun ? "tun"
                                                            : "tun_with_ring";
                         });

TEST_P(LinkTest, AnswersAtOnceAndTellsTheTime) {
  ASSERT_TRUE(wait_for_answer());
  Received received;
  while (link_->receive(received)) {
  }
  const int64_t before = monotonic_ns();
  ASSERT_TRUE(link_->send(knock()));
  ASSERT_TRUE(link_->receive(received));
  const auto decoded = wire::decode(received.packet);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_TRUE(decoded->segment.flags.rst());
  EXPECT_EQ(decoded->source.address, kTarget);
  EXPECT_EQ(decoded->destination.address, kPeer);
  EXPECT_TRUE(decoded->tcp_checksum_ok);
  constexpr int64_t kSlack = 100'000;  // of the two clocks
  EXPECT_GE(received.monotonic_ns, before - kSlack);
  EXPECT_LE(received.monotonic_ns, monotonic_ns() + kSlack);
  EXPECT_FALSE(link_->receive(received));
}

TEST_P(LinkTest, KeepsPacketsInOrderWhenTheyWait) {
  ASSERT_TRUE(wait_for_answer());
  const uint64_t lost = link_->dropped();
  Received received;
  while (link_->receive(received)) {
  }
  constexpr uint32_t kPackets = 5000;
  wire::Packet packet;
  packet.source = {.address = kPeer, .port = 7};
  packet.destination = {.address = kTarget, .port = 9};
  packet.segment.flags = Flags(kAck);
  for (uint32_t i = 0; i < kPackets; ++i) {
    packet.segment.ack = Seq(i);
    const auto size = wire::encode(packet, octets_);
    ASSERT_TRUE(link_->send(std::span(octets_).first(*size)));
  }
  for (uint32_t i = 0; i < kPackets; ++i) {
    // An ACK to a closed port draws a bare RST. A late answer to wait_for_answer() acknowledges,
    // and the kernel reports its IPv6 multicast groups when it likes: neither is one of ours.
    std::optional<Seq> seq;
    while (!seq) {
      ASSERT_TRUE(link_->receive(received)) << i;
      const auto decoded = wire::decode(received.packet);
      if (decoded && !decoded->segment.flags.ack()) seq = decoded->segment.seq;
    }
    EXPECT_EQ(*seq, Seq(i));
  }
  EXPECT_EQ(link_->dropped(), lost);
}

class RingTest : public LinkTest {};

INSTANTIATE_TEST_SUITE_P(Tun, RingTest, testing::Values(Kind::kTun));

// What a ring holds comes out, and the rest is counted, whether the kernel was asked before or not.
TEST_P(RingTest, TellsWhatItLost) {
  ASSERT_TRUE(wait_for_answer());
  constexpr std::size_t kFrames = 256;
  constexpr uint64_t kKnocks = 600;
  auto ring = PacketRing::open(kTargetInterface, PacketRing::Way::kOut, kFrames, 1500);
  ASSERT_TRUE(ring) << ring.error().message;
  EXPECT_EQ(ring->dropped(), 0U);
  uint64_t taken = 0;
  for (const uint64_t burst : {uint64_t{100}, kKnocks - 100}) {
    for (uint64_t i = 0; i < burst; ++i) ASSERT_TRUE(link_->send(knock()));
    PacketRing::Frame frame;
    while (ring->receive(frame)) ++taken;
    if (burst == 100) {
      EXPECT_EQ(ring->dropped(), 0U);
    }
  }
  // The kernel may report its IPv6 multicast groups meanwhile.
  EXPECT_GE(taken, 100 + kFrames - 1);
  EXPECT_GE(taken + ring->dropped(), kKnocks);
  EXPECT_LE(taken + ring->dropped(), kKnocks + 10);
}

TEST_P(LinkTest, TooLargeIsAnError) {
  const std::vector<uint8_t> octets(70'000, 0x45);
  EXPECT_FALSE(link_->send(octets));
  EXPECT_FALSE(link_->send({}));
}

TEST(PacketRingTest, AnInterfaceThatIsNotThere) {
  const auto ring = PacketRing::open("nosuch0", PacketRing::Way::kIn, 256, 1500);
  ASSERT_FALSE(ring);
  EXPECT_NE(ring.error().message.find("nosuch0"), std::string::npos);
}

TEST(ClockOffsetTest, TurnsOneClockIntoTheOther) {
  ClockOffset offset;
  for (int i = 0; i < 10; ++i) {
    timespec realtime{};
    const int64_t before = monotonic_ns();
    ::clock_gettime(CLOCK_REALTIME, &realtime);
    const int64_t after = monotonic_ns();
    const int64_t turned =
        offset.to_monotonic(int64_t{realtime.tv_sec} * 1'000'000'000 + realtime.tv_nsec);
    constexpr int64_t kSlack = 1'000'000;
    EXPECT_GE(turned, before - kSlack);
    EXPECT_LE(turned, after + kSlack);
  }
}

TEST(SysctlTest, OnlyNamesOfANamespaceAreTaken) {
  for (const char* name : {"kernel.hostname", "net.ipv4/tcp_sack", "net.ipv4...", "vm.swappiness",
                           "net.ipv4.", "net.unix.max_dgram_qlen"}) {
    EXPECT_FALSE(set_sysctl(name, "1")) << name;
    EXPECT_FALSE(get_sysctl(name)) << name;
  }
  EXPECT_EQ(full_sysctl_name("tcp_sack"), "net.ipv4.tcp_sack");
  EXPECT_EQ(full_sysctl_name("net.core.somaxconn"), "net.core.somaxconn");
}

}  // namespace
}  // namespace synfin::link
