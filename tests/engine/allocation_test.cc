// What a connection costs: no allocation a segment once its buffers have grown, and less than 1 KiB
// while it is idle. Every allocation of this executable is counted.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <memory>

#include "engine/reference.h"
#include "tests/allocations.h"
#include "tests/engine/joined.h"
#include "tests/engine/lab.h"

namespace synfin::testing {
namespace {

TEST(EngineAllocation, NoneForASegment) {
  const Profile profile;
  static constexpr std::array<uint8_t, 5000> kText{};
  std::array<uint8_t, 8192> buffer;
  Joined pair(profile);
  pair.open();
  for (int i = 0; i < 1000; ++i) pair.transfer(kText, buffer);  // the rings grow, cwnd opens
  const std::size_t segments = pair.segments;
  const std::size_t before = allocations.count;
  for (int i = 0; i < 1000; ++i) pair.transfer(kText, buffer);
  EXPECT_EQ(allocations.count, before);
  EXPECT_GT(pair.segments, segments + 4000) << "too little was sent to tell";
}

// Neither for what is lost, repeated and out of order, once the first gap has been seen.
TEST(EngineAllocation, NoneForAGap) {
  const Profile profile;
  Lab lab(profile);
  lab.go_to(Place::kEstablished);
  static constexpr std::array<uint8_t, 100> kText{};
  std::array<uint8_t, 8192> buffer;
  std::size_t count = 0;
  Segment out;
  std::size_t before = 0;
  for (int i = 0; i < 100; ++i) {
    if (i == 10) before = allocations.count;
    Segment first = lab.next();
    first.text = kText;
    Segment second = first;
    second.seq = first.seq + 100;
    for (const Segment& segment : {second, second, first, first}) {
      lab.arrive(segment);
      while (lab.tcp.poll_transmit(lab.now, out)) {
      }
    }
    lab.tcp.receive(lab.now, buffer, count);
    EXPECT_EQ(count, 200U);
  }
  EXPECT_EQ(allocations.count, before);
}

TEST(EngineAllocation, AnIdleConnectionIsSmall) {
  const Profile profile;
  const std::size_t before = allocations.octets;
  const auto pair = std::make_unique<Joined>(profile);
  pair->open();
  ASSERT_EQ(pair->a.state(), State::kEstablished);
  ASSERT_EQ(pair->b.state(), State::kEstablished);
  const std::size_t each = (allocations.octets - before) / 2;
  EXPECT_LT(each, 1024U);
  RecordProperty("octets", std::to_string(each));
}

}  // namespace
}  // namespace synfin::testing
