// The octets that the harness makes up, many at a time.
#pragma once

#include <cstdint>
#include <span>

namespace synfin::stack {

// out[i] = script::pattern(position + i).
void fill_pattern(uint32_t position, std::span<uint8_t> out);

}  // namespace synfin::stack
