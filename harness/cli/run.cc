// synfin run: plays cases on a stack, judges them, and says what came of it.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <memory>

#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/defines.h"
#include "harness/cli/filter.h"
#include "harness/cli/in_kernel.h"
#include "harness/cli/outputs.h"
#include "harness/cli/select.h"
#include "harness/cli/update_baseline.h"
#include "harness/judge/baseline.h"
#include "harness/judge/session.h"
#include "harness/kernel/board.h"
#include "harness/report/exit_code.h"
#include "harness/report/failure.h"
#include "harness/report/merge.h"
#include "harness/report/terminal.h"
#include "harness/stack/registry.h"

namespace synfin::cli {
namespace {

using report::ExitCode;

constexpr const char* kRunAbout =
    "Plays cases on a stack and judges what it does.\n\n"
    "An argument is a glob over the IDs of the cases, as 'synfin list' shows them, or the path of "
    "a "
    "program.\nWithout any, all cases are played. A case that does not say otherwise is played "
    "over "
    "IPv4 and IPv6.\n\n"
    "Verdicts: PASS; FAIL, a MUST is violated; WARN, a SHOULD; INFO, a MAY; XFAIL, a deviation "
    "that the "
    "baseline\nknows; XPASS, one that it knows and that is gone; SKIP; FLAKY; ERROR, the harness "
    "is at "
    "fault.";

constexpr const char* kRunExamples = R"(

EXAMPLES
  synfin run                               all cases on the reference
  synfin run handshake 'reset/*'           two topics
  synfin run my.pkt --stack linux -v       one file on this machine's kernel, told in full
  synfin run --stack linux --json out.json --long)";

struct RunOptions {
  std::vector<std::string> arguments;
  std::vector<std::string> defines;
  StackChoice choice;
  Filter filter;
  Outputs outputs;
  std::string specs;
  std::string baseline;
  bool update_baseline = false;
  unsigned retries = 0;
  std::size_t at_once = 0;  // 0: as suits the stack
  int verbosity = 0;
  bool include_long = false;
  bool allow_shell = false;
  bool ipv4 = false;
  bool ipv6 = false;
};

// One run of the command.
class Run {
 public:
  explicit Run(const RunOptions& options)
      : options_(options),
        terminal_(options.outputs.to_standard_output() ? stderr : stdout, style(options),
                  options.verbosity) {}

  ExitCode run();

 private:
  // With --json - the results alone go to the standard output, the rest to the standard error.
  static report::Style style(const RunOptions& options) {
    return report::style_of(options.outputs.to_standard_output() ? STDERR_FILENO : STDOUT_FILENO);
  }

  bool select_cases();
  std::string session_of(const std::string& profile) const;
  std::string baseline_path() const;
  bool load_baseline();
  bool play(const std::string& profile, std::vector<judge::Case> cases, bool first);
  judge::SessionOptions session_options(stack::Stack& stack);
  proto::RunResult play_on(OpenStack& open, const std::vector<judge::Case>& cases, unsigned tries);
  void skip_ipv6(std::vector<judge::Case>* cases);
  void add_result(const proto::CaseResult& result);
  void finish(std::chrono::nanoseconds wall);
  void write_results();
  std::string repeat_of(const proto::CaseResult& result) const;
  const Script* script_of(const std::string& id) const;

