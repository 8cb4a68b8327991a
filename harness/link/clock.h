// The kernel's two clocks: it stamps packets with CLOCK_REALTIME, and the harness counts in
// CLOCK_MONOTONIC.
#pragma once

#include <cstdint>

namespace synfin::link {

int64_t monotonic_ns();

// Turns one clock's times into the other's. The difference is measured again whenever a time is
// some milliseconds from the last measurement, so it follows a clock that is set or slewed.
class ClockOffset {
 public:
  int64_t to_monotonic(int64_t realtime_ns);

 private:
  void measure();

  int64_t measured_at_ = 0;  // realtime
  int64_t offset_ = 0;       // realtime - monotonic
};

}  // namespace synfin::link
