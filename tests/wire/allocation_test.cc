// encode() and decode() allocate nothing: every allocation of this executable is counted.
#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <vector>

#include "harness/wire/codec.h"
#include "tests/allocations.h"
#include "tests/wire/random_packet.h"

namespace synfin::wire {
namespace {

TEST(Allocation, EncodeAndDecodeNeedNone) {
  PacketGenerator random(43);
  std::vector<uint8_t> out(kMaxPacket);
  for (int i = 0; i < 100; ++i) {
    const RandomPacket made = random.packet(i % 2 == 0);
    const std::size_t before = testing::allocations.count;
    const auto size = encode(made.packet, out);
    const auto got = decode(std::span(out).first(*size));
    const std::size_t after = testing::allocations.count;
    ASSERT_TRUE(got);
    EXPECT_EQ(after, before);
  }
  const std::size_t before = testing::allocations.count;
  EXPECT_FALSE(decode({}));  // the sentence of an error is too long for a small string
  EXPECT_FALSE(decode(std::span(out).first(19)));
  EXPECT_GT(testing::allocations.count, before) << "allocations are not counted";
}

}  // namespace
}  // namespace synfin::wire
