// The reference TCP as a stack: the engine behind the wire codec and socket calls, in virtual time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "engine/clause.h"
#include "engine/profile.h"
#include "engine/reference.h"
#include "harness/stack/stack.h"

namespace synfin::stack {

struct ReferenceOptions {
  Profile profile;
  uint64_t seed = 1;              // of the ISSs (RFC 6528 §3)
  ClauseSet* coverage = nullptr;  // the clauses that were hit; must outlive the stack
  // Shown every connection after each event, once what was to be sent has been sent.
  std::function<void(Time, const Reference&)> watch{};
};

// Its clock stands still until run_until() moves it; the same inputs give the same outputs.
std::unique_ptr<Stack> make_reference_stack(const ReferenceOptions& options);

}  // namespace synfin::stack
