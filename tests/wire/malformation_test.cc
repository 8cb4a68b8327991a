// Everything that may be wrong with a packet, one by one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "harness/wire/bytes.h"
#include "harness/wire/checksum.h"
#include "harness/wire/codec.h"
#include "tests/wire/random_packet.h"

namespace synfin::wire {
namespace {

using Checksum = Malformation::Checksum;

class MalformationTest : public testing::TestWithParam<bool> {
 protected:
  MalformationTest() {
    sent_ = PacketGenerator(20).packet(v6());
    sent_.text.assign({'h', 'e', 'l', 'l', 'o'});
    sent_.packet.segment.text = sent_.text;
    sent_.packet.options.clear();
    sent_.packet.options.mss(1460);
    plain_ = encoded(sent_.packet);
  }

  bool v6() const { return GetParam(); }
  std::size_t ip() const { return v6() ? 40 : 20; }
  Packet& packet() { return sent_.packet; }
  // The packet with its malformation, in octets.
  std::vector<uint8_t> octets() { return encoded(sent_.packet); }

  // The places in which two packets of equal size differ.
  static std::set<std::size_t> differences(const std::vector<uint8_t>& a,
                                           const std::vector<uint8_t>& b) {
    std::set<std::size_t> out;
    EXPECT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      if (a[i] != b[i]) out.insert(i);
    }
    return out;
  }
  bool only_checksum_and(std::size_t place, const std::vector<uint8_t>& other) {
    auto places = differences(plain_, other);
    places.erase(place);
    places.erase(ip() + 16);
    places.erase(ip() + 17);
    return places.empty();
  }
  bool verifies(const std::vector<uint8_t>& octets, std::size_t tcp_octets) const {
    return tcp_checksum(sent_.packet.source.address, sent_.packet.destination.address,
                        std::span(octets).subspan(ip(), tcp_octets)) == 0;
  }

  RandomPacket sent_;
  std::vector<uint8_t> plain_;
};

TEST_P(MalformationTest, ABadChecksumNeverVerifiesAndIsNeverZero) {
  packet().malformation.checksum = Checksum::kBad;
  // Every good checksum there is: the window runs through all values.
  std::set<uint16_t> good;
  for (uint32_t window = 0; window <= 0xFFFF; ++window) {
    packet().segment.wnd = static_cast<uint16_t>(window);
    const auto out = octets();
    const uint16_t checksum = get16(out.data() + ip() + 16);
    ASSERT_NE(checksum, 0) << window;
    const auto got = decode(out);
    ASSERT_TRUE(got);
    ASSERT_FALSE(got->tcp_checksum_ok) << window;
    good.insert(static_cast<uint16_t>(checksum));
  }
  EXPECT_GT(good.size(), 65000U);
}

TEST_P(MalformationTest, OtherChecksums) {
  packet().malformation.checksum = Checksum::kZero;
  EXPECT_EQ(decode(octets())->tcp_checksum, 0);
  EXPECT_FALSE(decode(octets())->tcp_checksum_ok);
  packet().malformation.checksum = Checksum::kValue;
  packet().malformation.checksum_value = 0xBEEF;
  EXPECT_EQ(decode(octets())->tcp_checksum, 0xBEEF);
  EXPECT_FALSE(decode(octets())->tcp_checksum_ok);
  packet().malformation.checksum_value = get16(plain_.data() + ip() + 16);
  EXPECT_EQ(octets(), plain_);
}

TEST_P(MalformationTest, EveryDataOffset) {
  const std::size_t there = 20 + 4 + 5;
  for (uint8_t offset = 0; offset < 16; ++offset) {
    packet().malformation.data_offset = offset;
    const auto out = octets();
    EXPECT_EQ(out[ip() + 12], offset << 4);
    EXPECT_TRUE(only_checksum_and(ip() + 12, out));
    EXPECT_TRUE(verifies(out, there));
    const auto got = decode(out);
    EXPECT_EQ(got.has_value(), offset >= 5 && offset * 4U <= there) << +offset;
    if (got) {
      EXPECT_EQ(got->data_offset, offset);
      EXPECT_EQ(got->segment.text.size(), there - offset * 4U);
    }
  }
  packet().malformation.data_offset = 16;
  std::vector<uint8_t> out(100);
  EXPECT_EQ(encode(packet(), out).error().message,
            "a data offset of 16 words does not fit the field: give 0 to 15");
}

TEST_P(MalformationTest, EveryReservedBit) {
  for (uint8_t reserved = 0; reserved < 16; ++reserved) {
    packet().malformation.reserved = reserved;
    const auto out = octets();
    EXPECT_TRUE(only_checksum_and(ip() + 12, out));
    const auto got = decode(out);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->reserved, reserved);
    EXPECT_EQ(got->data_offset, 6);
    EXPECT_TRUE(got->tcp_checksum_ok);
  }
  packet().malformation.reserved = 16;
  std::vector<uint8_t> out(100);
  EXPECT_EQ(encode(packet(), out).error().message,
            "reserved bits of 16 do not fit the field: give 0 to 15");
}

