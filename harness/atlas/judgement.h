// An atlas held against the rules: each cell is told to a shadow of them.
#pragma once

#include <string>
#include <vector>

#include "engine/profile.h"
#include "harness/atlas/finding.h"
#include "harness/judge/baseline.h"
#include "harness/wire/error.h"

namespace synfin::atlas {

struct Judgement {
  Domain domain;
  std::vector<Finding> findings;
  uint32_t diverging = 0;  // cells
  // What is to be said of set-ups as such: not reached, or not by the rules.
  std::vector<std::string> apart;
  bool clean() const { return findings.empty() && apart.empty(); }
};

// `profile`: the choices that the stack is known to make. What the rules permit is no finding.
// A known deviation has the case ID of a cell as its glob: "atlas/LISTEN/SYN seq any payload 0",
// which is the set-up and describe(cell); one of the set-up itself "atlas/SYN-SENT/set-up". An
// error: the atlas holds what cannot have been.
Result<Judgement> judge_atlas(const Atlas& atlas, const Profile& profile,
                              const judge::Baseline& baseline);

}  // namespace synfin::atlas
