#include "harness/wire/codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/wire/random_packet.h"

namespace synfin::wire {
namespace {

TEST(Codec, ASynOctetByOctet) {
  Packet packet;
  packet.source = {Address::ipv4(192, 0, 2, 1), 0x1234};
  packet.destination = {Address::ipv4(192, 0, 2, 2), 80};
  packet.segment.seq = Seq(0x0102'0304);
  packet.segment.flags = Flags(kSyn);
  packet.segment.wnd = 0xFFFF;
  packet.options.mss(1460);
  packet.ip_id = 0xABCD;
  const std::vector<uint8_t> wanted = {
      0x45, 0x00, 0x00, 0x2c, 0xab, 0xcd, 0x40, 0x00, 0x40, 0x06, 0x0a, 0xfb, 192,  0,   2,
      1,    192,  0,    2,    2,    0x12, 0x34, 0x00, 0x50, 0x01, 0x02, 0x03, 0x04, 0,   0,
      0,    0,    0x60, 0x02, 0xff, 0xff, 0xfd, 0x98, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4};
  EXPECT_EQ(encoded(packet), wanted);
}

TEST(Codec, RoundTripKeepsEveryField) {
  PacketGenerator random(10);
  for (int i = 0; i < 4000; ++i) {
    const RandomPacket sent = random.packet(i % 2 == 0);
    const Packet& packet = sent.packet;
    const auto octets = encoded(packet);
    const auto got = decode(octets);
    ASSERT_TRUE(got) << got.error().message;
    expect_fields(*got, packet);
    EXPECT_TRUE(std::ranges::equal(got->option_octets, packet.options.octets()));
    EXPECT_EQ(got->data_offset * 4U, 20 + packet.options.octets().size());
    EXPECT_EQ(got->reserved, 0);
    EXPECT_EQ(got->dont_fragment, !packet.source.address.v6);
    EXPECT_TRUE(got->options_zero_padded);
    EXPECT_EQ(encoded(to_packet(*got)), octets);
    ASSERT_FALSE(HasFailure()) << "seed 10, packet " << i;
  }
}

TEST(Codec, OptionsArePaddedWithZeros) {
  Packet packet;
  packet.options.window_scale(7);
  packet.options.nop();
  packet.options.nop();
  const auto octets = encoded(packet);
  ASSERT_EQ(octets.size(), 48U);
  EXPECT_EQ(octets[32], 0x70);
  const std::vector<uint8_t> wanted = {3, 3, 7, 1, 1, 0, 0, 0};
  EXPECT_TRUE(std::equal(wanted.begin(), wanted.end(), octets.begin() + 40));
}

TEST(Codec, TheLastOfEqualOptionsCounts) {
  Packet packet;
  packet.options.mss(1);
  packet.options.mss(2);
  const auto octets = encoded(packet);
  EXPECT_EQ(decode(octets)->segment.options.mss, 2);
}

TEST(Codec, TheLargestPacketFitsAndNoLarger) {
  std::vector<uint8_t> out(kMaxPacket + 100);
  for (const bool v6 : {false, true}) {
    Packet packet;
    packet.source.address.v6 = packet.destination.address.v6 = v6;
    const std::vector<uint8_t> text(kMaxPacket + 1 - 20 - (v6 ? 40 : 20), 'x');
    packet.segment.text = std::span(text).first(text.size() - 1);
    ASSERT_EQ(encode(packet, out).value(), kMaxPacket);
    ASSERT_TRUE(decode(std::span(out).first(kMaxPacket)));
    EXPECT_TRUE(decode(std::span(out).first(kMaxPacket))->tcp_checksum_ok);
    packet.segment.text = text;
    ASSERT_FALSE(encode(packet, out));
    EXPECT_EQ(encode(packet, out).error().message,
              "a packet of 65536 octets is longer than the 65535 that IP allows");
  }
}

TEST(Codec, ABufferThatIsTooSmallStaysUntouched) {
  PacketGenerator random(11);
  const RandomPacket sent = random.packet(true);
  const std::size_t size = encoded(sent.packet).size();
  for (std::size_t room = 0; room < size; ++room) {
    std::vector<uint8_t> out(room, 0xEE);
    ASSERT_FALSE(encode(sent.packet, out));
    EXPECT_TRUE(std::ranges::all_of(out, [](uint8_t octet) { return octet == 0xEE; }));
  }
}

TEST(Codec, TwoFamiliesAreAnError) {
  Packet packet;
  packet.destination.address.v6 = true;
  std::vector<uint8_t> out(100);
  const auto size = encode(packet, out);
  ASSERT_FALSE(size);
  EXPECT_EQ(size.error().message, "the packet's addresses 0.0.0.0 and :: are of two families");
}

TEST(Codec, OctetsBehindTheIpLengthAreNotThePackets) {
  PacketGenerator random(12);
  for (const bool v6 : {false, true}) {
    const RandomPacket sent = random.packet(v6);
    auto octets = encoded(sent.packet);
    octets.insert(octets.end(), 6, 0xEE);
    const auto got = decode(octets);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->segment.text.size(), sent.text.size());
    EXPECT_TRUE(got->tcp_checksum_ok);
  }
}

TEST(Codec, Ipv4OptionsAreSkipped) {
  auto octets = encoded(Packet{});
  octets.insert(octets.begin() + 20, {1, 1, 1, 0});
  octets[0] = 0x46;
  octets[3] = static_cast<uint8_t>(octets.size());
  const auto got = decode(octets);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_TRUE(got->tcp_checksum_ok);
  EXPECT_FALSE(got->ip_checksum_ok);
}

// One change to a packet that decodes, and the sentence that it must cause.
struct Refusal {
  bool v6;
  std::size_t offset;
  uint8_t value;
  const char* message;
};

TEST(Codec, DecodeSaysWhatDoesNotFit) {
  for (const Refusal& each : std::vector<Refusal>{
           {false, 0, 0x55, "the packet is not IP: its version is 5"},
           {false, 0, 0x44, "the IPv4 header claims 16 octets; it has 20 to 40"},
           {false, 0, 0x4F, "the IPv4 header claims 60 octets; it has 20 to 40"},
           {false, 3, 19,
            "the IPv4 total length claims 19 octets; header and packet allow 20 to 40"},
           {false, 3, 41,
            "the IPv4 total length claims 41 octets; header and packet allow 20 to 40"},
           {false, 3, 39, "19 octets follow the IP header; a TCP header needs 20"},
           {false, 6, 0x20, "the packet is an IPv4 fragment (offset 0, more to come)"},
           {false, 7, 0x02, "the packet is an IPv4 fragment (offset 16)"},
           {false, 9, 17, "protocol 17 (UDP) is not TCP"},
           {false, 32, 0x40, "the TCP data offset claims a header of 16 octets; it has 20 to 20"},
           {false, 32, 0x60, "the TCP data offset claims a header of 24 octets; it has 20 to 20"},
           {true, 0, 0x00, "the packet is not IP: its version is 0"},
           {true, 5, 21, "the IPv6 payload length claims 21 octets; 20 follow the header"},
           {true, 5, 19, "19 octets follow the IP header; a TCP header needs 20"},
           {true, 6, 0,
            "the IPv6 extension header 0 (hop-by-hop options) stands before TCP; none is read"},
           {true, 6, 44, "the IPv6 extension header 44 (fragment) stands before TCP; none is read"},
           {true, 6, 58, "protocol 58 (ICMPv6) is not TCP"}}) {
    Packet packet;
    packet.source.address.v6 = packet.destination.address.v6 = each.v6;
    auto octets = encoded(packet);
    ASSERT_TRUE(decode(octets));
    octets[each.offset] = each.value;
    const auto got = decode(octets);
    ASSERT_FALSE(got) << each.message;
    EXPECT_EQ(got.error().message, each.message);
  }
  EXPECT_EQ(decode({}).error().message, "the packet is empty");
  const std::vector<uint8_t> short4(19, 0x45);
  EXPECT_EQ(decode(short4).error().message, "the packet has 19 octets; an IPv4 header needs 20");
  const std::vector<uint8_t> short6(39, 0x60);
  EXPECT_EQ(decode(short6).error().message, "the packet has 39 octets; an IPv6 header needs 40");
}

TEST(Codec, AWrongIpChecksumIsReported) {
  auto octets = encoded(Packet{});
  octets[8] ^= 1U;
  ASSERT_TRUE(decode(octets));
  EXPECT_FALSE(decode(octets)->ip_checksum_ok);
  EXPECT_TRUE(decode(octets)->tcp_checksum_ok);
}

}  // namespace
}  // namespace synfin::wire
