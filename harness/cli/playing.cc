#include "harness/cli/playing.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/cli/select.h"
#include "harness/judge/baseline.h"
#include "harness/judge/session.h"
#include "harness/report/ladder.h"
#include "harness/script/compile.h"
#include "harness/script/program_file.h"
#include "harness/script/stimuli.h"

namespace synfin::cli {
namespace {

// What a fuzz target has kept has no ending and was never text, so that it has no lines. The
// results that stand in it are what calls return as a rule, and nothing that anybody expects.
bool is_fuzz_input(const std::string& path, const script::FlatProgram& program) {
  return !script::is_program_file(path) &&
         std::all_of(program.steps.begin(), program.steps.end(),
                     [](const script::Step& step) { return step.line == 0; });
}

}  // namespace

Result<Played> play_one(const StackChoice& choice,
                        const std::shared_ptr<const script::FlatProgram>& program,
                        const PlayOneOptions& options) {
  const auto open = open_stack(choice, program->profile);
  if (!open) return tl::make_unexpected(open.error());
  judge::SessionOptions session;
  session.seed = choice.seed;
  session.keep_traces = true;
  session.include_long = true;
  session.allow_shell = options.allow_shell;
  session.on_time = options.on_time;
  const std::vector<judge::Case> cases = {{program->name, program, options.ipv6}};
  ClauseSet coverage;
  proto::RunResult run = judge::run_session(
      *open->stack, open->profile, judge::Baseline(), cases, session, coverage,
      [](const proto::CaseResult&) {},
      [](const judge::SessionProgress&) { return !interrupted(); });
  Played played;
  played.provenance = provenance_of(*open, choice);
  if (run.cases_size() > 0) played.result = std::move(*run.mutable_cases(0));
  return played;
}

Result<std::vector<Loaded>> load_compiled(const std::string& path, const std::string& glob) {
  auto programs = script::parse_file(path);
  if (!programs) return tl::make_unexpected(programs.error());
  std::vector<Loaded> loaded;
  std::string names;
  for (proto::Program& program : *programs) {
    names += (names.empty() ? "" : ", ") + program.name();
    if (!glob.empty() && !selects(glob, program.name())) continue;
    auto flat = script::compile(program);
    if (!flat) return tl::make_unexpected(flat.error());
    if (is_fuzz_input(path, *flat)) script::leave_stimuli(*flat);
    loaded.push_back(
        {std::move(program), std::make_shared<const script::FlatProgram>(std::move(*flat))});
  }
  if (loaded.empty()) {
    return fail(fmt::format("{}: no program matches '{}'; there are: {}", path, glob, names));
  }
  return loaded;
}

std::string whole_ladder(const Played& played, const script::FlatProgram& program,
                         const report::Style& style) {
  report::LadderOptions options;
  options.style = style;
  options.target = played.provenance.stack();
  return report::draw_ladder(report::make_rungs(played.result, &program), options);
}

bool plays_ipv6(const script::FlatProgram& program, bool wanted) {
  return program.ipv6 && (wanted || !program.ipv4);
}

}  // namespace synfin::cli
