// Definitions for the words of scripts, as the command line has them: NAME=value.
#pragma once

#include <string>
#include <vector>

#include "harness/script/lexer.h"

namespace synfin::cli {

script::Defines defines_of(const std::vector<std::string>& texts);
// Checks one of them; the sentence that CLI11 shows when it is none.
std::string check_define(const std::string& text);

}  // namespace synfin::cli
