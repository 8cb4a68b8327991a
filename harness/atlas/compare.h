// Two atlases beside one another: two stacks, two versions of one, a stack and the reference.
#pragma once

#include <string>
#include <vector>

#include "harness/atlas/finding.h"

namespace synfin::atlas {

struct Comparison {
  Domain domain;  // the cells that both have played
  std::vector<Finding> findings;
  uint32_t differing = 0;  // cells
  // Set-ups that only one of them has, or has reached: "linux has not reached CLOSING: why".
  std::vector<std::string> apart;
  bool equal() const { return findings.empty() && apart.empty(); }
};

// What the second does is what is wanted. Numbers count from each one's own ISS, and sizes of
// windows do not matter: what is left is what the stacks do.
Comparison compare(const Atlas& a, const Atlas& b);

// "linux 6.18.44".
std::string name_of(const Atlas& atlas);

}  // namespace synfin::atlas
