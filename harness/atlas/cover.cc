#include "harness/atlas/cover.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <numeric>

namespace synfin::atlas {
namespace {

constexpr std::size_t kWord = 64;
constexpr uint64_t kOne = 1;

uint64_t all_of(unsigned size) { return size == kWord ? ~uint64_t{0} : (kOne << size) - 1; }

using Bits = std::vector<uint64_t>;

void keep_common(Bits& bits, const Bits& other) {
  const uint64_t* from = other.data();
  for (uint64_t& word : bits) word &= *from++;
}

bool have_common(const Bits& a, const Bits& b) {
  const uint64_t* other = b.data();
  return std::any_of(a.begin(), a.end(), [&](uint64_t word) { return (word & *other++) != 0; });
}

}  // namespace

// --- Grid ----------------------------------------------------------------------------------------

Grid::Grid(std::vector<unsigned> sizes) : sizes_(std::move(sizes)) {
  assert(std::all_of(sizes_.begin(), sizes_.end(),
                     [](unsigned size) { return size > 0 && size <= kWord; }));
}

void Grid::add(std::span<const uint8_t> point, uint32_t cell) {
  assert(point.size() == sizes_.size());
  coordinates_.insert(coordinates_.end(), point.begin(), point.end());
  cell_of_.push_back(cell);
  cells_ = std::max(cells_, cell + 1);
}

bool Grid::holds(const Box& box, std::size_t point) const {
  const auto values = this->point(point);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if ((box[i] >> values[i] & 1) == 0) return false;
  }
  return true;
}

std::vector<uint32_t> Grid::cells_in(const Box& box) const {
  std::vector<uint32_t> cells;
  for (std::size_t i = 0; i < points(); ++i) {
    if (holds(box, i)) cells.push_back(cell_of_[i]);
  }
  std::sort(cells.begin(), cells.end());
  cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
  return cells;
}

Box Grid::around(const Box& box) const {
  Box possible(dimensions(), 0);
  for (std::size_t i = 0; i < points(); ++i) {
    const auto values = point(i);
    std::size_t outside = 0;
    std::size_t where = 0;
    for (std::size_t d = 0; d < values.size() && outside < 2; ++d) {
      if ((box[d] >> values[d] & 1) != 0) continue;
      ++outside;
      where = d;
    }
    if (outside == 1) possible[where] |= kOne << values[where];
    if (outside != 0) continue;
    for (std::size_t d = 0; d < values.size(); ++d) possible[d] |= kOne << values[d];
  }
  return possible;
}

// --- Cover ---------------------------------------------------------------------------------------

Cover::Cover(const Grid& grid) : grid_(grid), points_of_(grid.cells()) {
  const std::size_t words = (grid.points() + kWord - 1) / kWord;
  for (std::size_t d = 0; d < grid.dimensions(); ++d) {
    having_.emplace_back(grid.size(d), Bits(words, 0));
  }
  for (std::size_t i = 0; i < grid.points(); ++i) {
    const auto values = grid.point(i);
    for (std::size_t d = 0; d < values.size(); ++d) {
      having_[d][values[d]][i / kWord] |= kOne << (i % kWord);
    }
    points_of_[grid.cell_of(i)].push_back(i);
  }
}

// The search for the cover of one set.
class Cover::Search {
 public:
  Search(const Cover& cover, const std::vector<bool>& in)
      : cover_(cover), in_(in), outside_((grid().points() + kWord - 1) / kWord, 0) {
    for (std::size_t i = 0; i < grid().points(); ++i) {
      if (!in[grid().cell_of(i)]) outside_[i / kWord] |= kOne << (i % kWord);
    }
    held_.assign(in.size(), 0);
  }

  std::vector<Box> run() {
    for (uint32_t cell = 0; cell < in_.size(); ++cell) {
      if (!in_[cell] || held_[cell] > 0) continue;
      for (const std::size_t point : cover_.points_of_[cell]) grow_from(point);
    }
    return choose();
  }

 private:
  // A prime: a box that cannot take in another value.
  struct Prime {
    Box box;
    std::vector<uint32_t> cells;
  };

  const Grid& grid() const { return cover_.grid_; }
  void grow_from(std::size_t point);
  Box grow(std::size_t point, std::span<const std::size_t> order);
  void keep(Box&& box);
  void keep_inside(Bits& points, const Box& box, std::size_t dimension) const;
  std::vector<uint32_t> cells_in(const Box& box) const;
  std::vector<Box> choose();
  void take(std::size_t prime);
  void drop_needless();

  const Cover& cover_;
  const std::vector<bool>& in_;
  Bits outside_;            // the points of cells that are not in the set
  std::vector<Bits> like_;  // in grow(): those that are like its point in the dimensions to come
  std::vector<unsigned> held_;  // by cell: how many of the primes hold it; later, of the chosen
  std::vector<Prime> primes_;
  std::vector<std::size_t> chosen_;
};

// Leaves those of the points that the box holds as far as one dimension goes.
void Cover::Search::keep_inside(Bits& points, const Box& box, std::size_t dimension) const {
  if (box[dimension] == all_of(grid().size(dimension))) return;
  const auto& having = cover_.having_[dimension];
  for (std::size_t word = 0; word < points.size(); ++word) {
    if (points[word] == 0) continue;
    uint64_t any = 0;
    for (uint64_t values = box[dimension]; values != 0; values &= values - 1) {
      any |= having[static_cast<std::size_t>(std::countr_zero(values))][word];
    }
    points[word] &= any;
  }
}

