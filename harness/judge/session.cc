#include "harness/judge/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "harness/judge/judge.h"
#include "harness/judge/verdict.h"
#include "harness/play/player.h"

namespace synfin::judge {
namespace {

// The longest case that runs without --long where time is real.
constexpr Duration kLongest = std::chrono::seconds(75);
// The longest that runs with it.
constexpr Duration kLongestEver = std::chrono::hours(24);
// How many times fewer cases are under way when spoilt ones are played again, but still so many.
constexpr std::size_t kFewer = 8;
constexpr std::size_t kFew = 16;

class Session {
 public:
  Session(stack::Stack& stack, const Profile& profile, const Baseline& baseline,
          const SessionOptions& options, ClauseSet& coverage,
          const std::function<void(const proto::CaseResult&)>& on_result)
      : stack_(stack),
        profile_(profile),
        baseline_(baseline),
        options_(options),
        coverage_(coverage),
        on_result_(on_result),
        player_(stack, options.most_at_once) {}

  proto::RunResult run(const std::vector<Case>& cases,
                       const std::function<bool(const SessionProgress&)>& between);

 private:
  // One case under way: its judge must outlive the play.
  struct Play {
    const Case* played = nullptr;
    std::unique_ptr<Judge> judge;
    unsigned attempts = 0;
  };

  play::Job job_of(Play& play);
  bool play_again(Play& play, bool alone);
  void ended(Play& play, play::PlayResult&& result);
  void finish(proto::CaseResult&& result);
  bool skip_long(const Case& candidate);
  void describe(proto::Provenance& out) const;
  void describe_coverage();

