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
  // Index + 1 of the event that what is missing should have answered; 0: the last stimulus.
  std::size_t cause = 0;
  uint32_t step = 0;
  uint16_t connection = 0;
  // Perhaps only what follows from the one before it: since then no answer of the target had the
  // numbers of the rules and its state was theirs.
  bool in_doubt = false;
};

}  // namespace synfin::judge
