// Findings: cells that differ in the same way, told together.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/clause.h"
#include "harness/atlas/domain.h"
#include "harness/atlas/words.h"

namespace synfin::atlas {

// In what a cell differs from what it is held against.
struct Difference {
  std::optional<Clause> clause;  // the rule that wants it otherwise; none between two stacks
  std::string wanted;            // by the rule, or what the other stack does
  std::string got;
  std::string known;   // where the baseline has it: "specs/baselines/linux/atlas.textproto:31"
  std::string reason;  // as the baseline has it
  friend auto operator<=>(const Difference&, const Difference&) = default;
};

struct Finding {
  Difference difference;
  // Which cells, in the fewest rules that say so; the widest first.
  struct Where {
    Rule rule;
    uint32_t cells = 0;
  };
  std::vector<Where> where;
  std::vector<uint32_t> cells;  // of the domain, in order
  // The cell to show: an ordinary one of the widest rule.
  uint32_t example = 0;
};

// Collects the differences of the cells of a domain, which has to outlive it.
class Differences {
 public:
  explicit Differences(const Domain& domain) : domain_(domain) {}

  // A cell may have several, each once.
  void add(uint32_t cell, const Difference& difference);
  // How many cells have any.
  uint32_t cells() const;
  // The most important first: what is not known, by the level of its clause, then of many cells.
  std::vector<Finding> findings() const;

 private:
  const Domain& domain_;
  std::map<Difference, std::vector<uint32_t>> cells_;
};

}  // namespace synfin::atlas
