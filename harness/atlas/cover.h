// A set of cells as few rules: the two-level minimisation of logic design, over dimensions of more
// than two values each (Brayton et al., "Logic Minimization Algorithms for VLSI Synthesis", 1984:
// expand, then an irredundant cover).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace synfin::atlas {

// For each dimension a bit for each value: the product of subsets that a rule is.
using Box = std::vector<uint64_t>;

// The cells of which rules speak. A cell has a point for each name it has: where two classes
// coincide, the cell is found under both. Points without a cell are nobody's: a rule may take them
// in or leave them out, as it is shorter.
class Grid {
 public:
  // The number of values in each dimension, at most 64.
  explicit Grid(std::vector<unsigned> sizes);

  // One value for each dimension. Cells are numbered from 0 on.
  void add(std::span<const uint8_t> point, uint32_t cell);

  std::size_t dimensions() const { return sizes_.size(); }
  unsigned size(std::size_t dimension) const { return sizes_[dimension]; }
  uint32_t cells() const { return cells_; }
  std::size_t points() const { return cell_of_.size(); }
  std::span<const uint8_t> point(std::size_t index) const {
    return std::span(coordinates_).subspan(index * sizes_.size(), sizes_.size());
  }
  uint32_t cell_of(std::size_t point) const { return cell_of_[point]; }
  bool holds(const Box& box, std::size_t point) const;
  // The cells of a box, in order, each once.
  std::vector<uint32_t> cells_in(const Box& box) const;
  // For each dimension the values of the points that the box holds as far as all others go: where
  // the box has all of these, the dimension does not matter to it.
  Box around(const Box& box) const;

 private:
  std::vector<unsigned> sizes_;
  std::vector<uint8_t> coordinates_;
  std::vector<uint32_t> cell_of_;
  uint32_t cells_ = 0;
};

// Finds small covers of sets of cells of one grid, which has to outlive it.
class Cover {
 public:
  explicit Cover(const Grid& grid);

  // Boxes that together hold every cell of the set by one of its points, and no point of any cell
  // outside it; the one with the most cells first. `in` has an element for each cell. The same grid
  // and set give the same boxes.
  std::vector<Box> of(const std::vector<bool>& in) const;

 private:
  class Search;

  const Grid& grid_;
  // [dimension][value]: the points that have it, a bit each.
  std::vector<std::vector<std::vector<uint64_t>>> having_;
  std::vector<std::vector<std::size_t>> points_of_;  // [cell]
};

}  // namespace synfin::atlas
