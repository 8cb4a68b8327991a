// One TCP segment as a value (RFC 9293 §3.1): header fields, options and a view of its text.
//
// Not bytes: harness/wire turns a Segment into a packet and back. Sequence and acknowledgment
// numbers are absolute (as on the wire). `wnd` is the header field, unscaled.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "engine/seq.h"

namespace synfin {

// The control bits of RFC 9293 §3.1, with the values of header octet 13.
enum ControlBit : uint8_t {
  kFin = 0x01,
  kSyn = 0x02,
  kRst = 0x04,
  kPsh = 0x08,
  kAck = 0x10,
  kUrg = 0x20,
  kEce = 0x40,
  kCwr = 0x80,
};

// Any combination of control bits, legal or not.
struct Flags {
  uint8_t bits = 0;

  constexpr Flags() = default;
  constexpr explicit Flags(unsigned value) : bits(static_cast<uint8_t>(value)) {}

  constexpr bool has(ControlBit bit) const { return (bits & bit) != 0; }
  constexpr bool fin() const { return has(kFin); }
  constexpr bool syn() const { return has(kSyn); }
  constexpr bool rst() const { return has(kRst); }
  constexpr bool psh() const { return has(kPsh); }
  constexpr bool ack() const { return has(kAck); }
  constexpr bool urg() const { return has(kUrg); }
  // RFC 3168 §6.1.1: an ECN-setup SYN, or an ECN-setup SYN,ACK.
  constexpr bool sets_up_ecn() const { return syn() && has(kEce) && has(kCwr) != ack(); }
  constexpr void set(ControlBit bit, bool on = true) {
    bits = static_cast<uint8_t>(on ? bits | bit : bits & ~bit);
  }
  friend constexpr bool operator==(Flags, Flags) = default;
};

// A SACK block [left, right) (RFC 2018 §3).
struct SackBlock {
  Seq left{0};
  Seq right{0};
  friend constexpr bool operator==(const SackBlock&, const SackBlock&) = default;
};

// The Timestamps option (RFC 7323 §3.2). Both are unsigned 32-bit clocks compared like Seq.
struct Timestamps {
  uint32_t value = 0;
  uint32_t echo_reply = 0;
  friend constexpr bool operator==(const Timestamps&, const Timestamps&) = default;
};

// The options that the rules know. Others, and malformed ones, live in harness/wire only.
struct Options {
  static constexpr unsigned kMaxSackBlocks = 4;

  std::optional<uint16_t> mss;
  std::optional<uint8_t> window_scale;
  bool sack_permitted = false;
  uint8_t sack_count = 0;
  std::array<SackBlock, kMaxSackBlocks> sack{};
  std::optional<Timestamps> timestamps;
  // RFC 5482 §3.3, as on the wire: the granularity bit and 15 bits of minutes or seconds.
  std::optional<uint16_t> user_timeout{};

  constexpr void clear() {
    mss.reset();
    window_scale.reset();
    sack_permitted = false;
    if (sack_count > 0) sack = {};
    sack_count = 0;
    timestamps.reset();
    user_timeout.reset();
  }

  // Octets that the known options take in the header, padded to a multiple of four.
  constexpr uint32_t header_octets() const {
    uint32_t n = 0;
    if (mss) n += 4;
    if (window_scale) n += 3;
    if (sack_permitted) n += 2;
    if (sack_count > 0) n += 2U + 8U * sack_count;
    if (timestamps) n += 10;
    if (user_timeout) n += 4;
    return (n + 3U) & ~3U;
  }
  friend constexpr bool operator==(const Options&, const Options&) = default;
};

// RFC 3168 §5: the ECN field of the IP header.
enum class Ecn : uint8_t { kNotEct, kEct1, kEct0, kCe };

struct Segment {
  Seq seq{0};
  Seq ack{0};  // meaningful only with the ACK bit
  Flags flags;
  uint16_t wnd = 0;        // SEG.WND as in the header: octets >> scale, never scaled on a SYN
  uint16_t up = 0;         // urgent pointer, an offset from seq; meaningful only with the URG bit
  Ecn ecn = Ecn::kNotEct;  // of the packet that carries it
  uint8_t diffserv = 0;    // and the six bits beside it
  Options options;
  // Whoever makes the segment keeps the octets alive until the callee returns.
  std::span<const uint8_t> text;

  // As it was made. Where there were no SACK blocks their octets are not written again: a segment
  // that is used over and over is cleared in a few nanoseconds.
  constexpr void clear() {
    seq = ack = Seq(0);
    flags = Flags();
    wnd = up = 0;
    ecn = Ecn::kNotEct;
    options.clear();
    text = {};
  }

  // SEG.LEN: text plus one each for SYN and FIN (RFC 9293 §3.4).
  constexpr uint32_t len() const {
    return static_cast<uint32_t>(text.size()) + (flags.syn() ? 1U : 0U) + (flags.fin() ? 1U : 0U);
  }
  // The sequence number of the first octet of text: a SYN stands before it.
  constexpr Seq text_seq() const { return flags.syn() ? seq + 1 : seq; }
  // The first sequence number after this segment.
  constexpr Seq end() const { return seq + len(); }
};

}  // namespace synfin
