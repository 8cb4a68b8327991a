// The commands below `synfin atlas`; each enters one into `atlas`, as those of commands.h do.
#pragma once

#include <CLI/App.hpp>

#include "harness/atlas/atlas.h"
#include "harness/cli/commands.h"
#include "harness/wire/error.h"

namespace synfin::cli {

void add_atlas_show(CLI::App& atlas, Action* action);
void add_atlas_merge(CLI::App& atlas, Action* action);
void add_atlas_compare(CLI::App& atlas, Action* action);
void add_atlas_judge(CLI::App& atlas, Action* action);

// Reads an atlas, and says on the standard error when it is not whole.
Result<atlas::Atlas> load_atlas(const std::string& file);

// A line for each set-up, and the sums.
std::string atlas_summary(const atlas::Atlas& atlas);

}  // namespace synfin::cli
