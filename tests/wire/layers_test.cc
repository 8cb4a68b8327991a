#include "harness/wire/layers.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "harness/wire/frame.h"
#include "tests/wire/random_packet.h"

namespace synfin::wire {
namespace {

const LayerField* find(const std::vector<LayerField>& fields, std::string_view layer,
                       std::string_view name) {
  for (const LayerField& field : fields) {
    if (field.layer == layer && field.name == name) return &field;
  }
  return nullptr;
}

std::string wrong(const std::vector<uint8_t>& packet, std::string_view layer,
                  std::string_view name) {
  const auto fields = dissect(packet);
  const LayerField* field = find(fields, layer, name);
  return field == nullptr ? "(no such field)" : field->wrong;
}

Packet data_segment(bool v6) {
  static constexpr uint8_t kText[] = {'h', 'i', 0x00};
  Packet packet;
  packet.source = {Address::ipv4(192, 0, 2, 1), 1025};
  packet.destination = {Address::ipv4(192, 0, 2, 2), 80};
  if (v6) {
    packet.source.address = parse_address("2001:db8::1").value();
    packet.destination.address = parse_address("2001:db8::2").value();
  }
  packet.segment.seq = Seq(100);
  packet.segment.ack = Seq(200);
  packet.segment.flags = Flags(kAck | kPsh);
  packet.segment.wnd = 512;
  packet.segment.text = kText;
  packet.options = encode_options(make_options({}, {}, false, Timestamps{1, 2}));
  return packet;
}

TEST(Layers, AFrameInFull) {
  std::vector<uint8_t> octets(200);
  octets.resize(encode_frame(MacAddress{{2, 0, 0, 0, 0, 1}}, MacAddress{{2, 0, 0, 0, 0, 2}},
                             data_segment(false), octets)
                    .value());
  EXPECT_EQ(print_layers(octets, CaptureLink::kEthernet),
            R"(Ethernet
     0  destination            02:00:00:00:00:02
     6  source                 02:00:00:00:00:01
    12  type                   0x0800 (IPv4)
IPv4
    14  version                4
    14  header length          5 words (20 octets)
    15  traffic class          0x00
    16  total length           55
    18  identification         0x0000
    20  flags                  DF
    20  fragment offset        0 octets
    22  time to live           64
    23  protocol               6 (TCP)
    24  header checksum        0xb6bd
    26  source                 192.0.2.1
    30  destination            192.0.2.2
TCP
    34  source port            1025
    36  destination port       80
    38  sequence number        100
    42  acknowledgment number  200
    46  data offset            8 words (32 octets)
    46  reserved               0
    47  control bits           0x18 P.
    48  window                 512
    50  checksum               0x82c5
    52  urgent pointer         0 (no URG bit)
    54  No-Operation           nop
    55  No-Operation           nop
    56  Timestamps             TS val 1 ecr 2
text
    66  text                   3 octets
    66    68 69 00                                         hi.
)");
}

TEST(Layers, Ipv6) {
  const auto octets = encoded(data_segment(true));
  const auto fields = dissect(octets);
  const LayerField* source = find(fields, "IPv6", "source");
  ASSERT_NE(source, nullptr);
  EXPECT_EQ(source->value, "2001:db8::1");
  EXPECT_EQ(source->offset, 8U);
  EXPECT_EQ(source->length, 16U);
  EXPECT_EQ(find(fields, "IPv6", "payload length")->value, "35");
  EXPECT_EQ(find(fields, "IPv6", "next header")->value, "6 (TCP)");
  EXPECT_EQ(find(fields, "TCP", "window")->offset, 54U);
}

TEST(Layers, NothingIsWrongWithAWellFormedPacket) {
  PacketGenerator random(80);
  for (int i = 0; i < 500; ++i) {
    for (const LayerField& field : dissect(encoded(random.packet(i % 2 == 0).packet))) {
      EXPECT_EQ(field.wrong, "") << field.layer << " " << field.name;
    }
  }
}

TEST(Layers, SaysWhatIsWrong) {
  Packet packet = data_segment(false);
  packet.malformation = {
      .checksum = Malformation::Checksum::kBad, .data_offset = 4, .reserved = 2, .ip_length = 99};
  auto octets = encoded(packet);
  EXPECT_EQ(wrong(octets, "IPv4", "total length"), "the packet has 55");
  EXPECT_EQ(wrong(octets, "TCP", "data offset"), "shorter than the 20 octets of the fixed header");
  EXPECT_EQ(wrong(octets, "TCP", "reserved"), "should be 0");
  EXPECT_EQ(wrong(octets, "rest", "options or text"), "the data offset does not tell which");
  packet.malformation = {.data_offset = 15};
  EXPECT_EQ(wrong(encoded(packet), "TCP", "data offset"), "longer than the 35 octets there are");
  packet.malformation = {.truncate = 11};
  EXPECT_EQ(wrong(encoded(packet), "TCP", "header"), "cut off: 11 octets of at least 20");
  octets = encoded(data_segment(false));
  octets[10] = octets[11] = 0;
  EXPECT_EQ(wrong(octets, "IPv4", "header checksum"), "should be 0xb6bd");
  octets[6] = 0x20;
  EXPECT_EQ(wrong(octets, "IPv4", "fragment offset"), "a fragment");
  octets[0] = 0x44;
  EXPECT_EQ(wrong(octets, "IPv4", "header length"),
            "shorter than the 20 octets of the fixed header");
  octets[0] = 0x10;
  EXPECT_EQ(wrong(octets, "rest", "packet"), "no IP: version 1");
  EXPECT_EQ(wrong({}, "IP", "header"), "missing");
}

TEST(Layers, TellsTheChecksumThatWouldBeRight) {
  PacketGenerator random(81);
  for (int i = 0; i < 500; ++i) {
    RandomPacket made = random.packet(i % 2 == 0);
    const auto good = decode(encoded(made.packet))->tcp_checksum;
    made.packet.malformation.checksum = Malformation::Checksum::kBad;
    char wanted[32];
    std::snprintf(wanted, sizeof wanted, "should be 0x%04x", good);
    EXPECT_EQ(wrong(encoded(made.packet), "TCP", "checksum"), wanted);
  }
}

TEST(Layers, MalformedOptions) {
  struct Case {
    std::vector<uint8_t> octets;
    const char* name;
    const char* wrong;
  };
  for (const Case& each : std::vector<Case>{
           {{2, 0, 5, 180}, "Maximum Segment Size", "a length of 0 does not count kind and length"},
           {{2, 9, 5, 180}, "Maximum Segment Size", "longer than the 4 octets that are left"},
           {{1, 1, 1, 8}, "Timestamps", "the length is missing"},
           {{3, 4, 1, 1}, "Window Scale", "an option of this kind has no length 4"},
           {{0, 0, 0, 1}, "padding", "should be zeros"},
           {{77, 4, 1, 1}, "unknown", ""}}) {
    Packet packet = data_segment(true);
    packet.options.clear();
    packet.options.raw(each.octets[0], std::nullopt, std::span(each.octets).subspan(1));
    const auto octets = encoded(packet);
    EXPECT_EQ(wrong(octets, "option", each.name), each.wrong);
    const auto fields = dissect(octets);
    EXPECT_EQ(fields.back().layer, "text");
    EXPECT_EQ(fields.back().length, 3U);
  }
}

TEST(Layers, OctetsBehindThePacket) {
  for (const bool v6 : {false, true}) {
    auto octets = encoded(data_segment(v6));
    octets.insert(octets.end(), 6, 0);
    const auto fields = dissect(octets);
    ASSERT_NE(find(fields, "rest", "after the packet"), nullptr);
    EXPECT_EQ(find(fields, "text", "text")->length, 3U);
    EXPECT_EQ(find(fields, "rest", "after the packet")->length, 6U);
  }
}

TEST(Layers, OtherPayloads) {
  auto octets = encoded(data_segment(false));
  octets[9] = 17;
  EXPECT_EQ(find(dissect(octets), "rest", "payload")->length, 35U);
  std::vector<uint8_t> frame(60);
  frame[12] = 0x08;
  frame[13] = 0x06;
  const auto fields = dissect(frame, CaptureLink::kEthernet);
  EXPECT_EQ(find(fields, "Ethernet", "type")->value, "0x0806 (ARP)");
  EXPECT_EQ(find(fields, "rest", "payload")->length, 46U);
  frame[13] = 0;
  frame[14] = 0x60;
  const auto mixed = dissect(frame, CaptureLink::kEthernet);
  EXPECT_EQ(find(mixed, "Ethernet", "type")->wrong, "an IP packet of version 6 follows");
}

}  // namespace
}  // namespace synfin::wire
