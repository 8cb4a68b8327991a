// A packet field by field, for people: `synfin show --as layers`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/wire/pcap.h"

namespace synfin::wire {

// One field of a header, one option, or the text.
struct LayerField {
  std::string_view layer;  // "Ethernet", "IPv4", "IPv6", "TCP", "option", "text", "rest"
  std::string name;        // as the RFC calls it
  std::string value;
  std::size_t offset = 0;  // where it begins in the packet
  std::size_t length = 0;  // octets; a field of some bits counts the octets that it touches
  std::string wrong;       // what is wrong with it; empty when nothing is
};

// Takes a packet apart as far as there are octets, also a malformed one: no length is believed
// beyond the end, and what cannot be told apart is one field of octets. Fields are in the order of
// the packet; together they cover all of it.
std::vector<LayerField> dissect(std::span<const uint8_t> packet,
                                CaptureLink link = CaptureLink::kRawIp);

// A heading a layer, a line a field: offset, name, value, what is wrong. Text is dumped in
// hexadecimal and ASCII.
std::string print_layers(std::span<const LayerField> fields, std::span<const uint8_t> packet);

// Both at once.
std::string print_layers(std::span<const uint8_t> packet, CaptureLink link = CaptureLink::kRawIp);

}  // namespace synfin::wire
