#include "harness/stack/pattern.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "harness/script/flat.h"

namespace synfin::testing {
namespace {

// Around the ends of its blocks, and where 32 bits overflow.
TEST(Pattern, ManyAreAsSingleOnes) {
  for (const uint32_t position : {0U, 1U, 255U, 256U, 1000U, 65535U, 613'566'600U, 1'840'700'200U,
                                  0x7fff'ff80U, 0xffff'fc00U, 0xffff'ffffU}) {
    for (const std::size_t size : {0U, 1U, 2U, 255U, 256U, 257U, 1000U}) {
      std::vector<uint8_t> out(size);
      stack::fill_pattern(position, out);
      for (std::size_t i = 0; i < size; ++i) {
        ASSERT_EQ(out[i], script::pattern(position + static_cast<uint32_t>(i)))
            << position << " + " << i << " of " << size;
      }
    }
  }
}

}  // namespace
}  // namespace synfin::testing
