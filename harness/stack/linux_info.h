// The fields of struct tcp_info (linux/tcp.h), also those that the headers here are too old for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/state.h"

namespace synfin::stack {

// A field of the socket's tcp_info, "tcpi_rtt"; nothing where the kernel does not tell it.
std::optional<int64_t> read_tcp_info(int fd, std::string_view field);

// The state of the socket's connection, for less than what sock_diag takes. Nothing where the
// socket has none: the kernel may know of one that goes on without it, a TIME-WAIT.
std::optional<State> read_tcp_state(int fd);

}  // namespace synfin::stack
