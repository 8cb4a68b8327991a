// Several atlases of one stack as one: the shards of a run, or runs that repeat each other.
#pragma once

#include <vector>

#include "harness/atlas/atlas.h"
#include "harness/wire/error.h"

namespace synfin::atlas {

// Of a cell that several hold, the first one's entry is kept, and marked where they differ. An
// error says what makes them atlases of different things: stack, settings, dimensions, set-ups.
Result<Atlas> merge(const std::vector<Atlas>& parts);

}  // namespace synfin::atlas
