// Time as the engine sees it: handed in with every call, never read from a clock.
#pragma once

#include <chrono>

namespace synfin {

// All spans of time in the engine, in nanoseconds.
using Duration = std::chrono::nanoseconds;

// The engine's time line. It has no now(): the engine never reads a clock; the caller says what
// time it is with every call. Whether that is real or virtual time, and where zero lies, is the
// caller's choice; only differences matter.
struct Clock {
  using duration = Duration;
  using rep = Duration::rep;
  using period = Duration::period;
  using time_point = std::chrono::time_point<Clock, Duration>;
  static constexpr bool is_steady = true;
};

using Time = std::chrono::time_point<Clock, Duration>;

// The deadline of a timer that is not running. Later than every other time. Compare with it, but
// add nothing to it: the sum would overflow.
inline constexpr Time kNever = Time::max();

}  // namespace synfin
