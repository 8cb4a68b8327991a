// Sequence numbers and their order on the circle (RFC 9293 §3.4).
#pragma once

#include <cstdint>

namespace synfin {

// A sequence number: a point on the circle of 2^32 octet positions (RFC 9293 §3.4).
//
// There is deliberately no operator<. Order on a circle holds only between numbers less than half
// a turn apart, and it is not transitive, so it must not be usable as a sort key by accident.
//
// The order used here, with d = (other - *this) mod 2^32:
//   d == 0             equal
//   0 < d < 2^31       *this is before other
//   2^31 <= d          *this is after other
// This is the comparison of RFC 7323 §5.2, and the one RFC 9293 §3.4 wants, modulo 2^32.
// Exactly one of before, ==, after holds for every pair. At a distance of exactly 2^31, for which
// the RFCs define no order, each of the two is after the other: such an acknowledgment then counts
// as one for something not yet sent, never as an acceptable one. Windows are below 2^30 octets
// (RFC 7323 §2.3), so no legal pair of live numbers is that far apart.
class Seq {
 public:
  // Number 0; it has no special meaning.
  constexpr Seq() = default;
  constexpr explicit Seq(uint32_t value) : value_(value) {}

  // The number as it stands in the header, in host order.
  constexpr uint32_t value() const { return value_; }

  // The position `octets` further on, or back, modulo 2^32.
  constexpr Seq operator+(uint32_t octets) const { return Seq(value_ + octets); }
  constexpr Seq operator-(uint32_t octets) const { return Seq(value_ - octets); }
  constexpr Seq& operator+=(uint32_t octets) {
    value_ += octets;
    return *this;
  }

  constexpr bool operator==(const Seq&) const = default;

  // RFC 9293 §3.4 writes these <, >, =< and >=.
  constexpr bool before(Seq other) const { return signed_distance(*this, other) > 0; }
  constexpr bool after(Seq other) const { return signed_distance(*this, other) < 0; }
  constexpr bool at_or_before(Seq other) const { return !after(other); }
  constexpr bool at_or_after(Seq other) const { return !before(other); }

  // The octets from `from` forward to `to`, in [0, 2^32).
  static constexpr uint32_t distance(Seq from, Seq to) { return to.value_ - from.value_; }

  // The shorter way from `from` to `to`: positive forward, negative backward, in [-2^31, 2^31).
  static constexpr int32_t signed_distance(Seq from, Seq to) {
    return static_cast<int32_t>(distance(from, to));
  }

  // left =< *this < left + size. An empty window holds nothing; any size up to 2^32 - 1 is exact.
  // With left = RCV.NXT and size = RCV.WND this is one half of the acceptability test of
  // RFC 9293 §3.10.7.4, first step.
  constexpr bool in_window(Seq left, uint32_t size) const { return distance(left, *this) < size; }

 private:
  uint32_t value_ = 0;
};

// The one further along; `a` when they are equal.
constexpr Seq later(Seq a, Seq b) { return b.after(a) ? b : a; }

// The one less far along; `a` when they are equal.
constexpr Seq earlier(Seq a, Seq b) { return b.before(a) ? b : a; }

}  // namespace synfin
