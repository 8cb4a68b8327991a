// synfin merge: the results of several runs as those of one.
#include "harness/report/merge.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/outputs.h"
#include "harness/cli/select.h"
#include "harness/report/exit_code.h"
#include "harness/report/json.h"
#include "harness/report/terminal.h"

namespace synfin::cli {
namespace {

constexpr const char* kMergeAbout =
    "Joins results that 'synfin run --json' wrote, as of the shards of a run on many machines, and "
    "tells them as one.\nA case that several of them played counts as tried several times: FLAKY "
    "where the verdicts differ.\nOf one file it makes the other forms: JUnit XML, TAP, a page.";

constexpr const char* kMergeExamples = R"(

EXAMPLES
  synfin merge one.json two.json --html all.html
  synfin merge out.json --junit out.xml)";

struct MergeOptions {
  std::vector<std::string> files;
  Outputs outputs;
  std::string specs;
  int verbosity = 0;
};

int merge_files(const MergeOptions& options) {
  std::vector<proto::RunResult> runs;
  for (const std::string& file : options.files) {
    auto run = report::read_results(file);
    if (!run) {
      complain(run.error().message);
      return report::kExitUsage;
    }
    runs.push_back(std::move(*run));
  }
  const auto merged = report::merge(std::move(runs));
  if (!merged) {
    complain(merged.error().message);
    return report::kExitUsage;
  }
  const bool aside = options.outputs.to_standard_output();
  report::Terminal terminal(aside ? stderr : stdout,
                            report::style_of(aside ? STDERR_FILENO : STDOUT_FILENO),
                            options.verbosity);
  report::RunOutcome outcome;
  outcome.selected = static_cast<std::size_t>(merged->cases_size());
  terminal.head(merged->provenance(), outcome.selected);
  for (const proto::CaseResult& result : merged->cases()) {
    outcome.add(result.verdict());
    terminal.result(result);
  }
  terminal.summary(*merged, std::chrono::nanoseconds(merged->duration_ns()),
                   [](const std::string&) { return nullptr; });
  const auto written = write(options.outputs, *merged, find_specs(options.specs));
  if (!written) {
    complain(written.error().message);
    outcome.broken = true;
  }
  return report::exit_code(outcome);
}

}  // namespace

void add_merge(CLI::App& app, Action* action) {
  auto options = std::make_shared<MergeOptions>();
  CLI::App* command = app.add_subcommand("merge", "Join the results of several runs");
  command->footer(std::string(kMergeAbout) + kMergeExamples);
  command->add_option("file", options->files, "Results as JSON")->type_name("FILE")->required();
  add_output_options(*command, &options->outputs);
  command->add_option("--specs", options->specs, "The folder of the cases")->type_name("DIR");
  command->add_flag("-v,--verbose", options->verbosity, "Tell each case, and failures in full");
  command->callback([options, action] {
    *action = [options] {
      options->outputs.keep_traces = true;  // what the files have is kept
      const auto checked = check(options->outputs);
      if (checked) return merge_files(*options);
      complain(checked.error().message);
      return static_cast<int>(report::kExitUsage);
    };
  });
}

}  // namespace synfin::cli
