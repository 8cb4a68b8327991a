// The profile of one case: a stack's profile under the case's IP version and sysctls. The reference
// stack runs with it, and the judge holds the target to it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/profile.h"
#include "harness/wire/error.h"

namespace synfin::stack {

using Sysctl = std::pair<std::string, std::string>;  // "net.ipv4.tcp_sack", "0"

// Sysctls that say nothing about TCP's choices leave the profile as it is.
Profile case_profile(const Profile& profile, bool ipv6, std::span<const Sysctl> sysctls);

// An error says why a profile cannot follow the sysctl.
Result<void> check_profile_sysctl(const Sysctl& sysctl);

// For a stack without sysctls: an error names one that asks for what the profile has not got
// anyway.
Result<void> check_no_change(const Profile& profile, std::span<const Sysctl> sysctls);

// The options of TCP that a case may need (`//@ needs`) and the profile does not have.
std::vector<std::string_view> lacking(const Profile& profile);

}  // namespace synfin::stack
