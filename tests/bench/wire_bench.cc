// What a SYN and a full-sized data segment cost on the way to octets and back.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <vector>

#include "harness/wire/codec.h"

namespace synfin::wire {
namespace {

constexpr std::array<uint8_t, 1460> kText{};

Packet make_packet(bool v6, std::size_t text) {
  Packet packet;
  packet.source = {Address::ipv4(192, 0, 2, 1), 40000};
  packet.destination = {Address::ipv4(192, 0, 2, 2), 80};
  if (v6) {
    packet.source.address = {.v6 = true, .octets = {0x20, 0x01, 0x0d, 0xb8, 1}};
    packet.destination.address = {.v6 = true, .octets = {0x20, 0x01, 0x0d, 0xb8, 2}};
  }
  packet.segment.seq = Seq(0x0102'0304);
  packet.segment.wnd = 65535;
  packet.segment.text = std::span(kText).first(text);
  Options options;
  options.timestamps = Timestamps{1, 0};
  if (text == 0) {
    packet.segment.flags = Flags(kSyn);
    options.mss = 1460;
    options.window_scale = 7;
    options.sack_permitted = true;
  } else {
    packet.segment.flags = Flags(kAck | kPsh);
  }
  packet.options = encode_options(options);
  return packet;
}

// Arguments: IP version, octets of text (0: a SYN).
void BM_Encode(benchmark::State& state) {
  const Packet packet = make_packet(state.range(0) == 6, static_cast<std::size_t>(state.range(1)));
  std::array<uint8_t, 2048> out;
  for (auto _ : state) {
    auto size = encode(packet, out);
    benchmark::DoNotOptimize(size);
    benchmark::ClobberMemory();
  }
}

void BM_Decode(benchmark::State& state) {
  const Packet packet = make_packet(state.range(0) == 6, static_cast<std::size_t>(state.range(1)));
  std::array<uint8_t, 2048> out;
  const std::size_t size = encode(packet, out).value();
  for (auto _ : state) {
    auto decoded = decode(std::span(out).first(size));
    benchmark::DoNotOptimize(decoded);
  }
}

BENCHMARK(BM_Encode)->ArgsProduct({{4, 6}, {0, 1460}});
BENCHMARK(BM_Decode)->ArgsProduct({{4, 6}, {0, 1460}});

}  // namespace
}  // namespace synfin::wire
