#include "harness/cli/defines.h"

namespace synfin::cli {

std::string check_define(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0 && equals + 1 < text.size()) return "";
  return "expected NAME=value";
}

script::Defines defines_of(const std::vector<std::string>& texts) {
  script::Defines defines;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    defines.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return defines;
}

}  // namespace synfin::cli
