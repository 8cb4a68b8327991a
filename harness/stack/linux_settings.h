// All that every namespace of the Linux stack sets. Results print it (Identity::settings).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "harness/script/flat.h"
#include "harness/wire/address.h"
#include "harness/wire/error.h"

namespace synfin::stack {

using Sysctls = std::vector<std::pair<std::string, std::string>>;

struct LinuxSetting {
  const char* name;
  const char* value;
  bool ipv6;      // only where the kernel has IPv6
  bool required;  // an error where the kernel does not have it
};

std::span<const LinuxSetting> linux_settings();

// Where everybody lives. Remote addresses are reached through a router on the link, so that the
// target needs one neighbour however many peers there are.
struct LinuxAddresses {
  wire::Address target;
  wire::Address router;
  wire::Address remotes;  // the first of the remote addresses
  uint8_t remotes_prefix;
};
const LinuxAddresses& linux_addresses(bool ipv6);
// Those of a place of its own that names none: where the runners of packetdrill's scripts put them.
// Both versions have an address, though a case uses one.
LinuxAddresses own_addresses(bool ipv6, const script::Place& place);

// How many remote addresses there are before they repeat.
inline constexpr uint32_t kLinuxRemotes = 1U << 23U;
inline constexpr uint32_t kLinuxTxQueueLength = 20000;
inline constexpr uint32_t kLinuxDeviceMtu = 65535;

// Whether the calling thread's namespace has IPv6.
bool linux_has_ipv6();

// Sets the sysctls of linux_settings(), then `set`, in the calling thread's namespace. Before the
// interfaces exist, as these inherit some.
Result<void> apply_linux_sysctls(const Sysctls& set);

// What is in force there now.
std::map<std::string, std::string> report_linux_sysctls(const Sysctls& set);

}  // namespace synfin::stack
