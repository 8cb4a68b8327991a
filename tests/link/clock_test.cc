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
  const uint64_t moment = clock.moment();
  EXPECT_EQ(clock.moment(), moment);
  clock.waited();
  EXPECT_GT(clock.now(), before);
  EXPECT_NE(clock.moment(), moment);
}

TEST(Clock, RunsWhereTimeIsReal) {
  Clock clock;
  const int64_t before = clock.now();
  while (monotonic_ns() == before) {
  }
  EXPECT_GT(clock.now(), before);
  const uint64_t moment = clock.moment();
  EXPECT_NE(clock.moment(), moment);
}

}  // namespace
}  // namespace synfin::link
