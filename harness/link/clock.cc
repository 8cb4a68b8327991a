#include "harness/link/clock.h"

#include <time.h>

#include <cstdlib>
#include <limits>

namespace synfin::link {
namespace {

constexpr int64_t kMeasureEvery = 5'000'000;

int64_t read_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

int64_t monotonic_ns() { return read_clock(CLOCK_MONOTONIC); }

void ClockOffset::measure() {
  int64_t narrowest = std::numeric_limits<int64_t>::max();
  for (int i = 0; i < 3; ++i) {
    const int64_t before = read_clock(CLOCK_MONOTONIC);
    const int64_t realtime = read_clock(CLOCK_REALTIME);
    const int64_t after = read_clock(CLOCK_MONOTONIC);
    if (after - before >= narrowest) continue;
    narrowest = after - before;
    offset_ = realtime - (before + (after - before) / 2);
    measured_at_ = realtime;
  }
}

int64_t ClockOffset::to_monotonic(int64_t realtime_ns) {
  if (std::llabs(realtime_ns - measured_at_) > kMeasureEvery) measure();
  return realtime_ns - offset_;
}

}  // namespace synfin::link
