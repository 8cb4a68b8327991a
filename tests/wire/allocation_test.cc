// encode() and decode() allocate nothing: every allocation of this executable is counted.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <span>
#include <vector>

#include "harness/wire/codec.h"
#include "tests/wire/random_packet.h"

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

// Not inlined: g++ takes a free() that it sees beside a new for a mistake.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace synfin::wire {
namespace {

TEST(Allocation, EncodeAndDecodeNeedNone) {
  PacketGenerator random(43);
  std::vector<uint8_t> out(kMaxPacket);
  for (int i = 0; i < 100; ++i) {
    const RandomPacket made = random.packet(i % 2 == 0);
    const std::size_t before = allocations;
    const auto size = encode(made.packet, out);
    const auto got = decode(std::span(out).first(*size));
    const std::size_t after = allocations;
    ASSERT_TRUE(got);
    EXPECT_EQ(after, before);
  }
  const std::size_t before = allocations;
  EXPECT_FALSE(decode({}));  // the sentence of an error is too long for a small string
  EXPECT_FALSE(decode(std::span(out).first(19)));
  EXPECT_GT(allocations, before) << "allocations are not counted";
}

}  // namespace
}  // namespace synfin::wire
