// What a connection costs: no allocation a segment once its buffers have grown, and less than 1 KiB
// while it is idle. Every allocation of this executable is counted.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

#include "engine/reference.h"
#include "tests/engine/lab.h"

namespace {

thread_local std::size_t allocations = 0;
thread_local std::size_t allocated = 0;  // octets, never taken back

}  // namespace

// Not inlined: g++ takes a free() that it sees beside a new for a mistake.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  allocated += size;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace synfin::testing {
namespace {

using std::chrono::milliseconds;

// Two references of which each hears what the other sends at once: no queue that would allocate.
class Direct {
 public:
  explicit Direct(const Profile& profile) : a(profile), b(profile) {
    b.open_passive(now, Seq(300));
    a.open_active(now, Seq(100));
    settle();
  }

  void settle() {
    Segment segment;
    for (bool more = true; more;) {
      more = false;
      while (a.poll_transmit(now, segment)) {
        b.on_segment(now, segment);
        ++segments;
        more = true;
      }
      while (b.poll_transmit(now, segment)) {
        a.on_segment(now, segment);
        ++segments;
        more = true;
      }
    }
    now += milliseconds(1);
    for (Reference* end : {&a, &b}) {
      if (end->next_deadline() <= now) end->on_time(now);
    }
  }

  // A sends, B reads.
  void transfer() {
    static constexpr std::array<uint8_t, 5000> kText{};
    std::array<uint8_t, 8192> buffer;
    std::size_t count = 0;
    a.send(now, kText, count);
    settle();
    b.receive(now, buffer, count);
    settle();
  }

  Time now{std::chrono::seconds(1)};
  Reference a;
  Reference b;
  std::size_t segments = 0;
};

TEST(EngineAllocation, NoneForASegment) {
  const Profile profile;
  Direct pair(profile);
  for (int i = 0; i < 1000; ++i) pair.transfer();  // the rings grow, cwnd opens
  const std::size_t segments = pair.segments;
  const std::size_t before = allocations;
  for (int i = 0; i < 1000; ++i) pair.transfer();
  EXPECT_EQ(allocations, before);
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
    if (i == 10) before = allocations;
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
  EXPECT_EQ(allocations, before);
}

TEST(EngineAllocation, AnIdleConnectionIsSmall) {
  const Profile profile;
  const std::size_t before = allocated;
  auto a = std::make_unique<Reference>(profile);
  auto b = std::make_unique<Reference>(profile);
  const Time now{std::chrono::seconds(1)};
  b->open_passive(now, Seq(300));
  a->open_active(now, Seq(100));
  Segment segment;
  for (int i = 0; i < 3; ++i) {
    while (a->poll_transmit(now, segment)) b->on_segment(now, segment);
    while (b->poll_transmit(now, segment)) a->on_segment(now, segment);
  }
  ASSERT_EQ(a->state(), State::kEstablished);
  ASSERT_EQ(b->state(), State::kEstablished);
  EXPECT_LT((allocated - before) / 2, 1024U);
  RecordProperty("octets", std::to_string((allocated - before) / 2));
}

}  // namespace
}  // namespace synfin::testing
