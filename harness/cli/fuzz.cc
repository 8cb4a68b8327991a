// synfin fuzz: sequences that nobody wrote, and a file for each finding.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/finding.h"
#include "harness/cli/finding_files.h"
#include "harness/cli/fuzz_kernel.h"
#include "harness/cli/select.h"
#include "harness/explore/explore.h"
#include "harness/kernel/board.h"
#include "harness/kernel/guest.h"
#include "harness/kernel/kcov.h"
#include "harness/report/catalogue.h"
#include "harness/report/exit_code.h"
#include "harness/report/style.h"
#include "harness/report/terminal.h"
#include "harness/script/program_file.h"
#include "harness/shrink/plays.h"
#include "harness/shrink/shrink.h"
#include "harness/stack/registry.h"

namespace synfin::cli {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kFuzzAbout =
    "Makes up programs, changes those that met with something new, and plays them to a stack while "
    "the judge looks on.\nEach finding that the baseline does not know is made minimal and kept "
    "once "
    "in the folder of --out: a script (.pkt),\na capture (.pcap), and a text (.txt) that says in a "
    "paragraph what it is, above the ladder. Two findings are one\nwhen rule, state and kind of "
    "what "
    "was wanted and got are the same. What --out already holds is known as well,\nand what is in "
    "corpus/regressions/STACK beside the specs.";

constexpr const char* kFuzzExamples = R"(

EXIT CODES
  0  nothing new; 1 something new was found; 2 wrong usage; 3 set-up failed, or the disk is full;
  130 interrupted: what was found until then is kept

EXAMPLES
  synfin fuzz --stack lwip --for 10m --out findings
  synfin fuzz --stack linux --for 1h --out findings --seed 7)";

constexpr std::size_t kVirtualBatch = 64;
constexpr std::size_t kRealBatch = 400;
// What came once on a real machine has to come again so often, of so many plays.
constexpr std::size_t kRepeats = 2;
constexpr std::size_t kTimes = 10;
constexpr auto kHearEvery = std::chrono::seconds(3);
constexpr auto kTellEvery = std::chrono::milliseconds(500);
constexpr auto kTellPlainlyEvery = std::chrono::seconds(10);

struct FuzzCommand {
  StackChoice choice;
  std::string duration = "1m";
  std::string out;
  std::string corpus;
  std::string specs;
  std::string baseline;
  std::vector<std::string> seeds;
  std::chrono::seconds for_so_long{60};
  uint64_t programs = 0;  // 0: no limit
  std::size_t at_once = 0;
  bool ipv6 = false;
};

// "90s", "10m", "2h".
std::optional<std::chrono::seconds> parse_duration(const std::string& text) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  if (digits == 0 || digits > 6 || text.size() != digits + 1) return std::nullopt;
  const std::chrono::seconds number(std::stol(text));
  switch (text[digits]) {
    case 's':
      return number;
    case 'm':
      return number * 60;
    case 'h':
      return number * 3600;
    default:
      return std::nullopt;
  }
}

class Fuzz {
 public:
  explicit Fuzz(const FuzzCommand& options)
      : options_(options),
        style_(report::style_of(STDOUT_FILENO)),
        began_(kernel::time_outside()),
        corpus_(options.corpus),
        heard_(began_) {}

  int run();

 private:
  bool open();
  bool load_baseline();
  bool guide_by_kernel(explore::ExploreOptions* explore);
  void add_seeds();
  void take_panics();
  shrink::Plays plays(std::function<bool()> between = {});
  void know(const fs::path& folder);
  void hear_of_others();
  void found(const shrink::Signature& signature, const proto::Program& program);
  std::optional<Finding> settle(const shrink::Signature& signature, const proto::Program& program);
  bool is_known(const Finding& finding) const;
  bool time_is_over() const;
  bool go_on();
  void tell(bool last);
  void write(const std::string& text) {
    if (line_shown_) std::fputs("\r\x1b[K", stdout);
    line_shown_ = false;
    const std::string shown = style_.for_reader(text);
    std::fwrite(shown.data(), 1, shown.size(), stdout);
    std::fflush(stdout);
  }

