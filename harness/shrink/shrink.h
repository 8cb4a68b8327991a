// Makes a program minimal that shows a finding, and keeps the finding: first steps are left out,
// then fields, then numbers become ordinary ones.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "harness/proto/program.pb.h"

namespace synfin::shrink {

// Plays programs and tells of each whether it shows the finding.
using Shows = std::function<std::vector<bool>(const std::vector<proto::Program>&)>;

struct ShrinkOptions {
  std::size_t most_plays = 5000;
  // How many candidates are played at once. The first of them that shows the finding is taken, so
  // the outcome does not depend on this, unless most_plays is reached.
  std::size_t batch = 1;
};

struct Shrunk {
  proto::Program program;
  std::size_t plays = 0;
  bool minimal = false;  // false: most_plays was reached, or `between` wanted an end
};

// `program` has to show the finding. `between` is asked before each batch and returns false to
// stop: what was reached is returned then.
Shrunk shrink(const proto::Program& program, const Shows& shows, const ShrinkOptions& options,
              const std::function<bool()>& between = {});

}  // namespace synfin::shrink
