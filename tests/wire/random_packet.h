// Packets from a seeded generator, for the tests of the wire codec.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "harness/wire/codec.h"
#include "harness/wire/packet.h"

namespace synfin::wire {

// Holds the text that the packet's span points to. May be moved, not copied.
struct RandomPacket {
  Packet packet;
  std::vector<uint8_t> text;

  RandomPacket() = default;
  RandomPacket(RandomPacket&&) = default;
  RandomPacket& operator=(RandomPacket&&) = default;
};

inline Options make_options(std::optional<uint16_t> mss, std::optional<uint8_t> window_scale = {},
                            bool sack_permitted = false,
                            std::optional<Timestamps> timestamps = {}) {
  Options out;
  out.mss = mss;
  out.window_scale = window_scale;
  out.sack_permitted = sack_permitted;
  out.timestamps = timestamps;
  return out;
}

class PacketGenerator {
 public:
  explicit PacketGenerator(uint32_t seed) : random_(seed) {}

  // Uniform in [low, high].
  uint32_t number(uint32_t low, uint32_t high) {
    return std::uniform_int_distribution<uint32_t>(low, high)(random_);
  }
  bool coin() { return number(0, 1) == 1; }
  uint8_t octet() { return static_cast<uint8_t>(number(0, 0xFF)); }
  uint16_t half() { return static_cast<uint16_t>(number(0, 0xFFFF)); }
  uint32_t word() { return number(0, 0xFFFF'FFFF); }

  std::vector<uint8_t> octets(std::size_t size) {
    std::vector<uint8_t> out(size);
    std::generate(out.begin(), out.end(), [this] { return octet(); });
    return out;
  }

  Address address(bool v6) {
    Address out{.v6 = v6, .octets = {}};
    std::generate_n(out.octets.begin(), v6 ? 16 : 4, [this] { return octet(); });
    return out;
  }

  Options options() {
    Options out;
    if (coin()) out.mss = half();
    if (coin()) out.window_scale = octet();
    out.sack_permitted = coin();
    if (coin()) out.timestamps = Timestamps{word(), word()};
    // As many blocks as fit behind the others.
    const uint32_t room = 40 - (out.header_octets() + 2);
    out.sack_count = static_cast<uint8_t>(number(0, std::min(room / 8, Options::kMaxSackBlocks)));
    for (unsigned i = 0; i < out.sack_count; ++i) out.sack[i] = {Seq(word()), Seq(word())};
    return out;
  }

  // Well-formed, with any field values. `options` become both the octets and segment.options.
  RandomPacket packet(bool v6) {
    RandomPacket out;
    Packet& packet = out.packet;
    packet.source = {address(v6), half()};
    packet.destination = {address(v6), half()};
    packet.segment.seq = Seq(word());
    packet.segment.ack = Seq(word());
    packet.segment.flags = Flags(octet());
    packet.segment.wnd = half();
    packet.segment.up = half();
    packet.segment.options = options();
    packet.options = encode_options(packet.segment.options);
    packet.ttl = octet();
    packet.traffic_class = octet();
    packet.ip_id = v6 ? uint16_t{0} : half();
    out.text = octets(number(0, 3) == 0 ? number(1, 1500) : number(0, 20));
    packet.segment.text = out.text;
    return out;
  }

 private:
  std::mt19937 random_;
};

// encode() that must succeed, into octets of just the right number.
inline std::vector<uint8_t> encoded(const Packet& packet) {
  std::vector<uint8_t> out(kMaxPacket);
  out.resize(encode(packet, out).value());
  out.shrink_to_fit();
  return out;
}

// `got` is `sent` in every field that both have, and sound.
inline void expect_fields(const Decoded& got, const Packet& sent) {
  EXPECT_EQ(got.source, sent.source);
  EXPECT_EQ(got.destination, sent.destination);
  EXPECT_EQ(got.segment.seq, sent.segment.seq);
  EXPECT_EQ(got.segment.ack, sent.segment.ack);
  EXPECT_EQ(got.segment.flags, sent.segment.flags);
  EXPECT_EQ(got.segment.wnd, sent.segment.wnd);
  EXPECT_EQ(got.segment.up, sent.segment.up);
  EXPECT_EQ(got.segment.options, sent.segment.options);
  EXPECT_TRUE(std::ranges::equal(got.segment.text, sent.segment.text));
  EXPECT_EQ(got.ttl, sent.ttl);
  EXPECT_EQ(got.traffic_class, sent.traffic_class);
  EXPECT_EQ(got.ip_id, sent.ip_id);
  EXPECT_TRUE(got.tcp_checksum_ok);
  EXPECT_TRUE(got.ip_checksum_ok);
  EXPECT_TRUE(got.options_well_formed);
}

}  // namespace synfin::wire