TEST_P(MalformationTest, EveryCombinationOfControlBits) {
  for (unsigned flags = 0; flags <= 0xFF; ++flags) {
    packet().segment.flags = Flags(flags);
    const auto out = octets();
    EXPECT_EQ(out[ip() + 13], flags);
    EXPECT_TRUE(only_checksum_and(ip() + 13, out));
    const auto got = decode(out);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->segment.flags.bits, flags);
    EXPECT_TRUE(got->tcp_checksum_ok);
  }
}

TEST_P(MalformationTest, TruncationAtEveryOctet) {
  const std::size_t there = 20 + 4 + 5;
  for (uint16_t kept = 0; kept <= there + 2; ++kept) {
    packet().malformation.truncate = kept;
    const auto out = octets();
    const std::size_t tcp = std::min<std::size_t>(kept, there);
    ASSERT_EQ(out.size(), ip() + tcp);
    EXPECT_EQ(get16(out.data() + (v6() ? 4 : 2)), v6() ? tcp : ip() + tcp);
    for (std::size_t i = 0; i < tcp; ++i) {
      if (i == 16 || i == 17) continue;
      EXPECT_EQ(out[ip() + i], plain_[ip() + i]) << "kept " << kept << ", octet " << i;
    }
    EXPECT_EQ(verifies(out, tcp), tcp >= 18) << kept;
    const auto got = decode(out);
    EXPECT_EQ(got.has_value(), tcp >= 24) << kept;
    if (got) {
      EXPECT_TRUE(got->tcp_checksum_ok);
      EXPECT_TRUE(got->ip_checksum_ok);
      EXPECT_EQ(got->segment.text.size(), tcp - 24);
    }
    // It needs no more room than what it writes.
    std::vector<uint8_t> exact(out.size());
    ASSERT_TRUE(encode(packet(), exact));
    EXPECT_EQ(exact, out);
  }
}

TEST_P(MalformationTest, EveryFalseIpLength) {
  const std::size_t there = 20 + 4 + 5;
  const std::size_t before = v6() ? 0 : 20;
  for (std::size_t claimed = 0; claimed < 200; ++claimed) {
    packet().malformation.ip_length = static_cast<uint16_t>(claimed);
    const auto out = octets();
    ASSERT_EQ(out.size(), ip() + there);
    EXPECT_EQ(get16(out.data() + (v6() ? 4 : 2)), claimed);
    const bool followable = claimed > before && claimed <= before + there;
    const std::size_t seen = followable ? claimed - before : there;
    EXPECT_TRUE(verifies(out, seen < 18 ? there : seen)) << claimed;
    const auto got = decode(out);
    EXPECT_EQ(got.has_value(), followable && seen >= 24) << claimed;
    if (got) {
      EXPECT_TRUE(got->tcp_checksum_ok);
      EXPECT_TRUE(got->ip_checksum_ok);
      EXPECT_EQ(got->segment.text.size(), seen - 24);
    }
  }
}