// A box around the point, each dimension in turn made as wide as it goes. What a dimension could
// not take in while the others were narrower it cannot take in later: the result is prime.
Box Cover::Search::grow(std::size_t point, std::span<const std::size_t> order) {
  const auto values = grid().point(point);
  like_.resize(order.size() + 1);
  like_.back() = outside_;
  for (std::size_t i = order.size(); i-- > 0;) {
    like_[i] = like_[i + 1];
    keep_common(like_[i], cover_.having_[order[i]][values[order[i]]]);
  }
  Box box(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t d = order[i];
    // What is in the way: in the box as far as it has grown, like the point in what is to come.
    Bits& blocking = like_[i + 1];
    for (std::size_t grown = 0; grown < i; ++grown) keep_inside(blocking, box, order[grown]);
    for (unsigned value = 0; value < grid().size(d); ++value) {
      if (!have_common(blocking, cover_.having_[d][value])) box[d] |= kOne << value;
    }
  }
  return box;
}

// Each dimension once as the first to grow, the others behind it in both directions.
void Cover::Search::grow_from(std::size_t point) {
  std::vector<std::size_t> order(grid().dimensions());
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t first = 0; first < order.size(); ++first) {
    std::rotate(order.begin(), order.begin() + 1, order.end());
    keep(grow(point, order));
    std::reverse(order.begin() + 1, order.end());
    keep(grow(point, order));
    std::reverse(order.begin() + 1, order.end());
  }
}

std::vector<uint32_t> Cover::Search::cells_in(const Box& box) const {
  Bits inside(outside_.size(), ~uint64_t{0});
  for (std::size_t d = 0; d < box.size(); ++d) keep_inside(inside, box, d);
  std::vector<uint32_t> cells;
  for (std::size_t word = 0; word < inside.size(); ++word) {
    for (uint64_t bits = inside[word]; bits != 0; bits &= bits - 1) {
      const std::size_t point = word * kWord + static_cast<std::size_t>(std::countr_zero(bits));
      if (point < grid().points()) cells.push_back(grid().cell_of(point));
    }
  }
  std::sort(cells.begin(), cells.end());
  cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
  return cells;
}

void Cover::Search::keep(Box&& box) {
  const auto same = [&](const Prime& prime) { return prime.box == box; };
  if (std::any_of(primes_.begin(), primes_.end(), same)) return;
  Prime prime{std::move(box), {}};
  prime.cells = cells_in(prime.box);
  for (const uint32_t cell : prime.cells) ++held_[cell];
  primes_.push_back(std::move(prime));
}

void Cover::Search::take(std::size_t prime) {
  chosen_.push_back(prime);
  for (const uint32_t cell : primes_[prime].cells) ++held_[cell];
}

// First what alone holds some cell, then always what holds most of the rest.
std::vector<Box> Cover::Search::choose() {
  std::vector<bool> essential(primes_.size());
  for (std::size_t i = 0; i < primes_.size(); ++i) {
    const auto& cells = primes_[i].cells;
    essential[i] =
        std::any_of(cells.begin(), cells.end(), [&](uint32_t cell) { return held_[cell] == 1; });
  }
  held_.assign(in_.size(), 0);
  for (std::size_t i = 0; i < primes_.size(); ++i) {
    if (essential[i]) take(i);
  }
  for (;;) {
    std::size_t best = primes_.size();
    std::size_t most = 0;
    for (std::size_t i = 0; i < primes_.size(); ++i) {
      const auto& cells = primes_[i].cells;
      const auto gain = static_cast<std::size_t>(std::count_if(
          cells.begin(), cells.end(), [&](uint32_t cell) { return held_[cell] == 0; }));
      if (gain > most) {
        most = gain;
        best = i;
      }
    }
    if (most == 0) break;
    take(best);
  }
  drop_needless();
  std::stable_sort(chosen_.begin(), chosen_.end(), [&](std::size_t a, std::size_t b) {
    return primes_[a].cells.size() > primes_[b].cells.size();
  });
  std::vector<Box> boxes;
  for (const std::size_t prime : chosen_) boxes.push_back(primes_[prime].box);
  return boxes;
}

// What was taken early may be held by what came later: the smallest goes first.
void Cover::Search::drop_needless() {
  std::stable_sort(chosen_.begin(), chosen_.end(), [&](std::size_t a, std::size_t b) {
    return primes_[a].cells.size() < primes_[b].cells.size();
  });
  std::erase_if(chosen_, [&](std::size_t prime) {
    const auto& cells = primes_[prime].cells;
    const bool needed =
        std::any_of(cells.begin(), cells.end(), [&](uint32_t cell) { return held_[cell] == 1; });
    if (needed) return false;
    for (const uint32_t cell : cells) --held_[cell];
    return true;
  });
}

std::vector<Box> Cover::of(const std::vector<bool>& in) const {
  assert(in.size() == grid_.cells());
  return Search(*this, in).run();
}

}  // namespace synfin::atlas
