// synfin shrink: the least program that shows what a program shows.
#include "harness/shrink/shrink.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/finding.h"
#include "harness/cli/in_kernel.h"
#include "harness/cli/playing.h"
#include "harness/cli/select.h"
#include "harness/report/catalogue.h"
#include "harness/report/exit_code.h"
#include "harness/report/style.h"
#include "harness/script/file.h"
#include "harness/shrink/plays.h"
#include "harness/stack/reference.h"

namespace synfin::cli {
namespace {

constexpr const char* kShrinkAbout =
    "Makes the program of a file minimal that parts from the rules on a stack, or crashes it: "
    "steps "
    "are left out,\nthen options, text and flags, and numbers become ordinary ones, as long as the "
    "same finding shows: the same rule\nin the same state, the same kind of thing wanted and got. "
    "The file is any that 'synfin replay' plays. What is\nleft is a script whose comment tells the "
    "finding, and how often it showed.";

constexpr const char* kShrinkExamples = R"(

EXIT CODES
  0  it was made smaller, or is minimal; 4 it shows no finding: there is nothing to shrink

EXAMPLES
  synfin shrink build/fuzz/diff_lwip-crash-4f2e --stack lwip --out found.pkt
  synfin shrink x.pkt --stack linux --clause SM-ACK-3)";

// A finding that does not come each time gets so many chances to show first.
constexpr std::size_t kTries = 8;

struct ShrinkCommand {
  std::string file;
  std::string glob;
  std::string out = "-";
  std::string clause;
  std::string specs;
  StackChoice choice;
  std::size_t most_plays = 5000;
  std::size_t times = 20;
  bool ipv6 = false;
};

// Whether each shows what `shows` looks for and not what `not_shows` does: an expectation alone
// says nothing, unless the reference meets it.
shrink::Shows but_not(shrink::Shows shows, shrink::Shows not_shows) {
  return [shows = std::move(shows),
          not_shows = std::move(not_shows)](const std::vector<proto::Program>& programs) {
    std::vector<bool> out = shows(programs);
    const std::vector<bool> wrong = not_shows(programs);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = out[i] && !wrong[i];
    return out;
  };
}

class Command {
 public:
  explicit Command(const ShrinkCommand& options)
      : options_(options), style_(report::style_of(STDERR_FILENO)) {}

  int run();

 private:
  bool load();
  std::optional<shrink::Signature> choose(shrink::Plays& plays);
  int write(Finding& finding, const OpenStack& open);
  void tell(const std::string& text) const {
    const std::string shown = style_.for_reader(text);
    std::fwrite(shown.data(), 1, shown.size(), stderr);
  }
  int refuse(int code, const std::string& message) {
    complain(message);
    return code;
  }

