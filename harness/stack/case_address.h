// The addresses of cases on a stack that runs in this process.
#pragma once

#include <cstdint>

#include "harness/stack/stack.h"
#include "harness/wire/address.h"

namespace synfin::stack {

// 192.0.2.1 and 2001:db8::1 are the stack; the peers are in 198.18.0.0/15 and 2001:db8:1::/48.
wire::Address stack_address(bool ipv6);

// The ends of a case's connection.
wire::FourTuple case_tuple(CaseId id, bool ipv6, uint16_t local_port, unsigned connection);

}  // namespace synfin::stack