  stack::Stack& stack_;
  const Profile& profile_;
  const Baseline& baseline_;
  const SessionOptions& options_;
  ClauseSet& coverage_;
  const std::function<void(const proto::CaseResult&)>& on_result_;
  std::vector<Play> plays_;
  play::Player player_;
  proto::RunResult out_;
  std::array<uint32_t, kEdges.size()> edge_cases_{};
  std::size_t done_ = 0;
  bool stopped_ = false;
};

bool Session::skip_long(const Case& candidate) {
  const Duration most = options_.include_long ? kLongestEver : kLongest;
  if (stack_.traits().virtual_time || candidate.program->shortest <= most) return false;
  proto::CaseResult result;
  result.set_id(candidate.id);
  result.set_file(candidate.program->file);
  result.set_verdict(proto::SKIP);
  result.set_reason(candidate.program->shortest <= kLongestEver
                        ? "takes longer than 75 s in real time: --long plays it"
                        : "takes longer than a day: for stacks in virtual time only");
  finish(std::move(result));
  return true;
}

play::Job Session::job_of(Play& play) {
  ++play.attempts;
  play.judge = std::make_unique<Judge>(profile_, stack_.traits(), &coverage_);
  play::Job job;
  job.program = play.played->program;
  job.options.ipv6 = play.played->ipv6;
  job.options.allow_shell = options_.allow_shell;
  job.options.seed = options_.seed;
  // What the commands of a program change, the rules do not know: its own expectations judge it.
  if (!play.played->program->place.own) job.observer = play.judge.get();
  if (options_.on_begin) job.begun = [this, &play] { options_.on_begin(*play.played); };
  job.done = [this, &play](play::PlayResult&& result) { ended(play, std::move(result)); };
  return job;
}

// What was spoilt is played after the rest, and with fewer others under way each time: the harness
// itself may have been the load that made it late.
bool Session::play_again(Play& play, bool alone) {
  if (stopped_ || play.attempts >= options_.unreliable_plays) return false;
  std::size_t at_most = alone ? 1 : options_.most_at_once;
  for (unsigned i = 0; i < play.attempts; ++i) {
    at_most = std::max(std::min(at_most, kFew), at_most / kFewer);
  }
  player_.add_last(job_of(play), at_most);
  return true;
}

// Neither what is right nor a deviation that is known.
bool is_unexpected(proto::Verdict verdict) {
  return verdict == proto::FAIL || verdict == proto::WARN || verdict == proto::INFO ||
         verdict == proto::XPASS;
}

void Session::ended(Play& play, play::PlayResult&& result) {
  proto::CaseResult verdict =
      make_result(*play.played, result, *play.judge, baseline_, stack_.identity());
  const bool late = !result.late.empty() && (options_.on_time || is_unexpected(verdict.verdict()));
  if ((result.unreliable || late) && play_again(play, result.lost())) return;
  // What a stack chose where the rules leave it the choice is no accusation.
  const bool accuses = result.in_doubt() && verdict.verdict() != proto::INFO;
  if (late && (options_.on_time || accuses)) {
    verdict.set_verdict(proto::ERROR);
    verdict.set_reason(result.late);
  }
  if (options_.keep_traces || verdict.verdict() != proto::PASS) {
    copy_trace(*play.played->program, result, *verdict.mutable_trace());
    verdict.mutable_trace()->set_epoch_ns(options_.epoch_ns +
                                          result.started.time_since_epoch().count());
  }
  verdict.set_attempts(play.attempts);
  const EdgeSet edges = play.judge->edges();
  for (std::size_t i = 0; i < kEdges.size(); ++i) edge_cases_[i] += edges.test(i) ? 1 : 0;
  std::string repeat = options_.repeat_command;
  if (const auto place = repeat.find("{id}"); place != std::string::npos) {
    repeat.replace(place, 4, play.played->id);
  }
  verdict.set_repeat(repeat);
  play.judge.reset();
  finish(std::move(verdict));
}

void Session::finish(proto::CaseResult&& result) {
  ++done_;
  ++(*out_.mutable_verdicts())[proto::Verdict_Name(result.verdict())];
  on_result_(result);
  *out_.add_cases() = std::move(result);
}

void Session::describe(proto::Provenance& out) const {
  const stack::Identity& identity = stack_.identity();
  out.set_stack(identity.name);
  out.set_stack_version(identity.version);
  out.set_kernel(identity.kernel);
  out.set_link(identity.link);
  out.set_privilege(identity.privilege);
  out.mutable_settings()->insert(identity.settings.begin(), identity.settings.end());
  out.set_profile(profile_.name);
  out.set_seed(options_.seed);
  out.set_dropped_packets(stack_.dropped());
}

void Session::describe_coverage() {
  for (std::size_t i = 0; i < kClauseCount; ++i) {
    if (coverage_.test(i)) out_.add_clauses_hit(std::string(kClauses[i].id));
  }
  for (std::size_t i = 0; i < kEdges.size(); ++i) {
    if (edge_cases_[i] == 0) continue;
    proto::EdgeTaken& edge = *out_.add_edges_taken();
    edge.set_from(std::string(to_string(kEdges[i].from)));
    edge.set_to(std::string(to_string(kEdges[i].to)));
    edge.set_event(std::string(to_string(kEdges[i].event)));
    edge.set_cases(edge_cases_[i]);
  }
}

proto::RunResult Session::run(const std::vector<Case>& cases,
                              const std::function<bool(const SessionProgress&)>& between) {
  const Time started = stack_.now();
  plays_.reserve(cases.size());  // plays are referred to while they run
  for (const Case& each : cases) {
    if (!skip_long(each)) plays_.push_back({&each, nullptr, 0});
  }
  // The longest first: all the others are played while they wait.
  std::stable_sort(plays_.begin(), plays_.end(), [](const Play& a, const Play& b) {
    return a.played->program->shortest > b.played->program->shortest;
  });
  for (Play& play : plays_) player_.add(job_of(play));
  player_.run([&] {
    stopped_ = stopped_ || (between && !between({done_, cases.size()}));
    return !stopped_;
  });
  describe(*out_.mutable_provenance());
  out_.set_duration_ns((stack_.now() - started).count());
  describe_coverage();
  return std::move(out_);
}

}  // namespace

proto::RunResult run_session(stack::Stack& stack, const Profile& profile, const Baseline& baseline,
                             const std::vector<Case>& cases, const SessionOptions& options,
                             ClauseSet& coverage,
                             const std::function<void(const proto::CaseResult&)>& on_result,
                             const std::function<bool(const SessionProgress&)>& between) {
  return Session(stack, profile, baseline, options, coverage, on_result).run(cases, between);
}

}  // namespace synfin::judge
