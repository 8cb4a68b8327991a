// Settings of an interface and of its namespace that rtnetlink does not reach.
#pragma once

#include <string>

#include "harness/wire/error.h"

namespace synfin::link {

// The number of the interface in the calling thread's namespace.
Result<unsigned> interface_index(const std::string& name);

// Turns off everything by which an interface changes segments or leaves work undone: checksums
// (both ways), TSO, GSO, GRO. What the interface does not have is passed over.
Result<void> offloads_off(const std::string& name);

// Writes or reads a sysctl of the calling thread's network namespace. Only names under net.ipv4,
// net.ipv6, net.core and net.mptcp are taken, written "net.ipv4.tcp_x" or "tcp_x", so that nothing
// of the host can change: what is not per-namespace does not exist there and is an error.
Result<void> set_sysctl(const std::string& name, const std::string& value);
Result<std::string> get_sysctl(const std::string& name);
// "tcp_x" -> "net.ipv4.tcp_x"; other names as they are.
std::string full_sysctl_name(const std::string& name);

}  // namespace synfin::link
