// Running the tools that build a kernel.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/wire/error.h"

namespace synfin::kernel {

// Hears of each line that a tool prints; false ends the tool.
using OnLine = std::function<bool(std::string_view line)>;

// Runs a program of the PATH to its end. The error has the last lines that it printed. It dies with
// this process, and so does all that it started when it is ended.
Result<void> run_tool(const std::vector<std::string>& command, const OnLine& on_line);

// Those of `names` that the PATH does not have.
std::vector<std::string> missing_tools(const std::vector<std::string>& names);

}  // namespace synfin::kernel
