#include "harness/link/clock.h"

#include <gtest/gtest.h>

namespace synfin::link {
namespace {

TEST(Clock, StandsUntilAWait) {
  Clock clock(true);
  const int64_t before = clock.now();
  while (monotonic_ns() == before) {
  }
  EXPECT_EQ(clock.now(), before);
  clock.waited();
  EXPECT_GT(clock.now(), before);
}

TEST(Clock, RunsWhereTimeIsReal) {
  Clock clock;
  const int64_t before = clock.now();
  while (monotonic_ns() == before) {
  }
  EXPECT_GT(clock.now(), before);
}

}  // namespace
}  // namespace synfin::link
