// Which of the selected cases are played: by rule, by level, by what failed before, by shard.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "harness/judge/session.h"
#include "harness/wire/error.h"

namespace synfin::cli {

struct Filter {
  std::vector<std::string> requirements;  // globs over the IDs of rules
  std::vector<std::string> levels;        // "must", "should", "may"
  std::string rerun;                      // "failed"
  std::string last;                       // the results that it goes by
  std::string shard = "1/1";
};

void add_filter_options(CLI::App& app, Filter* filter);

// Takes out the cases that are not to be played. `json` stands for filter.last where that is empty.
// An error is one of usage.
Result<void> apply(const Filter& filter, const std::string& json, std::vector<judge::Case>* cases);

}  // namespace synfin::cli
