// What the traces of a probe's programs tell about the stack.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "harness/cli/probe_programs.h"
#include "harness/play/player.h"

namespace synfin::cli {

using Numbers = std::vector<double>;

// One line of the table. Times are seconds.
struct Measurement {
  std::string key;    // in the JSON: "rto_initial_s"
  std::string title;  // "initial RTO of a SYN"
  std::variant<std::string, double, bool, Numbers> value;
  std::string text;  // as the table shows it
};

using ProbeResults = std::map<ProbeKind, play::PlayResult>;

// What could not be measured has no line.
std::vector<Measurement> measure(const ProbeResults& results);

}  // namespace synfin::cli
