#include "harness/explore/explore.h"

#include <algorithm>
#include <string>
#include <utility>

#include "harness/judge/judge.h"
#include "harness/judge/watcher.h"
#include "harness/play/player.h"
#include "harness/script/compile.h"
#include "harness/shrink/edits.h"

namespace synfin::explore {
namespace {

constexpr uint32_t kNewInTen = 1;  // programs made up from nothing
constexpr uint32_t kMostChanges = 4;
// In real time no step waits longer, and no program.
constexpr int64_t kLongestRealWait = 250'000'000;
constexpr Duration kLongestRealProgram = std::chrono::seconds(2);
// A virtual clock that is so far on is begun anew.
constexpr Time kFar{std::chrono::hours(24 * 365 * 20)};

class Meetings final : public judge::Meetings {
 public:
  std::set<uint32_t> all;

 private:
  void met(uint32_t meeting) override { all.insert(meeting); }
};

// One program under way.
struct Play {
  Play(proto::Program made, script::FlatProgram flat, const Profile& profile,
       const stack::Traits& traits)
      : program(std::move(made)),
        compiled(std::make_shared<const script::FlatProgram>(std::move(flat))),
        judge(profile, traits, &clauses),
        watched(judge, meetings) {}

  proto::Program program;
  std::shared_ptr<const script::FlatProgram> compiled;
  ClauseSet clauses;
  Meetings meetings;
  judge::Judge judge;
  judge::Watched watched;
  play::PlayResult result;
};

std::string octets_of(const proto::Program& program) { return program.SerializeAsString(); }

bool needs_more(const script::FlatProgram& flat) {
  return flat.place.own || !flat.needs.empty() || !flat.profile.empty();
}

}  // namespace

class Explorer::Impl {
 public:
  Impl(MakeStack make, Profile profile, judge::Baseline baseline, const ExploreOptions& options)
      : make_(std::move(make)),
        profile_(std::move(profile)),
        baseline_(std::move(baseline)),
        options_(options),
        mutator_(options.seed),
        chance_(options.seed + 1) {}

  Result<void> renew() {
    if (stack_ && stack_->now() < kFar) return {};
    auto made = make_();
    if (!made) return tl::make_unexpected(made.error());
    stack_ = std::move(*made);
    return {};
  }

  void add_seed(proto::Program program);
  Result<void> round(const OnFinding& on_finding, const std::function<bool()>& between);

  std::unique_ptr<stack::Stack> stack_;
  std::set<std::string> avoided_;
  std::set<shrink::Signature> known_;
  Progress progress_;

 private:
  proto::Program next();
  void shorten(proto::Program& program) const;
  std::unique_ptr<Play> prepare();
  void take_places();
  void look_at(Play& play, const OnFinding& on_finding);
  void report(const shrink::Signature& signature, const Play& play, const OnFinding& on_finding);

