// lwIP as a stack: the library that this program is linked with, inside this process, in virtual
// time.
#pragma once

#include <memory>

#include "engine/profile.h"
#include "harness/stack/child_stack.h"
#include "harness/stack/stack.h"
#include "harness/wire/error.h"

namespace synfin::stack {

// What lwIP is known to choose, as this build has it.
Profile lwip_profile();
// With what no answer shows when it happens (StackInfo::followed).
Profile lwip_followed_profile();
Identity lwip_identity();
Traits lwip_traits();
// The addresses of a case's connection.
wire::FourTuple lwip_address_of(CaseId id, bool ipv6, unsigned connection);

// In a process of its own.
Result<std::unique_ptr<Stack>> make_lwip_stack(const Profile& profile);

// In this process, where an assertion of lwIP that fails ends it. lwIP keeps its state in global
// variables: while one such stack lives there is no other.
Result<std::unique_ptr<Stack>> make_lwip_in_process(const Profile& profile,
                                                    const StackStart& from = {});

}  // namespace synfin::stack
