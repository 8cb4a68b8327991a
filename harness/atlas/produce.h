// Making the atlas of a stack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/profile.h"
#include "harness/atlas/atlas.h"
#include "harness/stack/stack.h"
#include "harness/wire/error.h"

namespace synfin::atlas {

struct Shard {
  unsigned index = 1;  // from 1
  unsigned count = 1;
};

struct ProduceOptions {
  With with;
  bool ipv6 = false;
  uint64_t seed = 1;              // of the peer's ISNs
  Shard shard;                    // of all cells, each has as many as the others, side by side
  std::vector<std::string> only;  // set-ups, by their IDs; empty: all
  // Play each cell twice, as chance has a part in what a real kernel does. Where the two differ a
  // third time decides, and the cell is marked.
  bool confirm = false;
};

struct Progress {
  std::size_t done = 0;   // cells
  std::size_t total = 0;  // of this shard
};

// What becomes of the atlas while it is made; both are called on any thread, one call at a time.
struct Watchers {
  // A few times a second. False: stop early.
  std::function<bool(const Progress&)> between;
  // A set-up is done; its behaviours are those of `atlas`, and its entries are complete.
  std::function<void(const Atlas& atlas)> on_set_up;
};

// Plays the cells of a shard, or all. `stacks`: instances of one stack, each driven by a thread of
// its own where there are several; none of them has an open case. The provenance is the caller's to
// fill in. An error: the harness broke.
Result<Atlas> produce(const std::vector<stack::Stack*>& stacks, const Profile& profile,
                      const ProduceOptions& options, const Watchers& watchers);

}  // namespace synfin::atlas
