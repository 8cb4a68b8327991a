#include "harness/atlas/cover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace synfin::atlas {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using Point = std::vector<uint8_t>;

// Every combination of values is a cell of its own.
Grid full(const std::vector<unsigned>& sizes) {
  Grid grid(sizes);
  Point point(sizes.size(), 0);
  for (uint32_t cell = 0;; ++cell) {
    grid.add(point, cell);
    std::size_t d = 0;
    while (d < sizes.size() && ++point[d] == sizes[d]) point[d++] = 0;
    if (d == sizes.size()) return grid;
  }
}

std::vector<bool> where(const Grid& grid, const std::function<bool(std::span<const uint8_t>)>& in) {
  std::vector<bool> set(grid.cells());
  for (std::size_t i = 0; i < grid.points(); ++i) {
    if (in(grid.point(i))) set[grid.cell_of(i)] = true;
  }
  return set;
}

// The boxes hold every cell of the set by some point, and no point of any other.
void expect_exact(const Grid& grid, const std::vector<Box>& boxes, const std::vector<bool>& in) {
  std::vector<bool> held(grid.cells());
  for (const Box& box : boxes) {
    for (std::size_t i = 0; i < grid.points(); ++i) {
      if (!grid.holds(box, i)) continue;
      EXPECT_TRUE(in[grid.cell_of(i)]) << "a point of cell " << grid.cell_of(i);
      held[grid.cell_of(i)] = true;
    }
  }
  EXPECT_EQ(held, in);
}

TEST(Cover, OfNothingIsNoBox) {
  const Grid grid = full({3, 2});
  EXPECT_THAT(Cover(grid).of(std::vector<bool>(6)), SizeIs(0));
}

TEST(Cover, OfEverythingIsTheWholeGrid) {
  const Grid grid = full({3, 2});
  EXPECT_THAT(Cover(grid).of(std::vector<bool>(6, true)), ElementsAre(Box{0b111, 0b11}));
}

TEST(Cover, OneCellIsItsPoint) {
  const Grid grid = full({3, 2});
  const auto set = where(grid, [](auto point) { return point[0] == 2 && point[1] == 0; });
  EXPECT_THAT(Cover(grid).of(set), ElementsAre(Box{0b100, 0b01}));
}

TEST(Cover, ProductIsOneBox) {
  const Grid grid = full({5, 4, 2});
  const auto set = where(grid, [](auto point) { return point[0] != 3 && point[1] % 2 == 1; });
  EXPECT_THAT(Cover(grid).of(set), ElementsAre(Box{0b10111, 0b1010, 0b11}));
}

TEST(Cover, CrossIsTwoBars) {
  const Grid grid = full({5, 5});
  const auto set = where(grid, [](auto point) { return point[0] == 2 || point[1] == 1; });
  EXPECT_THAT(Cover(grid).of(set),
              UnorderedElementsAre(Box{0b00100, 0b11111}, Box{0b11111, 0b00010}));
}

// a'b'c + ab'c + abc + a'bc' + a'b'c': the textbook's consensus term is not needed.
TEST(Cover, LeavesOutWhatOthersHold) {
  const Grid grid = full({2, 2, 2});
  const auto set = where(grid, [](auto point) {
    const bool a = point[0] == 1;
    const bool b = point[1] == 1;
    const bool c = point[2] == 1;
    return (!a && !c) || (a && c) || (!a && !b);
  });
  const auto boxes = Cover(grid).of(set);
  EXPECT_THAT(boxes, SizeIs(3));
  expect_exact(grid, boxes, set);
}

// Six of eight corners of a cube, without two that face each other: three edges do, though there
// are six primes.
TEST(Cover, RingOfACubeIsThreeEdges) {
  const Grid grid = full({2, 2, 2});
  const auto set = where(grid, [](auto point) {
    const int sum = point[0] + point[1] + point[2];
    return sum != 0 && sum != 3;
  });
  const auto boxes = Cover(grid).of(set);
  EXPECT_THAT(boxes, SizeIs(3));
  expect_exact(grid, boxes, set);
}

