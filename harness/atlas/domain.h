// The cells of an atlas, or those that several have in common, as the points of a grid: what rules
// can be about.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/atlas/atlas.h"
#include "harness/atlas/cells.h"
#include "harness/atlas/cover.h"

namespace synfin::atlas {

// The dimensions of the grid, in this order.
inline constexpr std::size_t kFlagBits = 6;  // each a dimension of two values: off, on
inline constexpr std::size_t kSetUpDimension = 0;
inline constexpr std::size_t kFlagDimension = 1;  // FIN, the lowest bit; then the others
inline constexpr std::size_t kSeqDimension = kFlagDimension + kFlagBits;
inline constexpr std::size_t kAckDimension = kSeqDimension + 1;
inline constexpr std::size_t kPayloadDimension = kAckDimension + 1;
inline constexpr std::size_t kEcnDimension = kPayloadDimension + 1;
inline constexpr std::size_t kOptionDimension = kEcnDimension + 1;

// A cell of an atlas: the indices of its set-up and of its entry there.
struct Place {
  uint32_t set_up = 0;
  uint32_t entry = 0;
};

struct Domain {
  std::vector<std::string> set_ups;  // the IDs of those that all atlases have reached
  Grid grid{{1}};
  std::vector<std::vector<Place>> places;  // by atlas and cell of the grid
};

// A class that is the same number as another in a set-up is another name of the same cell. Of
// several atlases, what one calls by the same name and another does not is a cell of its own. At
// most 64 set-ups, which a file cannot exceed.
Domain domain_of(std::span<const Atlas* const> atlases);

// The index of each cell among cells_of(), by its classes.
class CellIndex {
 public:
  CellIndex(const Variables& variables, const With& with);
  // Also under a name that coincides with another. Nothing where the set-up has no such cell.
  std::optional<uint32_t> find(const Cell& cell) const;

 private:
  static std::size_t key(const Cell& cell);

  Variables variables_;
  std::vector<uint32_t> by_class_;
  std::array<std::optional<SeqClass>, kSeqClasses> seqs_;
  std::array<std::optional<AckClass>, kAckClasses> acks_;
};

}  // namespace synfin::atlas
