// The names that a program may use for numbers. One table each; nothing else knows names.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "harness/script/flat.h"

namespace synfin::script {

// SOL_SOCKET, TCP_NODELAY, O_NONBLOCK, MSG_PEEK, …: with Linux's values, which the interfaces of
// the stacks under test take.
std::optional<int64_t> find_constant(std::string_view name);
std::string_view nearest_constant(std::string_view name);

// EAGAIN, …
std::optional<int> find_error(std::string_view name);
std::string_view nearest_error(std::string_view name);

std::optional<CallName> find_call(std::string_view name);
std::string_view nearest_call(std::string_view name);
// The calls of packetdrill that synfin does not have, to say so.
bool is_foreign_call(std::string_view name);

// An ICMP message, by packetdrill's names. Absent when neither IP version has it.
std::optional<IcmpSpec> find_icmp(std::string_view type, std::string_view code);

}  // namespace synfin::script
