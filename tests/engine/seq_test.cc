#include "engine/seq.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <random>
#include <type_traits>

#include "engine/time.h"

namespace synfin {
namespace {

constexpr uint32_t kHalf = 0x8000'0000;
constexpr uint32_t kMax = 0xFFFF'FFFF;

// Values around every place where 32-bit or signed arithmetic could go wrong.
constexpr std::array<uint32_t, 12> kCorners = {0,         1,        2,         kHalf - 2,
                                               kHalf - 1, kHalf,    kHalf + 1, kHalf + 2,
                                               kMax - 2,  kMax - 1, kMax,      0x1234'5678};

template <typename T>
concept HasLess = requires(T a, T b) { a < b; };
template <typename T>
concept HasDifference = requires(T a, T b) { a - b; };

TEST(SeqTest, HasNoOrderByOperatorAndNoImplicitConversion) {
  static_assert(!HasLess<Seq>);
  static_assert(!HasDifference<Seq>);
  static_assert(!std::is_convertible_v<uint32_t, Seq>);
  static_assert(!std::is_convertible_v<Seq, uint32_t>);
  static_assert(sizeof(Seq) == 4 && std::is_trivially_copyable_v<Seq>);
}

TEST(SeqTest, ArithmeticWrapsModulo2To32) {
  EXPECT_EQ(Seq(kMax) + 1, Seq(0));
  EXPECT_EQ(Seq(0) - 1, Seq(kMax));
  EXPECT_EQ(Seq(kMax - 3) + 10, Seq(6));
  Seq seq(kMax);
  seq += 5;
  EXPECT_EQ(seq.value(), 4u);
  EXPECT_EQ(Seq().value(), 0u);
}

TEST(SeqTest, OrderCrossesTheWrap) {
  EXPECT_TRUE(Seq(kMax).before(Seq(0)));
  EXPECT_TRUE(Seq(0).after(Seq(kMax)));
  EXPECT_TRUE(Seq(kMax - 10).before(Seq(20)));
  EXPECT_FALSE(Seq(20).before(Seq(kMax - 10)));
  EXPECT_TRUE(Seq(kHalf - 1).before(Seq(kHalf)));
  EXPECT_TRUE(Seq(kHalf).after(Seq(kHalf - 1)));
}

TEST(SeqTest, EqualNumbersAreNeitherBeforeNorAfter) {
  for (uint32_t v : kCorners) {
    EXPECT_FALSE(Seq(v).before(Seq(v)));
    EXPECT_FALSE(Seq(v).after(Seq(v)));
    EXPECT_TRUE(Seq(v).at_or_before(Seq(v)));
    EXPECT_TRUE(Seq(v).at_or_after(Seq(v)));
  }
}

// RFC 7323 §5.2: s < t if 0 < (t - s) < 2^31.
TEST(SeqTest, BeforeReachesUpToHalfTheCircle) {
  for (uint32_t v : kCorners) {
    const Seq s(v);
    EXPECT_TRUE(s.before(s + 1)) << v;
    EXPECT_TRUE(s.before(s + (kHalf - 1))) << v;
    EXPECT_FALSE(s.before(s + kHalf)) << v;
    EXPECT_FALSE(s.before(s + (kHalf + 1))) << v;
    EXPECT_TRUE(s.after(s + (kHalf + 1))) << v;
  }
}

TEST(SeqTest, ExactlyHalfACircleApartEachIsAfterTheOther) {
  EXPECT_TRUE(Seq(0).after(Seq(kHalf)));
  EXPECT_TRUE(Seq(kHalf).after(Seq(0)));
  EXPECT_FALSE(Seq(0).at_or_before(Seq(kHalf)));
  EXPECT_TRUE(Seq(0).at_or_after(Seq(kHalf)));
}

TEST(SeqTest, ExactlyOneOfBeforeEqualAfterHolds) {
  for (uint32_t a : kCorners) {
    for (uint32_t b : kCorners) {
      const int holding =
          int{Seq(a).before(Seq(b))} + int{Seq(a) == Seq(b)} + int{Seq(a).after(Seq(b))};
      EXPECT_EQ(holding, 1) << a << ' ' << b;
    }
  }
}

TEST(SeqTest, DistancesCountForwardAndTheShortWay) {
  EXPECT_EQ(Seq::distance(Seq(kMax), Seq(4)), 5u);
  EXPECT_EQ(Seq::distance(Seq(4), Seq(kMax)), kMax - 4);
  EXPECT_EQ(Seq::signed_distance(Seq(kMax), Seq(4)), 5);
  EXPECT_EQ(Seq::signed_distance(Seq(4), Seq(kMax)), -5);
  EXPECT_EQ(Seq::signed_distance(Seq(0), Seq(kHalf)), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(Seq::signed_distance(Seq(0), Seq(kHalf - 1)), std::numeric_limits<int32_t>::max());
}

TEST(SeqTest, WindowIsClosedLeftAndOpenRight) {
  const Seq left(kMax - 1);
  EXPECT_FALSE((left - 1).in_window(left, 4));
  EXPECT_TRUE(left.in_window(left, 4));
  EXPECT_TRUE(Seq(1).in_window(left, 4));
  EXPECT_FALSE(Seq(2).in_window(left, 4));
}

TEST(SeqTest, EmptyWindowHoldsNothingAndTheLargestAllButOne) {
  for (uint32_t v : kCorners) {
    EXPECT_FALSE(Seq(v).in_window(Seq(v), 0));
    EXPECT_TRUE((Seq(v) + (kMax - 1)).in_window(Seq(v), kMax));
    EXPECT_FALSE((Seq(v) - 1).in_window(Seq(v), kMax));
  }
}

TEST(SeqTest, LaterAndEarlierPickAcrossTheWrap) {
  EXPECT_EQ(later(Seq(kMax), Seq(3)), Seq(3));
  EXPECT_EQ(later(Seq(3), Seq(kMax)), Seq(3));
  EXPECT_EQ(earlier(Seq(kMax), Seq(3)), Seq(kMax));
  EXPECT_EQ(earlier(Seq(3), Seq(kMax)), Seq(kMax));
  EXPECT_EQ(later(Seq(9), Seq(9)), Seq(9));
}

// Whatever the ISN, a connection looks the same: shifting every number shifts no answer.
TEST(SeqTest, AnswersDoNotDependOnWhereTheCircleStarts) {
  std::mt19937 random(20240229);
  for (int i = 0; i < 100'000; ++i) {
    const Seq a(static_cast<uint32_t>(random())), b(static_cast<uint32_t>(random()));
    const auto shift = static_cast<uint32_t>(random());
    const auto size = static_cast<uint32_t>(random()) >> (random() % 32);
    ASSERT_EQ(a.before(b), (a + shift).before(b + shift));
    ASSERT_EQ(a.after(b), (a + shift).after(b + shift));
    ASSERT_EQ(a.in_window(b, size), (a + shift).in_window(b + shift, size));
    ASSERT_EQ(a + Seq::distance(a, b), b);
    ASSERT_EQ((a + shift) - shift, a);
    if (Seq::distance(a, b) != kHalf) {
      ASSERT_EQ(a.before(b), b.after(a));
      ASSERT_EQ(later(a, b), later(b, a));
      ASSERT_EQ(Seq::signed_distance(a, b), -Seq::signed_distance(b, a));
    }
  }
}

TEST(TimeTest, NeverIsLaterThanAnyDeadline) {
  constexpr Time start{};
  static_assert(start + std::chrono::hours(24 * 365 * 200) < kNever);
  static_assert(std::is_same_v<Time::duration, Duration>);
  static_assert(sizeof(Time) == 8);
  EXPECT_EQ(Time{} + std::chrono::seconds(3) - Time{}, std::chrono::seconds(3));
}

}  // namespace
}  // namespace synfin
