// synfin list: the cases there are.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/defines.h"
#include "harness/cli/select.h"
#include "harness/report/exit_code.h"
#include "harness/report/style.h"

namespace synfin::cli {
namespace {

constexpr const char* kListAbout =
    "Lists cases: the ID, how long it takes in real time, the requirements that it tests, and what "
    "it shows.\n\nA time is the sum of the case's waits; 'long' cases take more than 75 s, and "
    "'synfin "
    "run' plays them on a\nreal-time stack only with --long.";

struct ListOptions {
  std::vector<std::string> globs;
  std::vector<std::string> defines;
  std::string specs;
};

std::string time_class(Duration shortest) {
  if (shortest < std::chrono::seconds(1)) return "quick";
  if (shortest > std::chrono::seconds(75)) return "long";
  return fmt::format("{} s", std::chrono::ceil<std::chrono::seconds>(shortest).count());
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

void print(const std::vector<Script>& scripts) {
  constexpr std::size_t kWidestId = 56;
  constexpr std::size_t kWidestRequirements = 30;
  const report::Style style = report::style_of(STDOUT_FILENO);
  std::size_t id = 0;
  std::size_t requirements = 0;
  std::string text;
  for (const Script& script : scripts) {
    const std::size_t columns = report::columns_of(script.id);
    if (columns <= kWidestId) id = std::max(id, columns);  // longer ones stand out
    requirements = std::max(requirements, report::columns_of(join(script.program->requirements)));
  }
  requirements = std::min(requirements, kWidestRequirements);
  for (const Script& script : scripts) {
    const script::FlatProgram& program = *script.program;
    std::string line = fmt::format(
        "{}  {:<5}  {}  {}", report::pad_right(script.id, id), time_class(program.shortest),
        report::pad_right(join(program.requirements), requirements), script.doc);
    if (!program.ipv4) line += " (IPv6 only)";
    if (!program.ipv6) line += " (IPv4 only)";
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  const std::string shown = style.for_reader(text);
  std::fwrite(shown.data(), 1, shown.size(), stdout);
}

int list(const ListOptions& options) {
  const auto specs = find_specs(options.specs);
  report::RunOutcome outcome;
  if (!options.specs.empty() && !specs) {
    complain(fmt::format("--specs {}: there is no such folder", options.specs));
    return report::kExitUsage;
  }
  const Selection selection = select(options.globs, specs, defines_of(options.defines));
  print(selection.scripts);
  for (const std::string& error : selection.errors) complain(error);
  outcome.bad_script = !selection.errors.empty();
  outcome.selected = selection.scripts.size();
  if (outcome.selected == 0 && !outcome.bad_script) {
    complain(specs
                 ? "nothing is selected"
                 : "there is no specs folder here or above; name it with --specs or SYNFIN_SPECS");
  }
  return report::exit_code(outcome);
}

}  // namespace

void add_list(CLI::App& app, Action* action) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* command = app.add_subcommand("list", "List the cases");
  command->footer(kListAbout);
  command
      ->add_option("-D,--define", options->defines,
                   "The word NAME of a script stands for the value; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->check(check_define);
  command->add_option("case", options->globs, "Globs over case IDs, files, folders; default all")
      ->type_name("GLOB");
  command->add_option("--specs", options->specs, "The folder of the cases")->type_name("DIR");
  command->callback([options, action] { *action = [options] { return list(*options); }; });
}

}  // namespace synfin::cli