  const FuzzCommand& options_;
  report::Style style_;
  Clock::time_point began_;
  Clock::time_point told_;
  bool line_shown_ = false;
  std::optional<fs::path> specs_;
  judge::Baseline baseline_;
  proto::Requirements catalogue_;
  proto::Provenance provenance_;
  Profile profile_;
  std::optional<kernel::Kcov> kcov_;
  std::unique_ptr<explore::Explorer> explorer_;
  CorpusFolder corpus_;
  std::set<fs::path> known_files_;
  std::set<std::string> panics_;  // octets of programs that ended a kernel
  Clock::time_point heard_;
  std::size_t new_ = 0;
  bool broken_ = false;
};

bool Fuzz::time_is_over() const {
  const bool enough = options_.programs > 0 && explorer_->progress().programs >= options_.programs;
  return enough || kernel::time_outside() - began_ >= options_.for_so_long;
}

bool Fuzz::go_on() {
  tell(false);
  return !interrupted();
}

// How far it is: on a terminal in one line that is written over, else now and then.
void Fuzz::tell(bool last) {
  const auto now = kernel::time_outside();
  const auto every = style_.terminal ? Clock::duration(kTellEvery) : kTellPlainlyEvery;
  if (!last && now - told_ < every) return;
  told_ = now;
  const explore::Progress progress = explorer_->progress();
  const double seconds = std::max(std::chrono::duration<double>(now - began_).count(), 1e-3);
  const std::string places =
      kcov_ ? fmt::format("{} places of the kernel, ", progress.places) : std::string();
  const std::string text = fmt::format(
      "{:>8}  {} programs, {:.0f}/s · {} new, {} known · {} of {} clauses, {} meetings, {}{} kept",
      report::duration_text(now - began_), progress.programs,
      static_cast<double>(progress.programs) / seconds, new_, progress.known, progress.clauses,
      kClauseCount, progress.meetings, places, progress.kept);
  write(style_.terminal && !last ? report::shorten(text, style_.columns - 1) : text + "\n");
  line_shown_ = style_.terminal && !last;
}

bool Fuzz::load_baseline() {
  if (options_.baseline == "none") return true;
  fs::path path = options_.baseline;
  if (path.empty()) {
    if (!specs_) return true;
    path = *specs_ / "baselines" / options_.choice.stack;
    std::error_code error;
    if (!fs::exists(path, error)) return true;
  }
  auto loaded = judge::Baseline::load(path.string());
  if (!loaded) {
    complain(loaded.error().message);
    return false;
  }
  baseline_ = std::move(*loaded);
  return true;
}

bool Fuzz::open() {
  specs_ = find_specs(options_.specs);
  auto catalogue = report::load_catalogue(specs_);
  if (!catalogue) {
    complain(catalogue.error().message);
    return false;
  }
  catalogue_ = std::move(*catalogue);
  if (!load_baseline()) return false;
  std::error_code error;
  fs::create_directories(options_.out, error);
  if (error) {
    complain(fmt::format("--out {}: {}", options_.out, error.message()));
    return false;
  }
  const auto make = [this]() -> Result<std::unique_ptr<stack::Stack>> {
    auto opened = open_stack(options_.choice);
    if (!opened) return tl::make_unexpected(opened.error());
    provenance_ = provenance_of(*opened, options_.choice);
    profile_ = opened->profile;
    return std::move(opened->stack);
  };
  auto first = make();  // tells the profile and whether time is real
  if (!first) {
    complain(first.error().message);
    broken_ = true;
    return false;
  }
  explore::ExploreOptions explore;
  explore.seed = options_.choice.seed;
  explore.ipv6 = options_.ipv6;
  explore.batch = (*first)->traits().virtual_time ? kVirtualBatch : kRealBatch;
  if (options_.at_once > 0) explore.batch = options_.at_once;
  if (kernel::inside() && !guide_by_kernel(&explore)) return false;
  if (!options_.corpus.empty()) {
    explore.kept = [this](const proto::Program& program) {
      const auto kept = corpus_.keep(program);
      if (kept || broken_) return;
      complain(kept.error().message);
      broken_ = true;
    };
  }
  first->reset();
  auto explorer = explore::Explorer::open(make, profile_, baseline_, explore);
  if (!explorer) {
    complain(explorer.error().message);
    broken_ = true;
    return false;
  }
  explorer_ = std::move(*explorer);
  return true;
}