TEST_P(MalformationTest, MalformedOptionsAreWrittenAsTheyAreAndToldApart) {
  struct Case {
    std::vector<uint8_t> octets;
    bool well_formed;
    bool zero_padded;
    std::optional<uint16_t> mss;
  };
  for (const Case& each : std::vector<Case>{
           {{2, 0, 5, 180}, false, true, {}},
           {{2, 1, 5, 180}, false, true, {}},
           {{2, 3, 5, 1}, false, true, {}},
           {{2, 40, 5, 180}, false, true, {}},
           {{1, 1, 1, 2}, false, true, {}},
           {{2, 3, 9, 2, 4, 5, 180, 1}, false, true, 1460},  // the walk goes on behind it
           {{2, 4, 5, 180, 254, 9, 1, 1}, false, true, 1460},
           {{5, 6, 0, 0, 0, 0, 1, 1}, false, true, {}},
           {{8, 9, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1}, false, true, {}},
           {{2, 4, 5, 180, 0, 0, 0, 0}, true, true, 1460},
           {{0, 2, 4, 5}, true, false, {}},
           {{2, 4, 5, 180, 0, 0, 0, 1}, true, false, 1460},
           {{254, 8, 1, 2, 3, 4, 5, 6}, true, true, {}}}) {
    packet().options.clear();
    ASSERT_TRUE(
        packet().options.raw(each.octets[0], std::nullopt, std::span(each.octets).subspan(1)));
    const auto out = octets();
    const auto got = decode(out);
    ASSERT_TRUE(got);
    EXPECT_TRUE(std::ranges::equal(got->option_octets, each.octets));
    EXPECT_EQ(got->options_well_formed, each.well_formed) << testing::PrintToString(each.octets);
    EXPECT_EQ(got->options_zero_padded, each.zero_padded) << testing::PrintToString(each.octets);
    EXPECT_EQ(got->segment.options.mss, each.mss) << testing::PrintToString(each.octets);
    EXPECT_EQ(got->segment.options.sack_count, 0);
    EXPECT_FALSE(got->segment.options.timestamps);
  }
}

TEST_P(MalformationTest, SeveralAtOnce) {
  packet().malformation = {.checksum = Checksum::kValue,
                           .checksum_value = 0x1234,
                           .data_offset = 15,
                           .reserved = 9,
                           .truncate = 19,
                           .ip_length = 7};
  const auto out = octets();
  ASSERT_EQ(out.size(), ip() + 19);
  EXPECT_EQ(out[ip() + 12], 0xF9);
  EXPECT_EQ(get16(out.data() + ip() + 16), 0x1234);
  EXPECT_EQ(get16(out.data() + (v6() ? 4 : 2)), 7);
}

TEST_P(MalformationTest, IpOptionsArePaddedAndCounted) {
  const std::vector<uint8_t> options = {0x9e, 5, 1, 2, 3};
  ASSERT_TRUE(packet().ip_options.append(options));
  std::vector<uint8_t> room(kMaxPacket);
  const auto size = encode(packet(), room);
  if (v6()) {
    EXPECT_FALSE(size);
    return;
  }
  ASSERT_TRUE(size);
  room.resize(*size);
  ASSERT_EQ(room.size(), plain_.size() + 8);
  EXPECT_EQ(room[0], 0x47);
  EXPECT_EQ(std::vector<uint8_t>(room.begin() + 20, room.begin() + 28),
            (std::vector<uint8_t>{0x9e, 5, 1, 2, 3, 0, 0, 0}));
  EXPECT_TRUE(std::equal(plain_.begin() + 20, plain_.end(), room.begin() + 28, room.end()));
  const auto decoded = decode(room);
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(decoded->ip_checksum_ok);
  EXPECT_TRUE(decoded->tcp_checksum_ok);
  EXPECT_FALSE(packet().ip_options.append(std::vector<uint8_t>(36)));
}

INSTANTIATE_TEST_SUITE_P(Ip, MalformationTest, testing::Bool(),
                         [](const auto& test) { return test.param ? "v6" : "v4"; });

}  // namespace
}  // namespace synfin::wire
