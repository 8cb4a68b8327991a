#include "harness/wire/frame.h"

#include <gtest/gtest.h>
#include <tins/arp.h>
#include <tins/ethernetII.h>
#include <tins/icmpv6.h>
#include <tins/ipv6.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "harness/wire/codec.h"
#include "tests/wire/random_packet.h"

namespace synfin::wire {
namespace {

constexpr MacAddress kMine{{2, 0, 0, 0, 0, 1}};
constexpr MacAddress kTheirs{{2, 0, 0, 0, 0, 0xAB}};

Tins::EthernetII solicitation(const char* target, const char* source) {
  Tins::ICMPv6 icmp(Tins::ICMPv6::NEIGHBOUR_SOLICIT);
  icmp.target_addr(target);
  Tins::IPv6 ip("ff02::1:ff00:1", source);
  ip.hop_limit(255);
  return Tins::EthernetII("33:33:ff:00:00:01", "02:00:00:00:00:ab") / ip / icmp;
}

TEST(Frame, HeaderThereAndBack) {
  std::vector<uint8_t> out(14);
  const EthernetHeader header{kTheirs, kMine, kEtherIpv6};
  ASSERT_EQ(write_ethernet(header, out).value(), 14U);
  const std::vector<uint8_t> wanted = {2, 0, 0, 0, 0, 0xAB, 2, 0, 0, 0, 0, 1, 0x86, 0xDD};
  EXPECT_EQ(out, wanted);
  EXPECT_EQ(read_ethernet(out)->header, header);
  EXPECT_TRUE(read_ethernet(out)->packet.empty());
  EXPECT_FALSE(write_ethernet(header, std::span(out).first(13)));
  EXPECT_FALSE(read_ethernet(std::span(out).first(13)));
  EXPECT_EQ(to_string(kTheirs), "02:00:00:00:00:ab");
}

TEST(Frame, CarriesAPacket) {
  PacketGenerator random(60);
  for (const bool v6 : {false, true}) {
    const RandomPacket made = random.packet(v6);
    std::vector<uint8_t> out(2000);
    const std::size_t size = encode_frame(kMine, kTheirs, made.packet, out).value();
    const auto frame = read_ethernet(std::span(out).first(size));
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->header, (EthernetHeader{kTheirs, kMine, v6 ? kEtherIpv6 : kEtherIpv4}));
    EXPECT_TRUE(std::ranges::equal(frame->packet, encoded(made.packet)));
    EXPECT_FALSE(encode_frame(kMine, kTheirs, made.packet, std::span(out).first(size - 1)));
    EXPECT_FALSE(encode_frame(kMine, kTheirs, made.packet, std::span(out).first(3)));
  }
}

TEST(Neighbor, ArpIsAnswered) {
  auto request = Tins::ARP::make_arp_request("192.0.2.1", "192.0.2.2", "02:00:00:00:00:ab");
  const auto question = neighbor_question(request.serialize());
  ASSERT_TRUE(question);
  EXPECT_EQ(question->wanted, Address::ipv4(192, 0, 2, 1));
  EXPECT_EQ(question->asker, Address::ipv4(192, 0, 2, 2));
  EXPECT_EQ(question->asker_mac, kTheirs);

  const auto answer = neighbor_answer(*question, kMine).value();
  const Tins::EthernetII frame(answer.data(), static_cast<uint32_t>(answer.size()));
  EXPECT_EQ(frame.dst_addr(), "02:00:00:00:00:ab");
  EXPECT_EQ(frame.src_addr(), "02:00:00:00:00:01");
  const auto& arp = frame.rfind_pdu<Tins::ARP>();
  EXPECT_EQ(arp.opcode(), Tins::ARP::REPLY);
  EXPECT_EQ(arp.sender_ip_addr(), "192.0.2.1");
  EXPECT_EQ(arp.sender_hw_addr(), "02:00:00:00:00:01");
  EXPECT_EQ(arp.target_ip_addr(), "192.0.2.2");
  EXPECT_EQ(arp.target_hw_addr(), "02:00:00:00:00:ab");
  EXPECT_FALSE(neighbor_question(answer)) << "an answer is no question";
}

TEST(Neighbor, ASolicitationIsAnswered) {
  const auto question = neighbor_question(solicitation("2001:db8::1", "2001:db8::2").serialize());
  ASSERT_TRUE(question);
  EXPECT_EQ(to_string(question->wanted), "2001:db8::1");
  EXPECT_EQ(to_string(question->asker), "2001:db8::2");
  EXPECT_EQ(question->asker_mac, kTheirs);

  const auto answer = neighbor_answer(*question, kMine).value();
  const Tins::EthernetII frame(answer.data(), static_cast<uint32_t>(answer.size()));
  EXPECT_EQ(frame.dst_addr(), "02:00:00:00:00:ab");
  const auto& ip = frame.rfind_pdu<Tins::IPv6>();
  EXPECT_EQ(ip.src_addr(), "2001:db8::1");
  EXPECT_EQ(ip.dst_addr(), "2001:db8::2");
  EXPECT_EQ(ip.hop_limit(), 255);
  const auto& icmp = frame.rfind_pdu<Tins::ICMPv6>();
  EXPECT_EQ(icmp.type(), Tins::ICMPv6::NEIGHBOUR_ADVERT);
  EXPECT_EQ(icmp.target_addr(), "2001:db8::1");
  EXPECT_EQ(icmp.target_link_layer_addr(), "02:00:00:00:00:01");
  EXPECT_TRUE(icmp.solicited());
  EXPECT_TRUE(icmp.override());
  EXPECT_FALSE(icmp.router());
  EXPECT_FALSE(neighbor_question(answer));
}

TEST(Neighbor, ProbesForOnesOwnAddressAreNot) {
  auto probe = Tins::ARP::make_arp_request("192.0.2.1", "0.0.0.0", "02:00:00:00:00:ab");
  EXPECT_FALSE(neighbor_question(probe.serialize()));
  auto gratuitous = Tins::ARP::make_arp_request("192.0.2.1", "192.0.2.1", "02:00:00:00:00:ab");
  EXPECT_FALSE(neighbor_question(gratuitous.serialize()));
  EXPECT_FALSE(neighbor_question(solicitation("2001:db8::1", "::").serialize()));
  auto routed = solicitation("2001:db8::1", "2001:db8::2");
  routed.rfind_pdu<Tins::IPv6>().hop_limit(254);
  EXPECT_FALSE(neighbor_question(routed.serialize()));
}

TEST(Neighbor, OtherFramesAskNothing) {
  std::vector<uint8_t> out(2000);
  const RandomPacket made = PacketGenerator(61).packet(false);
  const std::size_t size = encode_frame(kMine, kTheirs, made.packet, out).value();
  EXPECT_FALSE(neighbor_question(std::span(out).first(size)));
  EXPECT_FALSE(neighbor_question({}));
}

}  // namespace
}  // namespace synfin::wire
