// Findings of atlases as people read them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "harness/atlas/finding.h"
#include "harness/report/style.h"

namespace synfin::report {

struct AtlasTextOptions {
  Style style;
  std::string got = "target";  // who does what was got
  std::string wanted = "RFC";  // and who wants what was wanted
  bool all = false;            // every rule of a finding, and the reasons of known ones
};

// "71,424".
std::string grouped(uint64_t number);

// A few lines: how many cells, which, wanted and got, where the baseline has it. `replay`: the
// command that plays the example again; empty where there is none.
std::string finding_text(const atlas::Finding& finding, std::size_t number,
                         const std::string& replay, const AtlasTextOptions& options);

// What stands at the head of a finding's example.
std::vector<std::string> finding_comments(const atlas::Finding& finding,
                                          const AtlasTextOptions& options);

}  // namespace synfin::report
