#include "harness/wire/text.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/wire/random_packet.h"

namespace synfin::wire {
namespace {

constexpr Isns kIsns{.sender = Seq(0xFFFF'FFFF), .receiver = Seq(1000)};

TEST(Text, FlagsAsTheLanguageHasThem) {
  EXPECT_EQ(to_text(Flags(0U)), "-");
  EXPECT_EQ(to_text(Flags(kSyn)), "S");
  EXPECT_EQ(to_text(Flags(kSyn | kAck)), "S.");
  EXPECT_EQ(to_text(Flags(kFin | kPsh | kAck)), "FP.");
  EXPECT_EQ(to_text(Flags(0xFF)), "SFRPUEW.");
}

TEST(Text, NumbersCountFromTheIsns) {
  Packet packet;
  packet.segment.flags = Flags(kSyn | kAck);
  packet.segment.seq = Seq(0xFFFF'FFFF);
  packet.segment.ack = Seq(1001);
  packet.segment.wnd = 65535;
  packet.options = encode_options(
      {.mss = 1460, .window_scale = 7, .sack_permitted = true, .timestamps = Timestamps{1, 0}});
  EXPECT_EQ(to_text(packet, kIsns),
            "S. seq 0 ack 1 win 65535 <mss 1460,sackOK,TS val 1 ecr 0,wscale 7,eol>");
  const std::vector<uint8_t> text(100);
  packet.segment.flags = Flags(kPsh | kAck | kUrg);
  packet.segment.seq = Seq(0);
  packet.segment.text = text;
  packet.segment.up = 9;
  packet.options.clear();
  const std::array<SackBlock, 2> blocks = {{{Seq(1011), Seq(1021)}, {Seq(1031), Seq(1041)}}};
  packet.options.sack(blocks);
  EXPECT_EQ(to_text(packet, kIsns), "PU. seq 1:101(100) ack 1 win 65535 urg 9 <sack 11:21 31:41>");
  packet.segment.flags = Flags(kRst);
  packet.options.clear();
  EXPECT_EQ(to_text(packet), "R seq 0:100(100) win 65535");
  EXPECT_EQ(kIsns.reversed().sender, Seq(1000));
  EXPECT_EQ(kIsns.reversed().receiver, Seq(0xFFFF'FFFF));
}

TEST(Text, WithoutAnIsnTheNumberIsThatOnTheWire) {
  constexpr Isns kUnknown{.sender = std::nullopt, .receiver = std::nullopt};
  Packet packet;
  packet.segment.flags = Flags(kRst | kAck);
  packet.segment.seq = Seq(3735928559);
  packet.segment.ack = Seq(7);
  EXPECT_EQ(to_text(packet, kUnknown), "R. seq =3735928559 ack =7 win 0");
  EXPECT_EQ(to_text(packet, Isns{.sender = std::nullopt}), "R. seq =3735928559 ack 7 win 0");
  const std::vector<uint8_t> text(3);
  packet.segment.text = text;
  EXPECT_EQ(to_text(packet, kUnknown), "R. seq =3735928559(3) ack =7 win 0");
}

TEST(Text, AReceivedPacketReadsAsTheOneThatWasSent) {
  PacketGenerator random(50);
  for (int i = 0; i < 500; ++i) {
    const RandomPacket made = random.packet(i % 2 == 0);
    EXPECT_EQ(to_text(*decode(encoded(made.packet)), kIsns), to_text(made.packet, kIsns));
  }
}

TEST(Text, WhatIsWrongFollowsInBraces) {
  Packet packet;
  packet.malformation = {.checksum = Malformation::Checksum::kBad,
                         .data_offset = 4,
                         .reserved = 1,
                         .truncate = 12,
                         .ip_length = 40};
  EXPECT_EQ(to_text(packet), "- seq 0 win 0 {sum=bad off=4 res=1 trunc=12 iplen=40}");
  packet.malformation = {.checksum = Malformation::Checksum::kZero};
  EXPECT_EQ(to_text(packet), "- seq 0 win 0 {sum=zero}");
  packet.malformation = {.checksum = Malformation::Checksum::kValue, .checksum_value = 0xAB};
  EXPECT_EQ(to_text(packet), "- seq 0 win 0 {sum=0x00ab}");
  packet.malformation = {.checksum = Malformation::Checksum::kBad, .reserved = 3};
  EXPECT_EQ(to_text(*decode(encoded(packet))), "- seq 0 win 0 {sum=bad res=3}");
  EXPECT_EQ(to_text(Malformation{}), "");
}

TEST(Text, OptionsThatAreUnknownOrMalformed) {
  struct Case {
    std::vector<uint8_t> octets;
    const char* text;
  };
  for (const Case& each : std::vector<Case>{{{}, ""},
                                            {{1, 1, 1, 0}, "nop,nop,nop,eol"},
                                            {{0, 0, 0, 0}, "eol"},
                                            {{0, 0, 0, 0, 0, 0, 0, 0}, "eol,eol,eol,eol,eol"},
                                            {{2, 3, 9, 0}, "opt 2 len 3 0x09,eol"},
                                            {{254, 4, 0xAB, 0xCD}, "opt 254 len 4 0xabcd"},
                                            {{1, 1, 9, 2}, "nop,nop,opt 9 len 2"},
                                            {{2, 0, 5, 180}, "opt 2 len 0 0x05b4"},
                                            {{1, 1, 1, 2}, "nop,nop,nop,opt 2"},
                                            {{0, 2, 4, 5}, "eol,opt 2 len 4 0x05"},
                                            {{34, 6, 1, 2, 3, 4}, "FO 01020304"},
                                            {{34, 2}, "FO"},
                                            {{19, 3, 1}, "md5 01"}}) {
    EXPECT_EQ(options_text(each.octets), each.text);
  }
  EXPECT_EQ(option_text({}), "");
}

}  // namespace
}  // namespace synfin::wire
