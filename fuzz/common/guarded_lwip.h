// lwIP inside this process, with a guard against the assertions that are known to fail in it: the
// first of them would end every fuzzer.
#pragma once

#include <memory>

#include "engine/profile.h"
#include "harness/stack/stack.h"

namespace synfin::fuzz {

// What would run into such an assertion throws judge::Stop instead. nullptr: there is another lwIP.
std::unique_ptr<stack::Stack> make_guarded_lwip(const Profile& profile);

}  // namespace synfin::fuzz
