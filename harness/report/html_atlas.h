// Atlases as one page: findings, and a heat map for each state. Nothing is loaded, and all but the
// opening of a single cell works without JavaScript.
#pragma once

#include <string>
#include <vector>

#include "harness/atlas/atlas.h"
#include "harness/atlas/finding.h"

namespace synfin::report {

struct AtlasPage {
  std::vector<const atlas::Atlas*> atlases;  // one, or two beside one another
  std::string wanted = "RFC";                // who wants what the findings want
  const atlas::Domain* domain = nullptr;     // with the places of these atlases
  const std::vector<atlas::Finding>* findings = nullptr;
  std::vector<std::string> apart;
};

std::string atlas_to_html(const AtlasPage& page);

}  // namespace synfin::report
