#include "harness/link/clock.h"

#include <gtest/gtest.h>

namespace synfin::link {
namespace {

TEST(Clock, StandsUntilAWait) {
  Clock clock(true);
  const int64_t before = clock.now();
  const uint64_t moment = clock.moment();
  while (monotonic_ns() == before) {
  }
  EXPECT_EQ(clock.now(), before);
  EXPECT_EQ(clock.moment(), moment);
  clock.waited();
  EXPECT_GT(clock.now(), before);
  EXPECT_NE(clock.moment(), moment);
}

TEST(Clock, RunsWhereTimeIsReal) {
  Clock clock;
  const int64_t before = clock.now();
  const uint64_t moment = clock.moment();
  while (monotonic_ns() == before) {
  }
  EXPECT_GT(clock.now(), before);
  EXPECT_NE(clock.moment(), moment);
}

}  // namespace
}  // namespace synfin::link
