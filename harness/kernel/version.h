// Versions of kernels and other programs.
#pragma once

#include <string>
#include <string_view>

namespace synfin::kernel {

// Number by number: 6.1 < 6.12 < 6.12.3. What is no digit separates.
bool older(std::string_view a, std::string_view b);

// Of the kernel that this process runs on, without what follows the numbers: "6.18.44".
std::string running_version();

}  // namespace synfin::kernel