// One program at a time: then it is known which passed new code, and which was under way when the
// kernel panicked.
bool Fuzz::guide_by_kernel(explore::ExploreOptions* explore) {
  auto kcov = kernel::Kcov::open();
  if (!kcov) {
    complain(kcov.error().message);
    broken_ = true;
    return false;
  }
  kcov_.emplace(std::move(*kcov));
  explore->kcov = &*kcov_;
  explore->batch = 1;
  explore->before = note_program;
  return true;
}

// Before anything is played: what ended one kernel is not played on another.
void Fuzz::take_panics() {
  for (const proto::Program& program : panics_in(options_.out)) {
    explorer_->avoid(program);
    panics_.insert(program.SerializeAsString());
  }
}

shrink::Plays Fuzz::plays(std::function<bool()> between) {
  shrink::Plays plays(explorer_->stack(), profile_, options_.ipv6, options_.choice.seed,
                      std::move(between));
  if (kernel::inside()) {
    plays.ask_before([this](const proto::Program& program) {
      note_program(program);
      return !panics_.contains(program.SerializeAsString());
    });
  }
  return plays;
}

void Fuzz::add_seeds() {
  for (proto::Program& program : corpus_.fresh()) explorer_->add_seed(std::move(program));
  std::vector<std::string> folders = options_.seeds;
  if (folders.empty() && specs_) {
    folders.push_back(specs_->string());
    folders.push_back((specs_->parent_path() / "corpus" / "seeds").string());
  }
  for (const std::string& folder : folders) {
    for (const fs::path& file : scripts_below(folder)) {
      auto programs = script::parse_file(file.string());
      if (!programs) {
        complain(programs.error().message);
        continue;
      }
      for (proto::Program& program : *programs) explorer_->add_seed(std::move(program));
    }
  }
}

// What the scripts of a folder show is known, each told once.
void Fuzz::know(const fs::path& folder) {
  std::vector<proto::Program> all;
  for (const fs::path& file : scripts_below(folder)) {
    if (shows_panic(file) || !known_files_.insert(file).second) continue;
    auto programs = script::parse_file(file.string());
    if (!programs) {
      complain(programs.error().message);
      continue;
    }
    std::move(programs->begin(), programs->end(), std::back_inserter(all));
  }
  if (all.empty()) return;
  for (const proto::CaseResult& result : plays().play(all)) {
    for (const auto& signature : shrink::signatures_of(result, options_.choice.stack)) {
      explorer_->know(signature);
    }
  }
}

// What other instances have found and kept meanwhile.
void Fuzz::hear_of_others() {
  const auto now = kernel::time_outside();
  if (options_.choice.kernel.empty() || options_.at_once < 2 || now - heard_ < kHearEvery) return;
  heard_ = now;
  know(options_.out);
  for (proto::Program& program : corpus_.fresh()) explorer_->add_seed(std::move(program));
}

// Makes it minimal and tells how often it shows. Nothing: it did not come again.
std::optional<Finding> Fuzz::settle(const shrink::Signature& signature,
                                    const proto::Program& program) {
  const auto between = [this] { return go_on(); };
  shrink::Plays plays = this->plays(between);
  const std::size_t shown = plays.count(program, signature, kTimes);
  const bool real = !explorer_->stack().traits().virtual_time;
  if (shown < (real ? kRepeats : 1)) return std::nullopt;
  shrink::ShrinkOptions bounds;
  bounds.batch = plays.batch();
  bounds.most_plays = real ? 1000 : 5000;
  Finding finding{signature, {}, {}, 0, kTimes};
  finding.program =
      shrink::shrink(program, plays.shows(signature, shown == kTimes), bounds, between).program;
  finding.shown = plays.count(finding.program, signature, kTimes);
  finding.result = plays.play({finding.program}).at(0);
  return finding;
}

// Whether the baseline knows it now that it is minimal: what was done to the stack besides, and
// when an answer came, may have hidden that.
bool Fuzz::is_known(const Finding& finding) const {
  const proto::Divergence* shown = divergence_of(finding.result, finding.signature);
  if (shown == nullptr) return false;
  const stack::Identity& identity = explorer_->stack().identity();
  const auto seen = judge::Baseline::seen(*shown);
  return baseline_.find(finding.program.name(), seen, identity.name, identity.version) != nullptr;
}

