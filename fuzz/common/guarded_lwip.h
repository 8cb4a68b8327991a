// lwIP inside this process, with a guard against what is known to end it (FINDINGS.md): the first
// of these would end every fuzzer.
#pragma once

#include <memory>

#include "engine/profile.h"
#include "harness/stack/stack.h"

namespace synfin::fuzz {

// What would run into it throws judge::Stop instead. nullptr: there is another lwIP.
std::unique_ptr<stack::Stack> make_guarded_lwip(const Profile& profile);

}  // namespace synfin::fuzz
