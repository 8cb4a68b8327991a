// The version of synfin; a test compares it with the one in CMakeLists.txt.
#pragma once

#include <string_view>

namespace synfin::report {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace synfin::report
