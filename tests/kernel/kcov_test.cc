// What becomes of the places that KCOV tells of.
#include "harness/kernel/kcov.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace synfin::kernel {
namespace {

TEST(Places, EachIsNewOnce) {
  Places places;
  EXPECT_FALSE(places.add({}));
  EXPECT_TRUE(places.add(std::vector<uint64_t>{1, 2, 2, 1}));
  EXPECT_EQ(places.count(), 2U);
  EXPECT_FALSE(places.add(std::vector<uint64_t>{2, 1}));
  EXPECT_TRUE(places.add(std::vector<uint64_t>{1, 3}));
  EXPECT_EQ(places.count(), 3U);
}

// More than are remembered as the latest, so that each takes the place of others.
TEST(Places, AllAreRemembered) {
  constexpr uint64_t kCount = 200'000;
  std::vector<uint64_t> all;
  for (uint64_t i = 0; i < kCount; ++i) all.push_back(0x60000000 + 5 * i);
  Places places;
  EXPECT_TRUE(places.add(all));
  EXPECT_EQ(places.count(), kCount);
  EXPECT_FALSE(places.add(all));
  EXPECT_EQ(places.count(), kCount);
}

}  // namespace
}  // namespace synfin::kernel
