// synfin replay: one program on one stack, as a ladder and a verdict.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/in_kernel.h"
#include "harness/cli/playing.h"
#include "harness/report/exit_code.h"
#include "harness/report/failure.h"
#include "harness/report/json.h"
#include "harness/report/terminal.h"

namespace synfin::cli {
namespace {

constexpr const char* kReplayAbout =
    "Plays the programs of one file on a stack, draws what happened as a ladder, and judges it "
    "without a baseline.\n\nThe file is a .pkt script, a program as 'synfin show --as textproto' "
    "or '--as binary' writes it,\nor an input that a fuzz target failed on, of which no results "
    "are expected; what it holds tells which.";

constexpr const char* kReplayExamples = R"(

EXAMPLES
  synfin replay corpus/regressions/x.pkt --stack linux
  synfin replay x.textproto -6)";

struct ReplayOptions {
  std::string file;
  std::string glob;
  std::string json;
  StackChoice choice;
  bool ipv6 = false;
  bool allow_shell = false;
};

class Replay {
 public:
  explicit Replay(const ReplayOptions& options)
      : options_(options),
        style_(report::style_of(options.json == "-" ? STDERR_FILENO : STDOUT_FILENO)) {}

  int run() {
    const auto loaded = load_compiled(options_.file, options_.glob);
    if (!loaded) {
      complain(loaded.error().message);
      return report::kExitUsage;
    }
    catch_interrupt();
    for (const Loaded& each : *loaded) {
      if (interrupted() || !play(each)) break;
    }
    outcome_.interrupted = interrupted();
    write_results();
    return report::exit_code(outcome_);
  }

 private:
  bool play(const Loaded& loaded);
  void write_results();
  void show(const std::string& text) {
    std::FILE* out = options_.json == "-" ? stderr : stdout;
    const std::string shown = style_.for_reader(text);
    std::fwrite(shown.data(), 1, shown.size(), out);
    std::fflush(out);
  }

  const ReplayOptions& options_;
  report::Style style_;
  report::RunOutcome outcome_;
  proto::RunResult result_;
};

// False when the stack cannot be set up: it would not be for the next one either.
bool Replay::play(const Loaded& loaded) {
  ++outcome_.selected;
  const bool ipv6 = plays_ipv6(*loaded.program, options_.ipv6);
  auto played = play_one(options_.choice, loaded.program, {ipv6, options_.allow_shell});
  if (!played) {
    complain(played.error().message);
    outcome_.broken = true;
    return false;
  }
  outcome_.add(played->result.verdict());
  played->result.set_repeat(fmt::format("synfin replay {}{} {}", shell_word(options_.file),
                                        ipv6 ? " -6" : "", options_of(options_.choice)));
  show(report::head_line(played->provenance, 1) + "\n\n");
  const bool bad = played->result.divergences_size() > 0;
  if (bad || report::is_unexpected(played->result.verdict())) {
    report::FailureOptions options;
    options.style = style_;
    options.target = played->provenance.stack();
    options.all = true;
    show(report::failure_text(played->result, loaded.program.get(), options) + "\n");
  } else {
    show(whole_ladder(*played, *loaded.program, style_) + "\n");
    show(report::result_line(played->result, style_));
  }
  if (result_.cases_size() == 0) *result_.mutable_provenance() = played->provenance;
  *result_.add_cases() = std::move(played->result);
  return true;
}

void Replay::write_results() {
  if (options_.json.empty()) return;
  for (const proto::CaseResult& result : result_.cases()) {
    ++(*result_.mutable_verdicts())[proto::Verdict_Name(result.verdict())];
  }
  const auto written = report::write_json(result_, options_.json);
  if (written) return;
  complain(written.error().message);
  outcome_.broken = true;
}

}  // namespace

void add_replay(CLI::App& app, Action* action) {
  auto options = std::make_shared<ReplayOptions>();
  CLI::App* command = app.add_subcommand("replay", "Play one program and draw what happened");
  command->footer(std::string(kReplayAbout) + kReplayExamples);
  command->add_option("file", options->file, "A program: a script, or a message as text or binary")
      ->type_name("FILE")
      ->required();
  add_stack_options(*command, &options->choice);
  command->add_option("--case", options->glob, "Of a file with several programs, those it matches")
      ->type_name("GLOB");
  command->add_flag("-6", options->ipv6, "Over IPv6");
  command
      ->add_option("--json", options->json,
                   "Write the result to FILE as JSON; - is standard output")
      ->type_name("FILE");
  command->add_flag("--allow-shell", options->allow_shell, "Run the shell commands of the script");
  command->callback([options, action] {
    *action = [options] {
      const auto checked = check(&options->choice);
      if (checked) {
        return in_kernel(options->choice, {options->json}, [&] { return Replay(*options).run(); });
      }
      complain(checked.error().message);
      return static_cast<int>(report::kExitUsage);
    };
  });
}

}  // namespace synfin::cli