  MakeStack make_;
  Profile profile_;
  judge::Baseline baseline_;
  ExploreOptions options_;
  mutate::Mutator mutator_;
  mutate::Chance chance_;
  std::vector<proto::Program> seeds_;  // not yet played, the next one last
  std::vector<proto::Program> kept_;
  ClauseSet clauses_;
  std::set<uint32_t> meetings_;
  kernel::Places places_;
  bool new_places_ = false;  // in this batch
};

void Explorer::Impl::add_seed(proto::Program program) {
  const auto flat = script::compile(program);
  if (!flat || needs_more(*flat)) return;
  shrink::drop_expectations(program);
  program.clear_annotations();
  program.clear_options();
  for (proto::Step& step : *program.mutable_steps()) step.clear_annotations();
  mutate::mend(program);
  if (!program.steps().empty()) seeds_.push_back(std::move(program));
}

proto::Program Explorer::Impl::next() {
  if (!seeds_.empty()) {
    proto::Program seed = std::move(seeds_.back());
    seeds_.pop_back();
    return seed;
  }
  if (kept_.empty() || chance_.below(10) < kNewInTen) return mutator_.make();
  const auto pick = [this]() -> const proto::Program& {
    return kept_[chance_.below(static_cast<uint32_t>(kept_.size()))];
  };
  proto::Program program = pick();
  if (chance_.one_in(8)) mutator_.cross(program, pick());
  for (uint32_t i = 1 + chance_.below(kMostChanges); i > 0; --i) mutator_.mutate(program);
  mutate::mend(program);
  return program;
}

void Explorer::Impl::shorten(proto::Program& program) const {
  if (stack_->traits().virtual_time) return;
  for (proto::Step& step : *program.mutable_steps()) {
    proto::Time& time = *step.mutable_time();
    time.set_start_ns(std::min(time.start_ns(), kLongestRealWait));
  }
}

// Nothing, when the next program is none that can be played.
std::unique_ptr<Play> Explorer::Impl::prepare() {
  proto::Program program = next();
  shorten(program);
  auto flat = script::compile(program);
  if (!flat || needs_more(*flat)) return nullptr;
  if (!avoided_.empty() && avoided_.contains(octets_of(program))) return nullptr;
  const stack::Traits& traits = stack_->traits();
  if (!traits.virtual_time && flat->shortest > kLongestRealProgram) return nullptr;
  return std::make_unique<Play>(std::move(program), std::move(*flat), profile_, traits);
}

Result<void> Explorer::Impl::round(const OnFinding& on_finding,
                                   const std::function<bool()>& between) {
  if (auto renewed = renew(); !renewed) return renewed;
  std::vector<std::unique_ptr<Play>> plays;
  while (plays.size() < options_.batch) {
    if (auto play = prepare()) plays.push_back(std::move(play));
  }
  play::Player player(*stack_, options_.batch);
  for (const auto& play : plays) {
    play::Job job;
    job.program = play->compiled;
    job.options.ipv6 = options_.ipv6;
    job.options.seed = options_.seed;
    job.observer = &play->watched;
    job.done = [&result = play->result](play::PlayResult&& done) { result = std::move(done); };
    player.add(std::move(job));
    if (options_.before) options_.before(play->program);
  }
  if (options_.kcov != nullptr) options_.kcov->clear();
  player.run(between);
  take_places();
  for (const auto& play : plays) look_at(*play, on_finding);
  progress_.clauses = clauses_.count();
  progress_.meetings = meetings_.size();
  progress_.places = places_.count();
  progress_.kept = kept_.size();
  return {};
}

void Explorer::Impl::take_places() {
  if (options_.kcov == nullptr) return;
  new_places_ = places_.add(options_.kcov->places());
}

void Explorer::Impl::look_at(Play& play, const OnFinding& on_finding) {
  const stack::Identity& identity = stack_->identity();
  if (play.result.outcome == play::Outcome::kSkipped) return;
  if (play.result.lost() && stack_->traits().mortal) {
    seeds_.push_back(std::move(play.program));  // let in alone, whichever ends the stack is known
    return;
  }
  if (play.result.outcome == play::Outcome::kBroken) return;
  if (play.result.outcome == play::Outcome::kCrashed) {
    report(shrink::crash_of(play.result.broken, identity.name), play, on_finding);
    return;
  }
  ++progress_.programs;
  progress_.judged += play.judge.judged_to_the_end() ? 1 : 0;
  if (play.result.in_doubt()) return;
  for (const judge::Divergence& each : play.judge.divergences()) {
    if (each.in_doubt) break;  // perhaps what follows from the one before
    const auto seen = judge::Baseline::seen(each);
    if (baseline_.find(play.program.name(), seen, identity.name, identity.version) != nullptr) {
      ++progress_.known;
      continue;
    }
    report(shrink::signature_of(each), play, on_finding);
  }
  play.meetings.end();
  const std::size_t before = meetings_.size();
  meetings_.insert(play.meetings.all.begin(), play.meetings.all.end());
  if (new_places_ || meetings_.size() > before || (play.clauses & ~clauses_).any()) {
    if (options_.kept) options_.kept(play.program);
    kept_.push_back(std::move(play.program));
  }
  clauses_ |= play.clauses;
}

void Explorer::Impl::report(const shrink::Signature& signature, const Play& play,
                            const OnFinding& on_finding) {
  if (known_.insert(signature).second) return on_finding(signature, play.program);
  ++progress_.known;
}

// --- Explorer

Explorer::Explorer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Explorer::~Explorer() = default;

Result<std::unique_ptr<Explorer>> Explorer::open(MakeStack make, const Profile& profile,
                                                 judge::Baseline baseline,
                                                 const ExploreOptions& options) {
  auto impl = std::make_unique<Impl>(std::move(make), profile, std::move(baseline), options);
  if (auto made = impl->renew(); !made) return tl::make_unexpected(made.error());
  return std::unique_ptr<Explorer>(new Explorer(std::move(impl)));
}

void Explorer::add_seed(proto::Program program) { impl_->add_seed(std::move(program)); }
void Explorer::avoid(const proto::Program& program) { impl_->avoided_.insert(octets_of(program)); }
void Explorer::know(const shrink::Signature& signature) { impl_->known_.insert(signature); }

Result<void> Explorer::round(const OnFinding& on_finding, const std::function<bool()>& between) {
  return impl_->round(on_finding, between);
}

stack::Stack& Explorer::stack() { return *impl_->stack_; }
Progress Explorer::progress() const { return impl_->progress_; }

}  // namespace synfin::explore
