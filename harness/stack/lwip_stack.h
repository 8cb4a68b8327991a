// lwIP as a stack: the library that this program is linked with, inside this process, in virtual
// time.
#pragma once

#include <memory>

#include "engine/profile.h"
#include "harness/stack/stack.h"
#include "harness/wire/error.h"

namespace synfin::stack {

// What lwIP is known to choose, as this build has it.
Profile lwip_profile();
Identity lwip_identity();
Traits lwip_traits();

// lwIP keeps its state in global variables: while one stack lives there is no other in the process.
// An assertion of lwIP that fails ends the process.
Result<std::unique_ptr<Stack>> make_lwip_stack(const Profile& profile);

}  // namespace synfin::stack
