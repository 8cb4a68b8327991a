#include "harness/play/run.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/play/describe.h"

namespace synfin::play {
namespace {

using script::StepKind;
using script::TimeKind;

// `* >` waits no longer than this: longer than any retransmission of a usual connection takes.
constexpr Duration kAnyTime = std::chrono::seconds(130);

Duration scaled(Duration time, double share) {
  return std::chrono::duration_cast<Duration>(time * share);
}

}  // namespace

Next Run::advance(Time now) {
  reading_.reset();
  note_quiet(now);
  for (;;) {
    Next next;
    switch (phase_) {
      case Phase::kDue:
        next = due(now);
        break;
      case Phase::kSettle:
        next = settle(now);
        break;
      case Phase::kReturn:
        next = wait_for_return(now);
        break;
      case Phase::kShell:
        next = wait_for_shell(now);
        break;
      case Phase::kExpect:
        next = expect(now);
        break;
      case Phase::kPython:
        next = wait_for_python(now);
        break;
      case Phase::kFinal:
        next = final(now);
        break;
      case Phase::kOver:
        return {Next::Kind::kOver, now};
    }
    if (next.kind != Next::Kind::kGoOn) return next;
  }
}

// --- times ---

Duration Run::tolerance(Duration wait) const {
  const double share = std::max(job_.options.tolerance, shared_.traits.timer_slack);
  return std::max(
      {job_.options.tolerance_min, shared_.traits.timer_slack_min, scaled(wait, share)});
}

// How much too early an expected packet may come. In virtual time nothing but the grain of the
// stack's clock makes it early.
Duration Run::early(Duration slack) const {
  if (!shared_.traits.virtual_time) return slack;
  return std::min(slack, std::max(job_.options.tolerance_min, shared_.traits.timer_slack_min));
}

Time Run::due_time(const script::Step& step) const {
  switch (step.when.kind) {
    case TimeKind::kRelative:
    case TimeKind::kRelativeRange:
      return last_time_ + step.when.start;
    case TimeKind::kAbsolute:
    case TimeKind::kAbsoluteRange:
      return std::max(last_time_, result_.started + step.when.start);
    case TimeKind::kAny:
    case TimeKind::kTimeout:  // of expectations only, which have bounds
    case TimeKind::kUntilTimeout:
      break;
  }
  return last_time_;
}

// When an expected packet may come. The ends of a range stand as they were written.
Run::Bounds Run::bounds(const script::Step& expected) const {
  const script::When& when = expected.when;
  const Duration least = job_.options.tolerance_min;
  switch (when.kind) {
    case TimeKind::kRelative: {
      const Duration slack = tolerance(when.start);
      return {last_time_ + when.start - early(slack), last_time_ + when.start + slack};
    }
    case TimeKind::kAbsolute: {
      const Time at = result_.started + when.start;
      const Duration slack = tolerance(std::max(at - last_time_, Duration{0}));
      return {at - early(slack), at + slack};
    }
    case TimeKind::kTimeout:
    case TimeKind::kUntilTimeout: {
      const auto timer = job_.observer->retransmission_timer(expected.connection);
      const Duration slack = tolerance(timer.timeout);
      const Time at = timer.started + timer.timeout;
      const bool any_before = when.kind == TimeKind::kUntilTimeout;
      return {any_before ? last_time_ + when.start - least : at - early(slack), at + slack};
    }
    case TimeKind::kRelativeRange:
      return {last_time_ + when.start - least, last_time_ + when.end + least};
    case TimeKind::kAbsoluteRange:
      return {result_.started + when.start - least, result_.started + when.end + least};
    case TimeKind::kAny:
      break;
  }
  return {Time::min(), last_time_ + kAnyTime};
}

// The quiet time comes first when it ends before that: the trace has to show it.
Next Run::wait(Time until) const {
  if (!quiet_noted_) until = std::min(until, quiet_at_);
  return {Next::Kind::kWait, until};
}

void Run::note_quiet(Time now) {
  if (quiet_noted_ || now < quiet_at_ || phase_ == Phase::kOver) return;
  quiet_noted_ = true;
  for (uint16_t i = 0; i < connections_.size(); ++i) {
    append(EventKind::kQuiet, quiet_at_, i);
    notify();
  }
}

void Run::stimulus(Time at) {
  passed_.clear();
  last_time_ = std::max(last_time_, at);
  quiet_at_ = last_time_ + shared_.traits.quiet_time;
  quiet_noted_ = false;
}

// --- phases ---

Next Run::due(Time now) {
  if (preparing_) {
    if (const Next next = hold(now); next.kind != Next::Kind::kGoOn) return next;
  }
  if (step_ == program_->steps.size()) {
    phase_ = pieces_.empty() ? Phase::kFinal : Phase::kPython;
    return {};
  }
  if (step().kind == StepKind::kExpect) {
    bounds_ = bounds(step());
    phase_ = Phase::kExpect;
    return {};
  }
  const Time at = due_time(step());
  if (now < at) return wait(at);
  if (at > last_time_ && reads_after_waits() && !look_at_all(now)) return {};
  perform(step(), now, at);
  if (phase_ == Phase::kSettle) return {Next::Kind::kAgain, now};
  return {};
}

Next Run::settle(Time now) {
  if (step().kind == StepKind::kCall && !program_->calls[step().index].blocking &&
      !step().when.returns) {
    phase_ = Phase::kReturn;
    limit_ = last_time_ + shared_.traits.quiet_time;
    return {};
  }
  finish_step(now);
  return {};
}

Next Run::wait_for_return(Time now) {
  const bool under_way = std::any_of(pending_.begin(), pending_.end(),
                                     [&](const Pending& call) { return call.step == step_; });
  if (!under_way) {
    finish_step(now);
    return {};
  }
  if (now < limit_) return wait(limit_);
  if (was_late()) {
    unreliable("the harness ran late while a call was under way");
    cut();
    return {};
  }
  mismatch(step_, describe(program_->calls[step().index]) + " returns at once",
           fmt::format("it still blocks after {} s", describe(shared_.traits.quiet_time)));
  return {};
}

Next Run::expect(Time now) {
  // Where the harness itself was late the stack gets a little longer. What comes then is told by
  // its time to be late; when nothing comes at all that is the stack's doing.
  const Time limit = was_late() ? bounds_.upper + shared_.traits.quiet_time : bounds_.upper;
  for (std::size_t i = 0; i < unclaimed_.size();) {
    if (unclaimed_[i].connection != step().connection) {
      ++i;
      continue;
    }
    std::size_t count = parts(i);
    if (count == 0 && now < limit) break;
    count = std::max<std::size_t>(count, 1);
    const auto first = unclaimed_.begin() + static_cast<std::ptrdiff_t>(i);
    const auto end = first + static_cast<std::ptrdiff_t>(count);
    if (take(step(), i, count)) {
      slipped_in_row_ = Duration{0};
      last_time_ = std::max(last_time_, result_.trace.events[first->event].at);
      unclaimed_.erase(first, end);
      finish_step(now);
      return {};
    }
    if (phase_ != Phase::kExpect) return {};
    passed_.insert(passed_.end(), first, end);
    unclaimed_.erase(first, end);
  }
  if (now < limit) return wait(limit);
  nothing_came();
  return {};
}

Next Run::final(Time now) {
  if (!quiet_noted_ && job_.options.quiet_at_end) return wait(quiet_at_);
  for (const Pending& call : pending_) {
    if (result_.outcome != Outcome::kPlayed) break;
    const Duration returns = call.returns.value_or(Duration{0});
    const Time limit = call.started + returns + tolerance(returns);
    if (now < limit) return wait(limit);
    const auto& spec = program_->calls[program_->steps[call.step].index];
    mismatch(call.step, fmt::format("{} returns after {} s", describe(spec), describe(returns)),
             "it still blocks");
    return {};
  }
  report_unclaimed();
  phase_ = Phase::kOver;
  return {};
}

void Run::finish_step(Time now) {
  const script::Step& played = step();
  phase_ = Phase::kDue;
  const bool reads = job_.options.read_states && step_ == job_.options.states_at.value_or(step_);
  if (reads || played.state) read_state(played, now);
  if (phase_ == Phase::kDue) ++step_;
}

// After a wait the stack may have moved by itself, and what comes then acts on that.
bool Run::look_at_all(Time now) {
  for (uint16_t i = 0; i < connections_.size(); ++i) {
    if (!look(i, now)) return false;
  }
  return true;
}

// A packet that is there already meets its expectation at the moment of the step before it, whose
// reading holds for it.
bool Run::look(uint16_t connection, Time now) {
  if (!reading_ || reading_->connection != connection) {
    const auto read = shared_.stack.snapshot(id_, connection);
    if (!read) {
      break_off("the state of the stack cannot be read: " + read.error().message);
      return false;
    }
    reading_ = {connection, *read};
  }
  append(EventKind::kState, now, connection).state = reading_->state;
  notify();
  return true;
}

void Run::read_state(const script::Step& played, Time now) {
  if (!look(played.connection, now)) return;
  const State state = reading_->state;
  if (!played.state || *played.state == state) return;
  // Where a listener is left, the connection that has gone reads as LISTEN.
  if (*played.state == State::kClosed && state == State::kListen) return;
  mismatch(step_, fmt::format("state {}", to_string(*played.state)),
           fmt::format("state {}", to_string(state)),
           {{"state", std::string(to_string(*played.state)), std::string(to_string(state))}});
}

// --- results ---

void Run::mismatch(uint32_t at, std::string wanted, std::string got,
                   std::vector<Difference> differences) {
  const script::Step& where = program_->steps[at];
  result_.mismatches.push_back({at, where.line, where.connection, std::move(wanted), std::move(got),
                                std::move(differences)});
  cut();
}

// The quiet time is still waited for, so that a judge can say what was not sent.
void Run::cut() {
  if (result_.outcome == Outcome::kPlayed) result_.outcome = Outcome::kCut;
  phase_ = Phase::kFinal;
}

void Run::break_off(std::string why, Outcome outcome) {
  result_.outcome = outcome;
  result_.broken = std::move(why);
  phase_ = Phase::kOver;
}

void Run::on_lost(const std::string& why) {
  break_off(why);
  unreliable(why);
}

void Run::unreliable(std::string why) {
  result_.unreliable = true;
  if (result_.unreliable_reason.empty()) result_.unreliable_reason = std::move(why);
}

void Run::close() {
  leave_shell();
  if (opened_) shared_.stack.close(id_);
  opened_ = false;
}

void Run::finish(Time now) {
  result_.ended = now;
  close();
  if (shared_.dropped != dropped_before_) {
    unreliable(fmt::format("{} packets were lost between harness and stack",
                           shared_.dropped - dropped_before_));
  }
  if (job_.done) job_.done(std::move(result_));
  job_ = {};
}

}  // namespace synfin::play
