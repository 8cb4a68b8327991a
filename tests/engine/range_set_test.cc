#include "engine/range_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace synfin {
namespace {

// The set as text, relative to `base`: "10-20 30-40".
std::string text(const RangeSet& set, Seq base = Seq(0)) {
  std::string out;
  for (const SeqRange& range : set) {
    if (!out.empty()) out += ' ';
    out += std::to_string(Seq::distance(base, range.left)) + '-' +
           std::to_string(Seq::distance(base, range.right));
  }
  return out;
}

// The `n` most recent blocks as text, the latest first.
std::string recent(const RangeSet& set, uint32_t n = 4) {
  std::array<SeqRange, 8> blocks;
  const uint32_t count = set.recent(std::span(blocks).first(n));
  std::string out;
  for (uint32_t i = 0; i < count; ++i) {
    if (!out.empty()) out += ' ';
    out += std::to_string(blocks[i].left.value()) + '-' + std::to_string(blocks[i].right.value());
  }
  return out;
}

bool add(RangeSet& set, uint32_t left, uint32_t right) { return set.add(Seq(left), Seq(right)); }

RangeSet make(std::initializer_list<std::pair<uint32_t, uint32_t>> ranges) {
  RangeSet set;
  for (const auto& [left, right] : ranges) EXPECT_TRUE(add(set, left, right));
  return set;
}

TEST(RangeSetTest, IsSmallWhenEmpty) {
  static_assert(sizeof(RangeSet) <= 32);
  const RangeSet set;
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(set.total(), 0u);
  EXPECT_EQ(set.capacity(), 32u);
}

TEST(RangeSetTest, KeepsRangesInSequenceOrder) {
  const RangeSet set = make({{50, 60}, {10, 20}, {30, 40}});
  EXPECT_EQ(text(set), "10-20 30-40 50-60");
  EXPECT_EQ(set.total(), 30u);
  EXPECT_EQ(set.size(), 3u);
  EXPECT_EQ(set[1].left, Seq(30));
  EXPECT_EQ(set.front().left, Seq(10));
  EXPECT_EQ(set.back().right, Seq(60));
}

TEST(RangeSetTest, JoinsRangesThatTouchOrOverlap) {
  EXPECT_EQ(text(make({{10, 20}, {20, 30}})), "10-30");
  EXPECT_EQ(text(make({{20, 30}, {10, 20}})), "10-30");
  EXPECT_EQ(text(make({{10, 20}, {15, 30}})), "10-30");
  EXPECT_EQ(text(make({{10, 20}, {5, 12}})), "5-20");
  EXPECT_EQ(text(make({{10, 20}, {12, 15}})), "10-20");
  EXPECT_EQ(text(make({{12, 15}, {10, 20}})), "10-20");
  EXPECT_EQ(text(make({{10, 20}, {21, 30}})), "10-20 21-30");
  EXPECT_EQ(text(make({{10, 20}, {30, 40}, {50, 60}, {70, 80}, {15, 55}})), "10-60 70-80");
}

TEST(RangeSetTest, EmptyRangeChangesNothingAndABackwardOneIsRefused) {
  RangeSet set = make({{10, 20}});
  EXPECT_TRUE(add(set, 30, 30));
  EXPECT_FALSE(add(set, 40, 30));
  EXPECT_EQ(text(set), "10-20");
}

TEST(RangeSetTest, RefusesARangeTooManyButStillJoins) {
  RangeSet set(2);
  EXPECT_TRUE(add(set, 10, 20));
  EXPECT_TRUE(add(set, 30, 40));
  EXPECT_FALSE(add(set, 50, 60));
  EXPECT_EQ(text(set), "10-20 30-40");
  EXPECT_TRUE(add(set, 40, 45));
  EXPECT_TRUE(add(set, 15, 35));
  EXPECT_EQ(text(set), "10-45");
  EXPECT_TRUE(add(set, 50, 60));
  RangeSet none(0);
  EXPECT_FALSE(add(none, 1, 2));
}

TEST(RangeSetTest, WorksAcrossTheWrap) {
  const Seq base(0xFFFF'FFF0);
  RangeSet set;
  EXPECT_TRUE(set.add(base + 20, base + 30));
  EXPECT_TRUE(set.add(base, base + 5));
  EXPECT_TRUE(set.add(base + 10, base + 18));  // spans 0
  EXPECT_EQ(text(set, base), "0-5 10-18 20-30");
  EXPECT_TRUE(set.covers(base + 11, base + 18));
  EXPECT_EQ(set.total(), 23u);
  EXPECT_TRUE(set.add(base + 5, base + 10));
  EXPECT_EQ(text(set, base), "0-18 20-30");
  EXPECT_EQ(set.pop_contiguous(base), base + 18);
  EXPECT_EQ(text(set, base), "20-30");
}

TEST(RangeSetTest, PopReturnsTheNewLeftEdge) {
  RangeSet set = make({{10, 20}, {30, 40}, {50, 60}});
  EXPECT_EQ(set.pop_contiguous(Seq(9)), Seq(9));
  EXPECT_EQ(set.size(), 3u);
  EXPECT_EQ(set.pop_contiguous(Seq(10)), Seq(20));
  EXPECT_EQ(set.pop_contiguous(Seq(35)), Seq(40));
  EXPECT_EQ(text(set), "50-60");
  EXPECT_EQ(set.pop_contiguous(Seq(70)), Seq(70));
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(set.pop_contiguous(Seq(70)), Seq(70));
}

TEST(RangeSetTest, PopDropsWhatInOrderTextOvertook) {
  RangeSet set = make({{10, 20}, {30, 40}, {45, 60}});
  EXPECT_EQ(set.pop_contiguous(Seq(45)), Seq(60));
  EXPECT_TRUE(set.empty());
}

TEST(RangeSetTest, TrimCutsARangeThatSpansTheEdge) {
  RangeSet set = make({{10, 20}, {30, 40}, {50, 60}});
  set.trim_before(Seq(5));
  EXPECT_EQ(text(set), "10-20 30-40 50-60");
  set.trim_before(Seq(20));
  EXPECT_EQ(text(set), "30-40 50-60");
  set.trim_before(Seq(35));
  EXPECT_EQ(text(set), "35-40 50-60");
  set.trim_before(Seq(60));
  EXPECT_EQ(text(set), "");
}

TEST(RangeSetTest, CoversOnlyWhatOneRangeHolds) {
  const RangeSet set = make({{10, 20}, {21, 40}});
  EXPECT_TRUE(set.covers(Seq(10), Seq(20)));
  EXPECT_TRUE(set.covers(Seq(22), Seq(23)));
  EXPECT_FALSE(set.covers(Seq(9), Seq(11)));
  EXPECT_FALSE(set.covers(Seq(19), Seq(21)));
  EXPECT_FALSE(set.covers(Seq(15), Seq(30)));
  EXPECT_TRUE(set.covers(Seq(5), Seq(5)));
  EXPECT_TRUE(set.contains(Seq(19)));
  EXPECT_FALSE(set.contains(Seq(20)));
  EXPECT_TRUE(set.contains(Seq(21)));
}

TEST(RangeSetTest, FirstGapEndsAtTheNextRangeOrTheLimit) {
  const RangeSet set = make({{10, 20}, {30, 40}});
  const auto gap = [&set](uint32_t from, uint32_t limit) {
    const std::optional<SeqRange> found = set.first_gap(Seq(from), Seq(limit));
    if (!found) return std::string("none");
    return std::to_string(found->left.value()) + '-' + std::to_string(found->right.value());
  };
  EXPECT_EQ(gap(0, 100), "0-10");
  EXPECT_EQ(gap(0, 5), "0-5");
  EXPECT_EQ(gap(10, 100), "20-30");
  EXPECT_EQ(gap(19, 100), "20-30");
  EXPECT_EQ(gap(20, 100), "20-30");
  EXPECT_EQ(gap(22, 26), "22-26");
  EXPECT_EQ(gap(35, 100), "40-100");
  EXPECT_EQ(gap(50, 60), "50-60");
  EXPECT_EQ(gap(12, 20), "none");
  EXPECT_EQ(gap(12, 18), "none");
  EXPECT_EQ(gap(50, 50), "none");
}

TEST(RangeSetTest, ClearKeepsStorageAndReleaseDoesNot) {
  RangeSet set = make({{10, 20}});
  const SeqRange* storage = &set[0];
  for (uint32_t i = 1; i < 32; ++i) EXPECT_TRUE(add(set, 100 * i, 100 * i + 1));
  EXPECT_EQ(&set[0], storage);
  set.clear();
  EXPECT_TRUE(set.empty());
  EXPECT_TRUE(add(set, 1, 2));
  EXPECT_EQ(&set[0], storage);
  set.release();
  EXPECT_TRUE(set.empty());
  EXPECT_TRUE(add(set, 1, 2));
}

// The three cases of RFC 2018 §7: segments of 500 octets from 5000 on.
TEST(RangeSetTest, Rfc2018Case2FirstSegmentLost) {
  RangeSet set;
  for (uint32_t seq = 5500; seq <= 8500; seq += 500) {
    add(set, seq, seq + 500);
    EXPECT_EQ(recent(set), "5500-" + std::to_string(seq + 500));
  }
}

TEST(RangeSetTest, Rfc2018Case3EverySecondSegmentLost) {
  RangeSet set;
  add(set, 6000, 6500);
  EXPECT_EQ(recent(set), "6000-6500");
  add(set, 7000, 7500);
  EXPECT_EQ(recent(set), "7000-7500 6000-6500");
  add(set, 8000, 8500);
  EXPECT_EQ(recent(set), "8000-8500 7000-7500 6000-6500");
  add(set, 6500, 7000);  // the fourth segment, late
  EXPECT_EQ(recent(set), "6000-7500 8000-8500");
  add(set, 5500, 6000);  // the second segment
  EXPECT_EQ(set.pop_contiguous(Seq(5500)), Seq(7500));
  EXPECT_EQ(recent(set), "8000-8500");
}

TEST(RangeSetTest, RecentGivesTheLatestFirstAndNoMoreThanAskedFor) {
  RangeSet set = make({{50, 60}, {10, 20}, {90, 95}, {30, 40}, {70, 80}});
  EXPECT_EQ(recent(set, 4), "70-80 30-40 90-95 10-20");
  EXPECT_EQ(recent(set, 3), "70-80 30-40 90-95");
  EXPECT_EQ(recent(set, 0), "");
  EXPECT_EQ(recent(set, 8), "70-80 30-40 90-95 10-20 50-60");
}

TEST(RangeSetTest, TextAlreadyHeldStillBecomesTheMostRecent) {
  RangeSet set = make({{10, 20}, {30, 40}});
  EXPECT_TRUE(add(set, 12, 15));
  EXPECT_EQ(recent(set), "10-20 30-40");
}

TEST(RangeSetTest, ARefusedOrEmptyRangeDoesNotChangeWhatIsRecent) {
  RangeSet set(2);
  add(set, 10, 20);
  add(set, 30, 40);
  add(set, 50, 60);
  add(set, 12, 12);
  add(set, 15, 12);
  EXPECT_EQ(recent(set), "30-40 10-20");
}

// Against a model: one flag an octet, anywhere on the circle.
TEST(RangeSetTest, BehavesLikeAFlagPerOctet) {
  constexpr uint32_t kOctets = 300;
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    const auto up_to = [&random](uint32_t n) { return static_cast<uint32_t>(random() % (n + 1)); };
    const Seq base(seed % 2 == 0 ? static_cast<uint32_t>(random()) : 0u - 150u);
    RangeSet set(kOctets);
    std::vector<bool> held(kOctets + 1, false);
    for (int step = 0; step < 60; ++step) {
      const uint32_t left = up_to(kOctets - 1);
      const uint32_t right = std::min(kOctets, left + up_to(20));
      switch (up_to(9)) {
        default:
          ASSERT_TRUE(set.add(base + left, base + right));
          std::fill(held.begin() + left, held.begin() + right, true);
          ASSERT_TRUE(set.covers(base + left, base + right));
          break;
        case 1: {
          const uint32_t edge = up_to(60);
          set.trim_before(base + edge);
          std::fill(held.begin(), held.begin() + edge, false);
          break;
        }
        case 2: {
          const uint32_t from = up_to(60);
          uint32_t edge = from;
          // A range may begin before `from`, or end exactly there.
          while (held[edge]) ++edge;
          ASSERT_EQ(set.pop_contiguous(base + from), base + edge) << "seed " << seed;
          std::fill(held.begin(), held.begin() + edge, false);
          break;
        }
      }
      ASSERT_EQ(set.total(), std::count(held.begin(), held.end(), true)) << "seed " << seed;
      for (uint32_t i = 0; i < kOctets; ++i) {
        ASSERT_EQ(set.contains(base + i), held[i]) << "seed " << seed << " octet " << i;
      }
      for (uint32_t i = 1; i < set.size(); ++i) {
        ASSERT_TRUE(set[i - 1].right.before(set[i].left)) << "seed " << seed;
      }
      const auto hole = std::find(held.begin() + left, held.begin() + right, false);
      const auto gap = set.first_gap(base + left, base + right);
      ASSERT_EQ(gap.has_value(), hole != held.begin() + right) << "seed " << seed;
      if (gap) {
        ASSERT_EQ(Seq::distance(base, gap->left), hole - held.begin());
      }
    }
  }
}

}  // namespace
}  // namespace synfin
