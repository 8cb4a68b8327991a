// What is wrong with a segment that was sent: the clause, the field, what the rules want there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/clause.h"

namespace synfin {

enum class Field : uint8_t {
  kSegment,  // the segment as a whole: nothing asks for it or permits it
  kFlags,
  kSeq,
  kAck,
  kWindow,
  kUrgent,
  kLength,
  kText,
  kOptions,
  kTime,  // too early
};

constexpr std::string_view to_string(Field field) {
  constexpr std::array<std::string_view, 10> kNames = {
      "segment", "flags", "seq", "ack", "win", "urg", "length", "text", "options", "time"};
  return kNames[static_cast<std::size_t>(field)];
}

struct Finding {
  Clause clause = Clause::kSmOut5;
  Field field = Field::kSegment;
  // What stands in the field by the rules and what stood there; absolute numbers. Both 0 where the
  // sentence says it all.
  uint32_t wanted = 0;
  uint32_t got = 0;
  std::string_view sentence;  // static storage: "text beyond the right edge of the peer's window"
};

// The first few findings of one segment.
class Findings {
 public:
  static constexpr std::size_t kCapacity = 4;

  void add(const Finding& finding) {
    if (size_ < kCapacity) items_[size_++] = finding;
  }
  bool empty() const { return size_ == 0; }
  std::span<const Finding> all() const { return {items_.data(), size_}; }

 private:
  std::array<Finding, kCapacity> items_{};
  std::size_t size_ = 0;
};

}  // namespace synfin
