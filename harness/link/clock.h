// The kernel's two clocks: it stamps packets with CLOCK_REALTIME, and the harness counts in
// CLOCK_MONOTONIC.
#pragma once

#include <cstdint>

namespace synfin::link {

int64_t monotonic_ns();

// CLOCK_MONOTONIC as one thread uses it. In virtual time the clock stands while programs work, and
// a system call costs as much as a packet: it is read again only after a wait, in which alone
// something can happen by itself.
class Clock {
 public:
  // `stands`: in virtual time.
  explicit Clock(bool stands = false) : stands_(stands) {}

  int64_t now() {
    if (!stands_ || !known_) now_ = monotonic_ns();
    known_ = true;
    return now_;
  }
  // To be told of each wait.
  void waited() {
    known_ = false;
    ++moment_;
  }
  // Between two that are equal nothing can have happened by itself. Where time is real, no two are.
  uint64_t moment() { return stands_ ? moment_ : ++moment_; }

 private:
  bool stands_;
  bool known_ = false;
  int64_t now_ = 0;
  uint64_t moment_ = 0;
};

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
