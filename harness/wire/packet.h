// A packet to build: a segment, its addresses, and everything that may be wrong with it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "engine/segment.h"
#include "harness/wire/address.h"

namespace synfin::wire {

// Option octets in the order in which they go on the wire, well-formed or not. Over 40 octets the
// writer refuses more (the data offset cannot say more).
class OptionOctets {
 public:
  static constexpr std::size_t kCapacity = 40;

  bool eol();
  bool nop();
  bool mss(uint16_t value);
  bool window_scale(uint8_t shift);
  bool sack_permitted();
  bool sack(std::span<const SackBlock> blocks);
  bool timestamps(uint32_t value, uint32_t echo_reply);
  bool user_timeout(uint16_t value);
  // Any option: `length` is written as it is, whatever the size of data; absent: no length octet.
  bool raw(uint8_t kind, std::optional<uint8_t> length, std::span<const uint8_t> data);
  // Octets as they are, options or not. False when there is no room for all of them.
  bool append(std::span<const uint8_t> octets);
  // Zero padding (EOL and what follows it) up to a multiple of four; returns its octets.
  std::size_t pad();

  std::span<const uint8_t> octets() const { return {octets_.data(), size_}; }
  bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }

 private:
  std::array<uint8_t, kCapacity> octets_{};
  std::size_t size_ = 0;
};

// Writes the options that `options` holds: 32-bit numbers are aligned with NOPs as stacks usually
// do, and what is left is zero padding, `padding` octets of it.
OptionOctets encode_options(const Options& options, std::size_t* padding = nullptr);

// What makes a packet other than the well-formed form of its segment.
struct Malformation {
  enum class Checksum : uint8_t { kGood, kBad, kZero, kValue };
  Checksum checksum = Checksum::kGood;
  uint16_t checksum_value = 0;                        // with kValue
  std::optional<uint8_t> data_offset = std::nullopt;  // 0–15, in 32-bit words
  uint8_t reserved = 0;                               // the four reserved bits, 0–15
  std::optional<uint16_t> truncate = std::nullopt;    // octets kept of the TCP header and text
  // IPv4 total length or IPv6 payload length, as claimed.
  std::optional<uint16_t> ip_length = std::nullopt;

  friend bool operator==(const Malformation&, const Malformation&) = default;
};

struct Packet {
  Endpoint source;
  Endpoint destination;
  Segment segment;       // segment.options are not used: the octets below are
  OptionOctets options;  // padded by the encoder
  Malformation malformation;
  uint8_t ttl = 64;
  uint8_t traffic_class = 0;  // DSCP and ECN
  uint16_t ip_id = 0;         // IPv4 only; DF is set
  OptionOctets ip_options{};  // IPv4 only; padded by the encoder
};

}  // namespace synfin::wire
