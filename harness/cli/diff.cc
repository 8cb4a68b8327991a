// synfin diff: in what the results of two runs differ.
#include "harness/report/diff.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/report/exit_code.h"
#include "harness/report/json.h"

namespace synfin::cli {
namespace {

constexpr const char* kDiffAbout =
    "Tells in what two results that 'synfin run --json' wrote differ: two stacks, two versions of "
    "one, before and\nafter a change. Cases that differ alike are told together: by their verdict, "
    "by what was found, and, where both\nruns had --keep-traces, by the first thing that the stack "
    "did otherwise though both may.";

constexpr const char* kDiffExamples = R"(

EXIT CODES
  0  they are equal; 1 they differ; 2 wrong usage, or a file that cannot be read

EXAMPLES
  synfin run --kernel 6.1 --keep-traces --json 6.1.json
  synfin run --kernel 6.12 --keep-traces --json 6.12.json
  synfin diff 6.1.json 6.12.json)";

struct DiffOptions {
  std::string a;
  std::string b;
  bool all = false;
};

int diff(const DiffOptions& options) {
  auto a = report::read_results(options.a);
  auto b = report::read_results(options.b);
  for (const auto* each : {&a, &b}) {
    if (*each) continue;
    complain(each->error().message);
    return report::kExitUsage;
  }
  report::RunComparison found = report::compare(*a, *b);
  if (found.names[0] == found.names[1]) found.names = {options.a, options.b};
  const report::Style style = report::style_of(STDOUT_FILENO);
  const std::string text = style.for_reader(report::comparison_text(found, style, options.all));
  std::fwrite(text.data(), 1, text.size(), stdout);
  return found.equal() ? report::kExitOk : report::kExitUnexpected;
}

}  // namespace

void add_diff(CLI::App& app, Action* action) {
  auto options = std::make_shared<DiffOptions>();
  CLI::App* command = app.add_subcommand("diff", "Tell in what the results of two runs differ");
  command->footer(std::string(kDiffAbout) + kDiffExamples);
  command->add_option("a", options->a, "Results as JSON")->type_name("A")->required();
  command->add_option("b", options->b, "Others")->type_name("B")->required();
  command->add_flag("-v,--verbose", options->all, "Show every case of a difference");
  command->callback([options, action] { *action = [options] { return diff(*options); }; });
}

}  // namespace synfin::cli
