// What holds of a reference between any two events, whatever came: for those who test it.
#pragma once

#include <string_view>

#include "engine/reference.h"
#include "engine/time.h"

namespace synfin {

// What does not hold, in a sentence; empty when all does. To be asked after an event, when all that
// was to be sent has been taken.
std::string_view broken_invariant(const Reference& tcp, Time now);

}  // namespace synfin
