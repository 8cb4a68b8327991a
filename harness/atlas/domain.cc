#include "harness/atlas/domain.h"

#include <algorithm>
#include <array>
#include <map>

namespace synfin::atlas {
namespace {

constexpr uint32_t kNone = UINT32_MAX;
static_assert(kFlagSets == std::size_t{1} << kFlagBits);

const SetUp* find_set_up(const Atlas& atlas, const std::string& id) {
  const auto found = std::find_if(atlas.set_ups.begin(), atlas.set_ups.end(),
                                  [&](const SetUp& each) { return each.id == id; });
  return found == atlas.set_ups.end() || !found->reached ? nullptr : &*found;
}

// Calls `each` with every combination of classes, whether there is such a cell or not.
template <typename Each>
void every_combination(const Each& each) {
  Cell cell;
  for (std::size_t ecn = 0; ecn < kEcnClasses; ++ecn) {
    cell.ecn = static_cast<EcnClass>(ecn);
    for (std::size_t options = 0; options < kOptionClasses; ++options) {
      cell.options = static_cast<OptionClass>(options);
      for (std::size_t flags = 0; flags < kFlagSets; ++flags) {
        cell.flags = static_cast<uint8_t>(flags);
        for (std::size_t payload = 0; payload < kPayloadClasses; ++payload) {
          cell.payload = static_cast<PayloadClass>(payload);
          for (std::size_t seq = 0; seq < kSeqClasses; ++seq) {
            cell.seq = static_cast<SeqClass>(seq);
            for (std::size_t ack = 0; ack < kAckClasses; ++ack) {
              cell.ack = static_cast<AckClass>(ack);
              each(cell);
            }
          }
        }
      }
    }
  }
}

std::array<uint8_t, kOptionDimension + 1> point_of(std::size_t set_up, const Cell& cell) {
  std::array<uint8_t, kOptionDimension + 1> point{};
  point[kSetUpDimension] = static_cast<uint8_t>(set_up);
  for (std::size_t bit = 0; bit < kFlagBits; ++bit) {
    point[kFlagDimension + bit] = cell.flags >> bit & 1U;
  }
  point[kSeqDimension] = static_cast<uint8_t>(cell.seq);
  point[kAckDimension] = static_cast<uint8_t>(cell.ack);
  point[kPayloadDimension] = static_cast<uint8_t>(cell.payload);
  point[kEcnDimension] = static_cast<uint8_t>(cell.ecn);
  point[kOptionDimension] = static_cast<uint8_t>(cell.options);
  return point;
}

Grid empty_grid(std::size_t set_ups) {
  std::vector<unsigned> sizes(kOptionDimension + 1, 2);
  sizes[kSetUpDimension] = static_cast<unsigned>(std::max<std::size_t>(set_ups, 1));
  sizes[kSeqDimension] = kSeqClasses;
  sizes[kAckDimension] = kAckClasses;
  sizes[kPayloadDimension] = kPayloadClasses;
  sizes[kEcnDimension] = kEcnClasses;
  sizes[kOptionDimension] = kOptionClasses;
  return Grid(std::move(sizes));
}

}  // namespace

CellIndex::CellIndex(const Variables& variables, const With& with)
    : variables_(variables),
      by_class_(
          kEcnClasses * kOptionClasses * kFlagSets * kPayloadClasses * kSeqClasses * kAckClasses,
          kNone) {
  uint32_t index = 0;
  for (const Cell& cell : cells_of(variables, with)) by_class_[key(cell)] = index++;
  for (std::size_t i = 0; i < kSeqClasses; ++i) {
    seqs_[i] = representative(static_cast<SeqClass>(i), variables);
  }
  for (std::size_t i = 0; i < kAckClasses; ++i) {
    acks_[i] = representative(static_cast<AckClass>(i), variables);
  }
  // Where nothing is known, one number stands for all, but no rule shall speak of the others there.
  if (!variables.irs_known) {
    seqs_ = {};
    seqs_[static_cast<std::size_t>(SeqClass::kAny)] = SeqClass::kAny;
  }
  if (!variables.iss_known) {
    acks_ = {};
    for (const AckClass each : {AckClass::kNone, AckClass::kAny}) {
      acks_[static_cast<std::size_t>(each)] = each;
    }
  }
}

std::size_t CellIndex::key(const Cell& cell) {
  auto key = static_cast<std::size_t>(cell.ecn);
  key = key * kOptionClasses + static_cast<std::size_t>(cell.options);
  key = key * kFlagSets + cell.flags;
  key = key * kPayloadClasses + static_cast<std::size_t>(cell.payload);
  key = key * kSeqClasses + static_cast<std::size_t>(cell.seq);
  return key * kAckClasses + static_cast<std::size_t>(cell.ack);
}

std::optional<uint32_t> CellIndex::find(const Cell& cell) const {
  const auto seq = seqs_[static_cast<std::size_t>(cell.seq)];
  const auto ack = acks_[static_cast<std::size_t>(cell.ack)];
  if (!seq || !ack) return std::nullopt;
  Cell known = cell;
  known.seq = *seq;
  known.ack = *ack;
  // Of a window of 0, one octet is beyond it.
  if (known.payload == PayloadClass::kBeyondWindow && variables_.rcv_wnd == 0) {
    known.payload = PayloadClass::kOne;
  }
  const uint32_t index = by_class_[key(known)];
  return index == kNone ? std::nullopt : std::optional(index);
}

Domain domain_of(std::span<const Atlas* const> atlases) {
  Domain domain;
  for (const SetUp& each : atlases.front()->set_ups) {
    const bool reached = std::all_of(atlases.begin(), atlases.end(), [&](const Atlas* atlas) {
      return find_set_up(*atlas, each.id) != nullptr;
    });
    if (reached && domain.set_ups.size() < kMostSetUps) domain.set_ups.push_back(each.id);
  }
  domain.grid = empty_grid(domain.set_ups.size());
  domain.places.resize(atlases.size());
  for (std::size_t i = 0; i < domain.set_ups.size(); ++i) {
    std::vector<const SetUp*> set_ups;
    std::vector<CellIndex> indices;
    for (const Atlas* atlas : atlases) {
      set_ups.push_back(find_set_up(*atlas, domain.set_ups[i]));
      indices.emplace_back(set_ups.back()->variables, atlas->with);
    }
    std::map<std::vector<uint32_t>, uint32_t> cells;
    std::vector<uint32_t> entries(atlases.size());
    every_combination([&](const Cell& cell) {
      for (std::size_t a = 0; a < atlases.size(); ++a) {
        const auto found = indices[a].find(cell);
        if (!found || *found >= set_ups[a]->entries.size()) return;
        entries[a] = *found;
        if (set_ups[a]->entries[*found].behaviour == kNotPlayed) return;
      }
      const auto next = static_cast<uint32_t>(domain.places.front().size());
      const auto [place, added] = cells.emplace(entries, next);
      domain.grid.add(point_of(i, cell), place->second);
      if (!added) return;
      for (std::size_t a = 0; a < atlases.size(); ++a) {
        const auto set_up = static_cast<uint32_t>(set_ups[a] - atlases[a]->set_ups.data());
        domain.places[a].push_back({set_up, entries[a]});
      }
    });
  }
  return domain;
}

}  // namespace synfin::atlas