TEST(Cover, TakesInWhatIsNobodys) {
  Grid grid({2, 4});
  grid.add(Point{0, 0}, 0);  // ACK off: there is no ACK class but the first
  for (uint8_t value = 1; value < 4; ++value) grid.add(Point{1, value}, value);
  EXPECT_THAT(Cover(grid).of({true, true, true, true}), ElementsAre(Box{0b11, 0b1111}));
  const auto one = Cover(grid).of({true, false, false, false});
  ASSERT_THAT(one, SizeIs(1));
  EXPECT_THAT(grid.cells_in(one[0]), ElementsAre(0U));
}

// In the second state the third class is another name of the first: what is true of the third class
// in the first state alone must not be said of both states.
TEST(Cover, KnowsTheOtherNamesOfACell) {
  Grid grid({2, 3});
  for (uint8_t value = 0; value < 3; ++value) grid.add(Point{0, value}, value);
  grid.add(Point{1, 0}, 3);
  grid.add(Point{1, 1}, 4);
  grid.add(Point{1, 2}, 3);
  EXPECT_THAT(Cover(grid).of({false, false, true, false, false}), ElementsAre(Box{0b01, 0b100}));
  EXPECT_THAT(Cover(grid).of({false, false, true, true, false}),
              UnorderedElementsAre(Box{0b11, 0b100}));
}

TEST(Grid, KnowsWhatCouldBeAroundABox) {
  Grid grid({2, 4});
  grid.add(Point{0, 0}, 0);
  for (uint8_t value = 1; value < 4; ++value) grid.add(Point{1, value}, value);
  EXPECT_EQ(grid.around({0b10, 0b0110}), (Box{0b10, 0b1110}));
  EXPECT_EQ(grid.around({0b11, 0b0001}), (Box{0b01, 0b1111}));
}

TEST(Cover, HoldsJustTheSetWhateverItIs) {
  std::mt19937 random(20261127);
  for (int round = 0; round < 60; ++round) {
    Grid grid({4, 2, 2, 5, 3});
    Point point(5);
    const unsigned sparse = 1 + round % 5;
    uint32_t cell = 0;
    for (unsigned all = 0; all < 240; ++all) {
      unsigned rest = all;
      for (std::size_t d = 0; d < point.size(); ++d) {
        point[d] = static_cast<uint8_t>(rest % grid.size(d));
        rest /= grid.size(d);
      }
      if (random() % 6 == 0) continue;  // nobody's
      // One in eight is another name of a cell there is.
      const bool alias = cell > 0 && random() % 8 == 0;
      grid.add(point, alias ? static_cast<uint32_t>(random() % cell) : cell);
      cell += alias ? 0 : 1;
    }
    std::vector<bool> set(grid.cells());
    for (uint32_t i = 0; i < grid.cells(); ++i) set[i] = random() % sparse == 0;
    const Cover cover(grid);
    const auto boxes = cover.of(set);
    SCOPED_TRACE(round);
    expect_exact(grid, boxes, set);
    EXPECT_EQ(cover.of(set), boxes);
  }
}

// As many boxes as were put in are enough to tell them again.
TEST(Cover, FindsFewBoxesAgain) {
  std::mt19937 random(7);
  const Grid grid = full({12, 2, 2, 2, 2, 2, 2, 9, 4});
  const Cover cover(grid);
  for (int round = 0; round < 5; ++round) {
    std::vector<Box> planted;
    for (int i = 0; i < 4; ++i) {
      Box box(grid.dimensions());
      for (std::size_t d = 0; d < box.size(); ++d) {
        const uint64_t all = (1U << grid.size(d)) - 1;
        do {
          box[d] = random() & all;
        } while (box[d] == 0);
      }
      planted.push_back(box);
    }
    const auto set = where(grid, [&](auto point) {
      return std::any_of(planted.begin(), planted.end(), [&](const Box& box) {
        for (std::size_t d = 0; d < point.size(); ++d) {
          if ((box[d] >> point[d] & 1) == 0) return false;
        }
        return true;
      });
    });
    const auto boxes = cover.of(set);
    EXPECT_LE(boxes.size(), planted.size()) << "round " << round;
    expect_exact(grid, boxes, set);
  }
}

}  // namespace
}  // namespace synfin::atlas