  const ShrinkCommand& options_;
  report::Style style_;
  std::optional<Loaded> loaded_;
  int refused_ = report::kExitOk;
};

bool Command::load() {
  auto loaded = load_compiled(options_.file, options_.glob);
  if (!loaded) {
    complain(loaded.error().message);
    return false;
  }
  if (loaded->size() > 1) {
    complain(
        fmt::format("{} holds {} programs; name one with --case", options_.file, loaded->size()));
    return false;
  }
  loaded_ = std::move(loaded->front());
  return true;
}

// What the program shows, of which the wanted clause or the first is taken: the judge's before the
// script's own. Nothing: `refused_` has the exit code, and why was said.
std::optional<shrink::Signature> Command::choose(shrink::Plays& plays) {
  const std::string& stack = options_.choice.stack;
  std::vector<shrink::Signature> found;
  std::string reason;
  for (std::size_t i = 0; i < kTries && found.empty() && !interrupted(); ++i) {
    const proto::CaseResult result = plays.play({loaded_->source}).at(0);
    found = shrink::signatures_of(result, stack);
    reason = result.reason();
    const bool broken = result.verdict() == proto::ERROR || result.verdict() == proto::SKIP;
    if (found.empty() && broken) {
      refused_ = result.verdict() == proto::ERROR ? report::kExitBroken : report::kExitNothing;
      complain(fmt::format("{}: cannot be played on {}: {}", options_.file, stack, reason));
      return std::nullopt;
    }
  }
  refused_ = interrupted() ? report::kExitInterrupted : report::kExitNothing;
  if (found.empty()) {
    complain(fmt::format("{}: {} does all that the rules and the script ask: nothing to shrink",
                         options_.file, stack));
    return std::nullopt;
  }
  std::stable_partition(found.begin(), found.end(), [](const shrink::Signature& each) {
    return each.objector != shrink::Objector::kScript;
  });
  std::string clauses;
  for (const shrink::Signature& each : found) {
    if (options_.clause.empty() || each.clause == options_.clause) return each;
    clauses += (clauses.empty() ? "" : ", ") + each.clause;
  }
  complain(fmt::format("{}: shows nothing against {}; it shows {}", options_.file, options_.clause,
                       clauses));
  return std::nullopt;
}

int Command::write(Finding& finding, const OpenStack& open) {
  auto catalogue = report::load_catalogue(find_specs(options_.specs));
  if (!catalogue) return refuse(report::kExitUsage, catalogue.error().message);
  const bool to_file = options_.out != "-";
  const std::string file = to_file ? options_.out : "FILE";
  const std::string repeat = fmt::format("synfin replay {}{} {}", shell_word(file),
                                         options_.ipv6 ? " -6" : "", options_of(options_.choice));
  const std::string paragraph =
      paragraph_of(finding, provenance_of(open, options_.choice), *catalogue);
  const auto written = script::write_file(options_.out, script_of(finding, paragraph, repeat));
  if (!written) return refuse(report::kExitBroken, written.error().message);
  tell(paragraph);
  return interrupted() ? report::kExitInterrupted : report::kExitOk;
}

int Command::run() {
  if (!load()) return report::kExitUsage;
  const auto open = open_stack(options_.choice, loaded_->program->profile);
  if (!open) return refuse(report::kExitBroken, open.error().message);
  catch_interrupt();
  const auto go_on = [] { return !interrupted(); };
  const bool ipv6 = plays_ipv6(*loaded_->program, options_.ipv6);
  shrink::Plays plays(*open->stack, open->profile, ipv6, options_.choice.seed, go_on);
  const auto wanted = choose(plays);
  if (!wanted) return refused_;
  tell(shrink::to_string(*wanted) + "\n");

  Finding finding{*wanted, {}, {}, 0, options_.times};
  const auto reference = stack::make_reference_stack({open->profile, options_.choice.seed});
  shrink::Plays right(*reference, open->profile, ipv6, options_.choice.seed, go_on);
  const bool steady = plays.count(loaded_->source, *wanted, kTries) == kTries;
  shrink::Shows shows = plays.shows(*wanted, steady);
  if (wanted->objector == shrink::Objector::kScript && options_.choice.stack != "reference") {
    shows = but_not(std::move(shows), right.shows(*wanted));
    if (!shows({loaded_->source}).at(0)) {
      return refuse(report::kExitNothing,
                    options_.file + ": the reference does not do what the script asks either");
    }
  }
  shrink::Shrunk shrunk =
      shrink::shrink(loaded_->source, shows, {options_.most_plays, plays.batch()}, go_on);
  finding.program = std::move(shrunk.program);
  finding.shown = plays.count(finding.program, *wanted, options_.times);
  finding.result = plays.play({finding.program}).at(0);
  tell(fmt::format("{} -> {} steps in {} plays{}\n", loaded_->source.steps_size(),
                   finding.program.steps_size(), shrunk.plays,
                   shrunk.minimal ? "" : "; not yet minimal"));
  return write(finding, *open);
}

}  // namespace

void add_shrink(CLI::App& app, Action* action) {
  auto options = std::make_shared<ShrinkCommand>();
  CLI::App* command = app.add_subcommand("shrink", "Make a program that shows a finding minimal");
  command->footer(std::string(kShrinkAbout) + kShrinkExamples);
  command->add_option("file", options->file, "A program: a script, or a message as text or binary")
      ->type_name("FILE")
      ->required();
  add_stack_options(*command, &options->choice);
  command->add_option("--out", options->out, "Where the script goes (default standard output)")
      ->type_name("FILE");
  command
      ->add_option("--case", options->glob, "Of a file with several programs, the one it matches")
      ->type_name("GLOB");
  command
      ->add_option("--clause", options->clause, "Of several findings, the first against this rule")
      ->type_name("ID");
  command->add_option("--plays", options->most_plays, "Stop after so many plays")
      ->check(CLI::Range(1U, 1'000'000U))
      ->capture_default_str();
  command->add_option("--times", options->times, "Plays of the outcome, to tell how often it shows")
      ->check(CLI::Range(1U, 10'000U))
      ->capture_default_str();
  command->add_option("--specs", options->specs, "The folder that has the catalogue of rules")
      ->type_name("DIR");
  command->add_flag("-6", options->ipv6, "Over IPv6");
  command->callback([options, action] {
    *action = [options] {
      const auto checked = check(&options->choice);
      if (checked) {
        return in_kernel(options->choice, {options->out}, [&] { return Command(*options).run(); });
      }
      complain(checked.error().message);
      return static_cast<int>(report::kExitUsage);
    };
  });
}

}  // namespace synfin::cli