void Fuzz::found(const shrink::Signature& signature, const proto::Program& program) {
  if (interrupted() || broken_) return;
  const auto finding = settle(signature, program);
  if (!finding || is_known(*finding)) return;
  const auto kept = keep_finding(*finding, options_.out, provenance_, catalogue_,
                                 (options_.ipv6 ? "-6 " : "") + options_of(options_.choice));
  if (!kept) {
    complain(kept.error().message);
    broken_ = true;
    return;
  }
  known_files_.insert(*kept);
  ++new_;
  write(fmt::format("{}  {} in {} steps: {}\n", style_.paint(report::Ink::kRed, "NEW"),
                    shrink::to_string(signature), finding->program.steps_size(), *kept));
}

int Fuzz::run() {
  if (!open()) return broken_ ? report::kExitBroken : report::kExitUsage;
  catch_interrupt();
  write(fmt::format("synfin {} · target {} {} · profile {} · seed {:#x} · for {}\n",
                    provenance_.version(), provenance_.stack(), provenance_.stack_version(),
                    profile_.name, options_.choice.seed, options_.duration));
  take_panics();
  if (specs_) know(specs_->parent_path() / "corpus" / "regressions" / options_.choice.stack);
  know(options_.out);
  add_seeds();
  while (!time_is_over() && !interrupted() && !broken_) {
    hear_of_others();
    const auto played =
        explorer_->round([this](const shrink::Signature& signature,
                                const proto::Program& program) { found(signature, program); },
                         [this] { return go_on(); });
    if (played) continue;
    complain(played.error().message);
    broken_ = true;
  }
  tell(true);
  if (interrupted()) return report::kExitInterrupted;
  if (broken_) return report::kExitBroken;
  return new_ > 0 ? report::kExitUnexpected : report::kExitOk;
}

}  // namespace

void add_fuzz(CLI::App& app, Action* action) {
  auto options = std::make_shared<FuzzCommand>();
  CLI::App* command = app.add_subcommand("fuzz", "Look for findings with made-up programs");
  command->footer(std::string(kFuzzAbout) + kFuzzExamples);
  add_stack_options(*command, &options->choice);
  command->add_option("--out", options->out, "The folder that findings are kept in")
      ->type_name("DIR")
      ->required();
  command->add_option("--for", options->duration, "So long: 90s, 10m, 2h")
      ->type_name("TIME")
      ->take_last()
      ->check([](const std::string& text) {
        return parse_duration(text) ? "" : "expected a number and s, m or h, as in 10m";
      })
      ->capture_default_str();
  command->add_option("--programs", options->programs, "Or so many programs (0: no limit)")
      ->type_name("N");
  command
      ->add_option(
          "-j", options->at_once,
          "So many programs at once (0: as suits the stack); so many kernels, with --kernel")
      ->check(CLI::Range(0U, 4096U))
      ->type_name("N");
  command
      ->add_option("--corpus", options->corpus,
                   "A folder of programs that met with something new, to begin with and to add to")
      ->type_name("DIR");
  command
      ->add_option("--seeds", options->seeds,
                   "Folders of programs to begin with, in place of the specs and corpus/seeds")
      ->type_name("DIR");
  command
      ->add_option("--baseline", options->baseline,
                   "Known deviations: a file or folder, or none (default specs/baselines/STACK)")
      ->type_name("PATH");
  command->add_option("--specs", options->specs, "The folder of the cases and baselines")
      ->type_name("DIR");
  command->add_flag("-6", options->ipv6, "Over IPv6");
  command->callback([options, action] {
    *action = [options] {
      options->for_so_long = *parse_duration(options->duration);
      const auto checked = check(&options->choice);
      if (!options->choice.kernel.empty()) {
        if (options->corpus.empty()) options->corpus = (fs::path(options->out) / "corpus").string();
        // What a TUN carries is handled where KCOV looks.
        if (options->choice.link.empty()) options->choice.link = "tun";
      }
      const stack::StackInfo* info = stack::find_stack(options->choice.stack);
      if (checked && options->choice.profile.empty() && info->followed != nullptr) {
        options->choice.profile = info->followed().name;
      }
      if (checked) {
        return fuzz_in_kernel(options->choice,
                              {.out = options->out,
                               .corpus = options->corpus,
                               .for_so_long = options->for_so_long,
                               .instances = options->at_once},
                              [&] { return Fuzz(*options).run(); });
      }
      complain(checked.error().message);
      return static_cast<int>(report::kExitUsage);
    };
  });
}

}  // namespace synfin::cli
