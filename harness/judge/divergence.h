// A place where a target parts from the rules.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/clause.h"
#include "engine/state.h"
#include "harness/play/player.h"

namespace synfin::judge {

struct Divergence {
  Clause clause = Clause::kSmOut5;
  State state = State::kClosed;  // of the shadow, when it was found
  std::string stimulus;          // the last thing that was done to the target, in one line
  std::string wanted;
  std::string got;
  std::vector<play::Difference> fields;
  uint32_t step = 0;
  uint16_t connection = 0;
};

}  // namespace synfin::judge
