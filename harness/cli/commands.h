// The commands. Each add_*() enters one into the program and, when the user asked for it, leaves in
// `action` what is to be done; that returns the exit code.
#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace synfin::cli {

using Action = std::function<int()>;

void add_run(CLI::App& app, Action* action);
void add_list(CLI::App& app, Action* action);
void add_show(CLI::App& app, Action* action);
void add_replay(CLI::App& app, Action* action);
void add_shrink(CLI::App& app, Action* action);
void add_fuzz(CLI::App& app, Action* action);
void add_probe(CLI::App& app, Action* action);
void add_pair(CLI::App& app, Action* action);
void add_merge(CLI::App& app, Action* action);
void add_diff(CLI::App& app, Action* action);
void add_explain(CLI::App& app, Action* action);
void add_atlas(CLI::App& app, Action* action);
void add_kernel(CLI::App& app, Action* action);
void add_completion(CLI::App& app, Action* action);

// The whole program: what main() returns for these arguments.
int run_program(int argc, const char* const* argv);

}  // namespace synfin::cli
