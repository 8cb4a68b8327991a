// Octets -> decode, dissect and text without harm; what encode() can say comes out the same again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "harness/wire/codec.h"
#include "harness/wire/frame.h"
#include "harness/wire/layers.h"
#include "harness/wire/text.h"

namespace synfin::wire {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// Whether the packet has nothing that to_packet() leaves out.
bool expressible(std::span<const uint8_t> packet, const Decoded& decoded) {
  const bool v6 = decoded.source.address.v6;
  const std::size_t size =
      (v6 ? 40U : 20U) + decoded.data_offset * 4U + decoded.segment.text.size();
  if (packet.size() != size) return false;
  if (!v6) return packet[0] == 0x45 && packet[6] == 0x40;
  return (packet[1] & 0x0FU) == 0 && packet[2] == 0 && packet[3] == 0;
}

void check(std::span<const uint8_t> packet) {
  require(!print_layers(packet, CaptureLink::kRawIp).empty());
  require(!print_layers(packet, CaptureLink::kEthernet).empty());
  if (const auto question = neighbor_question(packet)) {
    require(neighbor_answer(*question, MacAddress{}).has_value());
  }
  const auto decoded = decode(packet);
  if (!decoded) return require(!decoded.error().message.empty());
  require(!to_text(*decoded).empty());
  if (!expressible(packet, *decoded)) return;
  std::vector<uint8_t> again(packet.size());
  const auto size = encode(to_packet(*decoded), again);
  require(size && *size == packet.size());
  // The fuzzer rarely hits upon the right IPv4 checksum, and it does not matter here.
  if (!decoded->source.address.v6) std::copy_n(packet.data() + 10, 2, again.data() + 10);
  require(std::equal(again.begin(), again.end(), packet.begin()));
}

}  // namespace
}  // namespace synfin::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  synfin::wire::check({data, size});
  return 0;
}
