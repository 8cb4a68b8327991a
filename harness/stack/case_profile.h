// The profile of one case: a stack's profile under the case's IP version and sysctls. The reference
// stack runs with it, and the judge holds the target to it.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "engine/profile.h"
#include "harness/wire/error.h"

namespace synfin::stack {

using Sysctl = std::pair<std::string, std::string>;  // "net.ipv4.tcp_sack", "0"

// Sysctls that say nothing about TCP's choices leave the profile as it is.
Profile case_profile(const Profile& profile, bool ipv6, std::span<const Sysctl> sysctls);

// An error says why a profile cannot follow the sysctl.
Result<void> check_profile_sysctl(const Sysctl& sysctl);

}  // namespace synfin::stack
