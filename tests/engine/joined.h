// Two references of which each hears what the other sends at once: no queue that would allocate.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/reference.h"

namespace synfin::testing {

inline constexpr Seq kIssA{100};
inline constexpr Seq kIssB{300};

class Joined {
 public:
  explicit Joined(const Profile& profile) : a(profile), b(profile) {}

  void open() {
    b.open_passive(now, kIssB);
    a.open_active(now, kIssA);
    settle();
  }

  void close() {
    a.close(now, CloseKind::kSending);
    settle();
    b.close(now, CloseKind::kSending);
    settle();
  }

  // A sends `text` and B reads it.
  void transfer(std::span<const uint8_t> text, std::span<uint8_t> buffer) {
    while (!text.empty()) {
      std::size_t count = 0;
      a.send(now, text, count);
      text = text.subspan(count);
      settle();
      b.receive(now, buffer, count);
      settle();
    }
  }

  // Until both have nothing more to say; then a little time goes by.
  void settle() {
    Segment segment;
    for (bool more = true; more;) {
      more = false;
      while (a.poll_transmit(now, segment)) {
        b.on_segment(now, segment);
        ++segments;
        more = true;
      }
      while (b.poll_transmit(now, segment)) {
        a.on_segment(now, segment);
        ++segments;
        more = true;
      }
    }
    now += std::chrono::microseconds(1);
    for (Reference* end : {&a, &b}) {
      if (end->next_deadline() <= now) end->on_time(now);
    }
  }

  Reference a;
  Reference b;
  Time now{std::chrono::seconds(1)};
  std::size_t segments = 0;
};

}  // namespace synfin::testing