  const RunOptions& options_;
  report::Terminal terminal_;
  std::optional<std::filesystem::path> specs_;
  std::vector<Script> scripts_;
  std::map<std::string, std::vector<judge::Case>> by_profile_;
  std::map<std::string, const Script*, std::less<>> by_id_;
  judge::Baseline baseline_;
  ClauseSet coverage_;
  proto::RunResult result_;
  report::RunOutcome outcome_;
  std::size_t done_ = 0;
  UnderWay under_way_;
};

// Cases of one profile share a session, and their waits overlap. A case that names the profile that
// the stack has anyway belongs with those that name none.
std::string Run::session_of(const std::string& profile) const {
  const stack::StackInfo* info = stack::find_stack(options_.choice.stack);
  return info != nullptr && info->profile().name == profile ? "" : profile;
}

// False when there is nothing to play.
bool Run::select_cases() {
  specs_ = find_specs(options_.specs);
  if (!options_.specs.empty() && !specs_) {
    complain(fmt::format("--specs {}: there is no such folder", options_.specs));
    outcome_.bad_script = true;
    return false;
  }
  Selection selection = select(options_.arguments, specs_, defines_of(options_.defines));
  for (const std::string& error : selection.errors) complain(error);
  outcome_.bad_script = !selection.errors.empty();
  scripts_ = std::move(selection.scripts);
  const bool both = options_.ipv4 == options_.ipv6;
  const Versions versions{both || options_.ipv4, both || options_.ipv6};
  std::vector<judge::Case> cases;
  for (const Script& script : scripts_) {
    for (judge::Case& each : cases_of({script}, versions)) {
      by_id_[each.id] = &script;
      cases.push_back(std::move(each));
    }
  }
  if (const auto applied = apply(options_.filter, options_.outputs.json, &cases); !applied) {
    complain(applied.error().message);
    outcome_.bad_script = true;
    return false;
  }
  outcome_.selected = cases.size();
  for (judge::Case& each : cases) {
    by_profile_[session_of(each.program->profile)].push_back(std::move(each));
  }
  if (outcome_.selected > 0) return true;
  if (!outcome_.bad_script) {
    complain(specs_
                 ? "nothing is selected; 'synfin list' shows the cases"
                 : "there is no specs folder here or above; name it with --specs or SYNFIN_SPECS, "
                   "or give a file");
  }
  return false;
}

// Where the known deviations are; empty: nowhere.
std::string Run::baseline_path() const {
  if (options_.baseline == "none") return "";
  if (!options_.baseline.empty() || !specs_) return options_.baseline;
  return (*specs_ / "baselines" / options_.choice.stack).string();
}

bool Run::load_baseline() {
  const std::string path = baseline_path();
  if (options_.update_baseline && path.empty()) {
    complain("--update-baseline: --baseline FILE, or the specs folder, names what to update");
    outcome_.bad_script = true;
    return false;
  }
  std::error_code error;
  const bool may_be_new = options_.baseline.empty() || options_.update_baseline;
  if (path.empty() || (may_be_new && !std::filesystem::exists(path, error))) return true;
  auto loaded = judge::Baseline::load(path);
  if (!loaded) {
    complain(loaded.error().message);
    outcome_.bad_script = true;
    return false;
  }
  baseline_ = std::move(*loaded);
  return true;
}

void Run::skip_ipv6(std::vector<judge::Case>* cases) {
  for (const judge::Case& each : *cases) {
    if (!each.ipv6) continue;
    proto::CaseResult* skipped = result_.add_cases();
    skipped->set_id(each.id);
    skipped->set_file(each.program->file);
    skipped->set_verdict(proto::SKIP);
    skipped->set_reason("the stack has no IPv6 here");
    add_result(*skipped);
  }
  std::erase_if(*cases, [](const judge::Case& each) { return each.ipv6; });
}

void Run::add_result(const proto::CaseResult& result) {
  under_way_.ends(result.id());
  ++done_;
  outcome_.add(result.verdict());
  terminal_.result(result);
}

// The cases of one profile. False when their stack cannot be set up.
bool Run::play(const std::string& profile, std::vector<judge::Case> cases, bool first) {
  auto open = open_stack(options_.choice, profile, &coverage_);
  if (!open) {
    complain(open.error().message);
    outcome_.broken = true;
    return false;
  }
  if (first) {
    *result_.mutable_provenance() = provenance_of(*open, options_.choice);
    terminal_.head(result_.provenance(), outcome_.selected);
  }
  if (!open->stack->traits().ipv6) skip_ipv6(&cases);
  report::add_results(play_on(*open, cases, options_.retries + 1), &result_);
  return true;
}

judge::SessionOptions Run::session_options(stack::Stack& stack) {
  constexpr std::size_t kVirtual = 64;
  constexpr std::size_t kReal = 4096;  // their waits overlap
  judge::SessionOptions session;
  session.most_at_once = stack.traits().virtual_time ? kVirtual : kReal;
  if (options_.at_once > 0) session.most_at_once = options_.at_once;
  const std::size_t limit = stack.traits().max_open_cases;
  if (limit > 0) session.most_at_once = std::min(session.most_at_once, limit);
  session.seed = options_.choice.seed;
  session.allow_shell = options_.allow_shell;
  session.keep_traces = options_.outputs.keep_traces || !options_.outputs.pcap.empty();
  session.include_long = options_.include_long;
  session.on_begin = [this](const judge::Case& each) { under_way_.begins(each.id); };
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  session.epoch_ns =
      std::chrono::nanoseconds(wall).count() - stack.now().time_since_epoch().count();
  return session;
}

// A case that ends otherwise than it should is tried again while tries are left.
proto::RunResult Run::play_on(OpenStack& open, const std::vector<judge::Case>& cases,
                              unsigned tries) {
  const auto again = [&](const proto::CaseResult& result) {
    return tries > 1 &&
           (report::is_unexpected(result.verdict()) || result.verdict() == proto::WARN);
  };
  proto::RunResult played = judge::run_session(
      *open.stack, open.profile, baseline_, cases, session_options(*open.stack), coverage_,
      [&](const proto::CaseResult& result) {
        if (!again(result)) add_result(result);
      },
      [this](const judge::SessionProgress&) {
        terminal_.progress(done_, outcome_.selected);
        return !interrupted();
      });
  std::map<std::string, proto::CaseResult*> open_results;
  for (proto::CaseResult& result : *played.mutable_cases()) {
    if (again(result)) open_results[result.id()] = &result;
  }
  if (open_results.empty()) return played;
  std::vector<judge::Case> rest;
  std::copy_if(cases.begin(), cases.end(), std::back_inserter(rest),
               [&](const judge::Case& each) { return open_results.contains(each.id); });
  proto::RunResult retried = play_on(open, rest, tries - 1);
  for (proto::CaseResult& result : *retried.mutable_cases()) {
    proto::CaseResult& first = *open_results.at(result.id());
    first = report::settle_tries(std::move(first), std::move(result));
  }
  retried.clear_cases();
  played.mutable_provenance()->clear_dropped_packets();  // the stack counts on
  report::add_results(std::move(retried), &played);
  return played;
}

const Script* Run::script_of(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

std::string Run::repeat_of(const proto::CaseResult& result) const {
  const Script* script = script_of(result.id());
  if (script == nullptr) return "";
  const bool ipv6 = result.id().ends_with("@ipv6");
  std::string text = "synfin run " + shell_word(script->argument);
  if (script->program->ipv4 && script->program->ipv6) text += ipv6 ? " -6" : " -4";
  text += " " + options_of(options_.choice);
  if (!options_.specs.empty()) text += " --specs " + shell_word(options_.specs);
  if (!options_.baseline.empty()) text += " --baseline " + shell_word(options_.baseline);
  if (options_.include_long) text += " --long";
  if (options_.allow_shell) text += " --allow-shell";
  for (const std::string& define : options_.defines) text += " -D " + shell_word(define);
  return text;
}

void Run::finish(std::chrono::nanoseconds wall) {
  report::put_in_order(&result_);
  for (proto::CaseResult& result : *result_.mutable_cases()) result.set_repeat(repeat_of(result));
  result_.set_duration_ns(wall.count());
}

void Run::write_results() {
  const auto report_error = [&](const Result<void>& written) {
    if (written) return;
    complain(written.error().message);
    outcome_.broken = true;
  };
  const auto written = write(options_.outputs, result_, specs_);
  report_error(written);
  const std::string& page = options_.outputs.html;
  if (written && !page.empty() && page != "-") terminal_.write("page     " + page + "\n");
  if (!options_.update_baseline) return;
  const auto update = update_baseline(result_, baseline_path());
  if (!update) return report_error(tl::make_unexpected(update.error()));
  terminal_.write(*update);
}

ExitCode Run::run() {
  if (!select_cases() || !load_baseline()) return report::exit_code(outcome_);
  catch_interrupt();
  const auto started = std::chrono::steady_clock::now();
  const auto began = kernel::time_outside();
  bool first = true;
  for (auto& [profile, cases] : by_profile_) {
    if (interrupted()) break;
    if (!play(profile, std::move(cases), first)) return report::exit_code(outcome_);
    first = false;
  }
  finish(std::chrono::steady_clock::now() - started);
  outcome_.interrupted = interrupted();
  terminal_.summary(result_, kernel::time_outside() - began, [this](const std::string& id) {
    const Script* script = script_of(id);
    return script == nullptr ? nullptr : script->program.get();
  });
  write_results();
  return report::exit_code(outcome_);
}

// What the run writes to.
std::vector<std::string> files_of(const RunOptions& options) {
  const Outputs& outputs = options.outputs;
  return {outputs.json, outputs.junit, outputs.tap, outputs.html, outputs.pcap};
}

}  // namespace

void add_run(CLI::App& app, Action* action) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* run = app.add_subcommand("run", "Play cases on a stack and judge what it does");
  run->footer(std::string(kRunAbout) + kRunExamples);
  run->add_option("case", options->arguments, "Globs over case IDs, files, folders")
      ->type_name("GLOB|FILE");
  add_stack_options(*run, &options->choice);
  run->add_flag("-4", options->ipv4, "Over IPv4 only");
  run->add_flag("-6", options->ipv6, "Over IPv6 only");
  run->add_option("-j,--at-once", options->at_once,
                  "Cases under way at once (default: 64; in real time 256)")
      ->type_name("N")
      ->check(CLI::Range(1, 100000));
  run->add_flag("--long", options->include_long,
                "Play what takes longer than 75 s in real time too");
  run->add_option("--retries", options->retries,
                  "Play what is not as expected up to N times more; FLAKY: the verdicts differ")
      ->type_name("N")
      ->check(CLI::Range(0, 1000).description(""));
  add_filter_options(*run, &options->filter);
  add_output_options(*run, &options->outputs);
  run->add_option("--baseline", options->baseline,
                  "Known deviations, a file or folder, or none (default: specs/baselines/STACK)")
      ->type_name("FILE");
  run->add_flag("--update-baseline", options->update_baseline,
                "Enter what deviated, and take out what deviates no more");
  run->add_option("--specs", options->specs, "The folder of the cases")->type_name("DIR");
  run->add_option("-D,--define", options->defines,
                  "The word NAME of a script stands for the value; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->check(check_define);
  run->add_flag("--allow-shell", options->allow_shell, "Run the shell commands of scripts");
  run->add_flag("--keep-traces", options->outputs.keep_traces,
                "Keep the traces of passing cases in the JSON too");
  run->add_flag("-v,--verbose", options->verbosity, "Tell more: each case, and failures in full");
  run->callback([options, action] {
    *action = [options] {
      auto checked = check(&options->choice);
      if (checked) checked = check(options->outputs);
      if (!checked) {
        complain(checked.error().message);
        return static_cast<int>(report::kExitUsage);
      }
      return in_kernel(options->choice, files_of(*options),
                       [&] { return static_cast<int>(Run(*options).run()); });
    };
  });
}

}  // namespace synfin::cli
