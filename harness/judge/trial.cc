#include "harness/judge/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "harness/judge/watcher.h"
#include "harness/script/compile.h"
#include "harness/script/stimuli.h"

namespace synfin::judge {
namespace {

using script::StepKind;

// A program takes a few hours at most.
constexpr Time kFar{std::chrono::hours(24 * 365 * 100)};

}  // namespace

class Trial::Impl {
 public:
  Impl(Make make, Profile profile, Baseline baseline, Watcher* watcher, ClauseSet* coverage)
      : make_(std::move(make)),
        profile_(std::move(profile)),
        baseline_(std::move(baseline)),
        watcher_(watcher),
        coverage_(coverage) {
    renew();
  }

  synfin::Result<const Result*> run(const proto::Program& program);

 private:
  void renew();
  synfin::Result<void> compile(const proto::Program& program);
  void part_waits();
  void take(play::PlayResult&& played, const proto::Program& program);

  Make make_;
  Profile profile_;
  Baseline baseline_;
  std::string known_of_;  // the program that known_ is about: one after another mostly has one name
  Baseline known_;
  Watcher* watcher_;
  ClauseSet* coverage_;
  std::unique_ptr<stack::Stack> stack_;
  std::unique_ptr<play::Player> player_;
  std::optional<Judge> judge_;
  std::vector<Divergence> divergences_;
  // What is played, and steps that were: their memory serves the next program.
  std::shared_ptr<script::FlatProgram> flat_ = std::make_shared<script::FlatProgram>();
  std::vector<script::Step> steps_;
  Result result_;
};

// A stack may be one of which there can only be one at a time.
void Trial::Impl::renew() {
  player_.reset();
  judge_.reset();
  stack_.reset();
  stack_ = make_();
  player_ = std::make_unique<play::Player>(*stack_, 1);
  judge_.emplace(profile_, stack_->traits(), coverage_);
}

synfin::Result<void> Trial::Impl::compile(const proto::Program& program) {
  auto compiled = script::compile(program, std::move(*flat_));
  if (!compiled) return tl::make_unexpected(compiled.error());
  *flat_ = std::move(*compiled);
  script::leave_stimuli(*flat_);
  part_waits();
  return {};
}

// A wait before a stimulus becomes a step of its own: the state is read after each step, and what
// the stack did in that time is seen before the stimulus changes it.
void Trial::Impl::part_waits() {
  steps_.clear();
  for (script::Step& step : flat_->steps) {
    if (step.kind != StepKind::kWait && step.when.start > Duration{0}) {
      script::Step& wait = steps_.emplace_back();
      wait.when = step.when;
      wait.when.returns.reset();
      wait.connection = step.connection;
      wait.line = step.line;
      if (step.when.returns) *step.when.returns -= step.when.start;
      step.when.kind = script::TimeKind::kRelative;
      step.when.start = Duration{0};
    }
    steps_.push_back(step);
  }
  std::swap(steps_, flat_->steps);
}

synfin::Result<const Trial::Result*> Trial::Impl::run(const proto::Program& program) {
  if (auto done = compile(program); !done) return tl::make_unexpected(done.error());
  if (stack_->now() > kFar) renew();
  std::optional<Watched> watched;
  if (watcher_ != nullptr) watched.emplace(*judge_, *watcher_);
  play::Job job;
  job.program = flat_;
  job.options.ipv6 = !flat_->ipv4;
  job.observer = watched ? static_cast<play::Observer*>(&*watched) : &*judge_;
  job.done = [&](play::PlayResult&& played) { take(std::move(played), program); };
  try {
    player_->add(std::move(job));
    player_->run();
  } catch (const Stop&) {
    result_ = {};
    result_.outcome = play::Outcome::kCut;
    renew();
  }
  return &result_;
}

void Trial::Impl::take(play::PlayResult&& played, const proto::Program& program) {
  result_.outcome = played.outcome;
  result_.broken = std::move(played.broken);
  result_.findings.clear();
  result_.judged_to_the_last_step =
      played.outcome == play::Outcome::kPlayed && judge_->judged_to_the_end();
  result_.segments = static_cast<std::size_t>(std::count_if(
      played.trace.events.begin(), played.trace.events.end(),
      [](const play::Event& event) { return event.kind == play::EventKind::kInjected; }));
  const stack::Identity& identity = stack_->identity();
  judge_->take_divergences(divergences_);
  if (!divergences_.empty() && program.name() != known_of_) {
    known_of_ = program.name();
    known_ = baseline_.of_case(known_of_, identity.name, identity.version);
  }
  for (Divergence& divergence : divergences_) {
    const auto* known = known_.find(Baseline::seen(divergence));
    if (known == nullptr && divergence.in_doubt) result_.judged_to_the_last_step = false;
    result_.findings.push_back({std::move(divergence), known});
  }
}

Trial::Trial(Make make, const Profile& profile, Baseline baseline, Watcher* watcher,
             ClauseSet* coverage)
    : impl_(std::make_unique<Impl>(std::move(make), profile, std::move(baseline), watcher,
                                   coverage)) {}

Trial::~Trial() = default;

synfin::Result<const Trial::Result*> Trial::run(const proto::Program& program) {
  return impl_->run(program);
}

const Finding* Trial::first_unknown(const Result& result) {
  const auto found =
      std::find_if(result.findings.begin(), result.findings.end(), [](const Finding& finding) {
        return finding.known == nullptr && !finding.divergence.in_doubt;
      });
  return found == result.findings.end() ? nullptr : &*found;
}

std::string Trial::describe(const Finding& finding) {
  const Divergence& divergence = finding.divergence;
  const ClauseInfo& clause = info(divergence.clause);
  std::string out = fmt::format("{} (RFC {} §{}) in {} after `{}`: wanted {}, got {}", clause.id,
                                clause.rfc, clause.section, to_string(divergence.state),
                                divergence.stimulus, divergence.wanted, divergence.got);
  for (const play::Difference& field : divergence.fields) {
    out += fmt::format("; {}: wanted {}, got {}", field.field, field.wanted, field.got);
  }
  return out;
}

}  // namespace synfin::judge
