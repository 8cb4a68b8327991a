#include "harness/atlas/finding.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace synfin::atlas {
namespace {

// A comparison has no levels: then all are alike.
Level level_of(const Difference& difference) {
  return difference.clause ? info(*difference.clause).level : Level::kMust;
}

bool goes_before(const Finding& a, const Finding& b) {
  const auto key = [](const Finding& finding) {
    return std::tuple(!finding.difference.known.empty(), level_of(finding.difference),
                      UINT32_MAX - finding.cells.size());
  };
  return key(a) < key(b);
}

}  // namespace

void Differences::add(uint32_t cell, const Difference& difference) {
  auto& cells = cells_[difference];
  if (cells.empty() || cells.back() != cell) cells.push_back(cell);
}

uint32_t Differences::cells() const {
  std::set<uint32_t> all;
  for (const auto& [difference, cells] : cells_) all.insert(cells.begin(), cells.end());
  return static_cast<uint32_t>(all.size());
}

std::vector<Finding> Differences::findings() const {
  const Cover cover(domain_.grid);
  std::vector<Finding> findings;
  for (const auto& [difference, cells] : cells_) {
    std::vector<bool> in(domain_.grid.cells());
    for (const uint32_t cell : cells) in[cell] = true;
    Finding finding{difference, {}, cells, cells.front()};
    std::sort(finding.cells.begin(), finding.cells.end());
    for (const Box& box : cover.of(in)) {
      const std::vector<uint32_t> held = domain_.grid.cells_in(box);
      if (finding.where.empty()) finding.example = held.front();
      finding.where.push_back({describe(domain_, box), static_cast<uint32_t>(held.size())});
    }
    findings.push_back(std::move(finding));
  }
  std::stable_sort(findings.begin(), findings.end(), goes_before);
  return findings;
}

}  // namespace synfin::atlas
