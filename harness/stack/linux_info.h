// The fields of struct tcp_info (linux/tcp.h), also those that the headers here are too old for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace synfin::stack {

// A field of the socket's tcp_info, "tcpi_rtt"; nothing where the kernel does not tell it.
std::optional<int64_t> read_tcp_info(int fd, std::string_view field);

}  // namespace synfin::stack
