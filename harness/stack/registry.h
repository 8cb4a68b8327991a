// The one list of the stacks that synfin can test.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/profile.h"
#include "harness/stack/case_profile.h"
#include "harness/stack/stack.h"
#include "harness/wire/error.h"

namespace synfin::stack {

struct StackOptions {
  std::string link;  // "veth", "tun"; empty: the stack's own
  uint64_t seed = 1;
  Profile profile;                // of stacks that run with one
  ClauseSet* coverage = nullptr;  // of stacks that tell; it must outlive the stack
  bool virtual_time = false;      // linux: the kernel's clock jumps over waits (uml)
  bool in_process = false;        // of stacks that otherwise run in a process of their own
  std::vector<Sysctl> set{};  // for all cases; whoever judges by `profile` has it follow them too
};

// What becomes of StackOptions::set.
enum class TakesSysctls : uint8_t {
  kNone,
  kOfProfile,  // its profile follows them
  kOfKernel,   // set in the stack's own namespaces; the kernel says which there are
};

struct StackInfo {
  std::string_view name;
  std::string_view description;  // one line
  // The choices that the stack is known to make: the judge's and, for the reference, its own.
  Profile (*profile)();
  Result<std::unique_ptr<Stack>> (*make)(const StackOptions& options);
  TakesSysctls sysctls = TakesSysctls::kNone;
  // With the ways besides in which it parts from the rules without a sign; nullptr: none is known.
  Profile (*followed)() = nullptr;
};

// An error says which sysctl the stack surely does not take.
Result<void> check_set(const StackInfo& info, std::span<const Sysctl> set);

// In the order in which they are shown.
std::span<const StackInfo> stacks();

// nullptr when there is none of that name.
const StackInfo* find_stack(std::string_view name);

// "rfc9293" or "linux-default"; an error names those that there are.
Result<Profile> find_profile(std::string_view name);

}  // namespace synfin::stack
