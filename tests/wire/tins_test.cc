// libtins as the oracle for well-formed packets, in both directions.
#include <gtest/gtest.h>
#include <tins/ip.h>
#include <tins/ipv6.h>
#include <tins/rawpdu.h>
#include <tins/tcp.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "harness/wire/codec.h"
#include "tests/wire/random_packet.h"

namespace synfin::wire {
namespace {

std::vector<uint32_t> edges(const Options& options) {
  std::vector<uint32_t> out;
  for (unsigned i = 0; i < options.sack_count; ++i) {
    out.push_back(options.sack[i].left.value());
    out.push_back(options.sack[i].right.value());
  }
  return out;
}

Tins::TCP make_tcp(const Packet& packet) {
  const Segment& segment = packet.segment;
  Tins::TCP tcp(packet.destination.port, packet.source.port);
  tcp.seq(segment.seq.value());
  tcp.ack_seq(segment.ack.value());
  tcp.flags(segment.flags.bits);
  tcp.window(segment.wnd);
  tcp.urg_ptr(segment.up);
  const Options& options = segment.options;
  if (options.mss) tcp.mss(*options.mss);
  if (options.window_scale) tcp.winscale(*options.window_scale);
  if (options.sack_permitted) tcp.sack_permitted();
  if (options.timestamps) tcp.timestamp(options.timestamps->value, options.timestamps->echo_reply);
  if (options.sack_count > 0) tcp.sack(edges(options));
  return tcp;
}

std::vector<uint8_t> serialized(const Packet& packet, std::span<const uint8_t> text) {
  const Tins::RawPDU raw(text.data(), static_cast<uint32_t>(text.size()));
  if (packet.source.address.v6) {
    Tins::IPv6 ip(to_string(packet.destination.address), to_string(packet.source.address));
    ip.hop_limit(packet.ttl);
    ip.traffic_class(packet.traffic_class);
    return (ip / make_tcp(packet) / raw).serialize();
  }
  Tins::IP ip(to_string(packet.destination.address), to_string(packet.source.address));
  ip.ttl(packet.ttl);
  ip.tos(packet.traffic_class);
  ip.id(packet.ip_id);
  ip.flags(Tins::IP::DONT_FRAGMENT);
  return (ip / make_tcp(packet) / raw).serialize();
}

TEST(Tins, WhatItWritesIsReadWithEqualFields) {
  PacketGenerator random(30);
  for (int i = 0; i < 3000; ++i) {
    const RandomPacket made = random.packet(i % 2 == 0);
    const Packet& packet = made.packet;
    const auto octets = serialized(packet, made.text);
    const auto got = decode(octets);
    ASSERT_TRUE(got) << got.error().message;
    expect_fields(*got, packet);
    ASSERT_FALSE(HasFailure()) << "seed 30, packet " << i;
  }
}

void expect_options(const Tins::TCP& tcp, const Options& wanted) {
  const auto has = [&](Tins::TCP::OptionTypes kind) { return tcp.search_option(kind) != nullptr; };
  ASSERT_EQ(has(Tins::TCP::MSS), wanted.mss.has_value());
  ASSERT_EQ(has(Tins::TCP::WSCALE), wanted.window_scale.has_value());
  ASSERT_EQ(has(Tins::TCP::TSOPT), wanted.timestamps.has_value());
  ASSERT_EQ(has(Tins::TCP::SACK), wanted.sack_count > 0);
  EXPECT_EQ(tcp.has_sack_permitted(), wanted.sack_permitted);
  if (wanted.mss) {
    EXPECT_EQ(tcp.mss(), *wanted.mss);
  }
  if (wanted.window_scale) {
    EXPECT_EQ(tcp.winscale(), *wanted.window_scale);
  }
  if (wanted.sack_count > 0) {
    EXPECT_EQ(tcp.sack(), edges(wanted));
  }
  if (wanted.timestamps) {
    EXPECT_EQ(tcp.timestamp(),
              std::make_pair(wanted.timestamps->value, wanted.timestamps->echo_reply));
  }
}

std::unique_ptr<Tins::PDU> parsed(const Packet& packet, const std::vector<uint8_t>& octets) {
  const auto size = static_cast<uint32_t>(octets.size());
  if (packet.source.address.v6) return std::make_unique<Tins::IPv6>(octets.data(), size);
  return std::make_unique<Tins::IP>(octets.data(), size);
}

TEST(Tins, ReadsWhatWeWriteAndWritesTheSameOctets) {
  PacketGenerator random(31);
  for (int i = 0; i < 3000; ++i) {
    const RandomPacket made = random.packet(i % 2 == 0);
    const Packet& packet = made.packet;
    const auto octets = encoded(packet);
    const auto pdu = parsed(packet, octets);
    const auto* tcp = pdu->find_pdu<Tins::TCP>();
    ASSERT_NE(tcp, nullptr);
    EXPECT_EQ(tcp->sport(), packet.source.port);
    EXPECT_EQ(tcp->dport(), packet.destination.port);
    EXPECT_EQ(tcp->seq(), packet.segment.seq.value());
    EXPECT_EQ(tcp->ack_seq(), packet.segment.ack.value());
    EXPECT_EQ(tcp->flags(), packet.segment.flags.bits);
    EXPECT_EQ(tcp->window(), packet.segment.wnd);
    EXPECT_EQ(tcp->urg_ptr(), packet.segment.up);
    expect_options(*tcp, packet.segment.options);
    // Serializing computes lengths and both checksums anew.
    EXPECT_EQ(pdu->serialize(), octets);
    ASSERT_FALSE(HasFailure()) << "seed 31, packet " << i;
  }
}

}  // namespace
}  // namespace synfin::wire
