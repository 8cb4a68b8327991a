#include "harness/judge/verdict.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/judge/session.h"
#include "harness/play/describe.h"

namespace synfin::judge {
namespace {

proto::Verdict verdict_of(Level level) {
  switch (level) {
    case Level::kMust:
    case Level::kMustNot:
      return proto::FAIL;
    case Level::kShould:
    case Level::kShouldNot:
      return proto::WARN;
    case Level::kMay:
      return proto::INFO;
  }
  return proto::FAIL;
}

// An expectation of the script itself is as strong as the strongest rule that the case tests.
Level level_of_case(const script::FlatProgram& program) {
  Level strongest = program.requirements.empty() ? Level::kMust : Level::kMay;
  for (const std::string& id : program.requirements) {
    const ClauseInfo* clause = find_clause(id);
    if (clause != nullptr) strongest = std::min(strongest, clause->level);
  }
  return strongest;
}

void name_clause(const ClauseInfo& clause, proto::Divergence& out) {
  out.set_clause(std::string(clause.id));
  out.set_section(fmt::format("RFC {} §{}", clause.rfc, clause.section));
  out.set_level(std::string(to_string(clause.level)));
}

void copy_fields(const std::vector<play::Difference>& fields, proto::Divergence& out) {
  for (const play::Difference& difference : fields) {
    proto::Field& field = *out.add_fields();
    field.set_name(difference.field);
    field.set_wanted(difference.wanted);
    field.set_got(difference.got);
  }
}

// Mismatches of the script, as divergences of the first rule that the case tests.
void add_mismatches(const script::FlatProgram& program, const play::PlayResult& play,
                    proto::CaseResult& out) {
  for (const play::Mismatch& mismatch : play.mismatches) {
    proto::Divergence& divergence = *out.add_divergences();
    const ClauseInfo* clause =
        program.requirements.empty() ? nullptr : find_clause(program.requirements.front());
    if (clause != nullptr) name_clause(*clause, divergence);
    divergence.set_level(std::string(to_string(level_of_case(program))));
    divergence.set_wanted(mismatch.wanted);
    divergence.set_got(mismatch.got);
    divergence.set_step(mismatch.step);
    divergence.set_line(mismatch.line);
    divergence.set_connection(program.connections[mismatch.connection]);
    copy_fields(mismatch.differences, divergence);
    if (!mismatch.numbers) continue;
    proto::WantedNumbers& numbers = *divergence.mutable_numbers();
    if (mismatch.numbers->seq) numbers.set_seq(*mismatch.numbers->seq);
    if (mismatch.numbers->ack) numbers.set_ack(*mismatch.numbers->ack);
    if (mismatch.numbers->window) numbers.set_window(*mismatch.numbers->window);
  }
}

void add_divergences(const script::FlatProgram& program, const Judge& judge,
                     proto::CaseResult& out) {
  for (const Divergence& found : judge.divergences()) {
    proto::Divergence& divergence = *out.add_divergences();
    name_clause(info(found.clause), divergence);
    divergence.set_state(std::string(to_string(found.state)));
    divergence.set_stimulus(found.stimulus);
    divergence.set_wanted(found.wanted);
    divergence.set_got(found.got);
    divergence.set_in_doubt(found.in_doubt);
    divergence.set_step(found.step);
    if (found.step < program.steps.size()) divergence.set_line(program.steps[found.step].line);
    divergence.set_connection(program.connections[found.connection]);
    copy_fields(found.fields, divergence);
  }
}

// Whatever a peer sends, the stack has to live.
void add_crash(const script::FlatProgram& program, const play::PlayResult& play,
               proto::CaseResult& out) {
  proto::Divergence& divergence = *out.add_divergences();
  divergence.set_level(std::string(to_string(Level::kMust)));
  divergence.set_wanted(kLivesOn);
  divergence.set_got(play.broken);
  if (play.trace.events.empty()) return;
  const play::Event& last = play.trace.events.back();
  divergence.set_step(last.step);
  if (last.step < program.steps.size()) divergence.set_line(program.steps[last.step].line);
  divergence.set_connection(program.connections[last.connection]);
}

proto::Verdict verdict_of(const proto::Divergence& divergence, Level of_case) {
  if (divergence.level().empty()) return verdict_of(of_case);
  if (divergence.level().starts_with("MUST")) return proto::FAIL;
  return divergence.level().starts_with("SHOULD") ? proto::WARN : proto::INFO;
}

// FAIL before WARN before INFO.
bool worse(proto::Verdict a, proto::Verdict b) {
  const auto rank = [](proto::Verdict verdict) {
    switch (verdict) {
      case proto::FAIL:
        return 3;
      case proto::WARN:
        return 2;
      case proto::INFO:
        return 1;
      default:
        return 0;
    }
  };
  return rank(a) > rank(b);
}

void judge_divergences(const Case& played, const Baseline& baseline, const stack::Identity& stack,
                       proto::CaseResult& out) {
  const Level of_case = level_of_case(*played.program);
  proto::Verdict unknown = proto::PASS;
  bool failed = false;
  for (proto::Divergence& divergence : *out.mutable_divergences()) {
    const proto::Verdict verdict = verdict_of(divergence, of_case);
    failed = failed || verdict == proto::FAIL;
    const proto::KnownDeviation* known =
        baseline.find(played.id, Baseline::seen(divergence), stack.name, stack.version);
    if (known != nullptr) {
      divergence.set_known(true);
      divergence.set_reason(known->reason());
      if (out.reason().empty()) out.set_reason(known->reason());
    } else if (worse(verdict, unknown)) {
      unknown = verdict;
    }
  }
  const proto::KnownDeviation* expected = baseline.any_for(played.id, stack.name, stack.version);
  if (unknown != proto::PASS) {
    out.set_verdict(unknown);
    out.clear_reason();
  } else if (out.divergences_size() > 0) {
    out.set_verdict(proto::XFAIL);
  } else if (expected != nullptr) {
    out.set_verdict(proto::XPASS);
    out.set_reason("the baseline expects a deviation: " + expected->reason());
  } else {
    out.set_verdict(proto::PASS);
  }
}

proto::TraceEvent::Kind kind_of(play::EventKind kind) {
  switch (kind) {
    case play::EventKind::kInjected:
      return proto::TraceEvent::INJECTED;
    case play::EventKind::kSent:
      return proto::TraceEvent::SENT;
    case play::EventKind::kCallStart:
      return proto::TraceEvent::CALL_START;
    case play::EventKind::kCallReturn:
      return proto::TraceEvent::CALL_RETURN;
    case play::EventKind::kState:
    case play::EventKind::kQuiet:
      break;
  }
  return proto::TraceEvent::STATE;
}

}  // namespace

void copy_trace(const script::FlatProgram& program, const play::PlayResult& play,
                proto::Trace& out) {
  for (const play::Event& event : play.trace.events) {
    if (event.kind == play::EventKind::kQuiet) continue;
    proto::TraceEvent& copy = *out.add_events();
    copy.set_kind(kind_of(event.kind));
    copy.set_at_ns((event.at - play.started).count());
    copy.set_step(event.step);
    copy.set_connection(program.connections[event.connection]);
    const auto data = play.trace.data(event);
    const std::string octets(data.begin(), data.end());
    switch (event.kind) {
      case play::EventKind::kInjected:
      case play::EventKind::kSent:
        copy.set_packet(octets);
        copy.set_expected(event.expected);
        break;
      case play::EventKind::kCallStart:
      case play::EventKind::kCallReturn:
        copy.set_call(play::describe(program.calls[event.call]));
        copy.set_result(event.value);
        if (event.error != 0) copy.set_error(play::describe_errno(event.error));
        copy.set_data(octets);
        break;
      default:
        copy.set_state(std::string(to_string(event.state)));
        break;
    }
  }
}

proto::CaseResult make_result(const Case& played, const play::PlayResult& play, const Judge& judge,
                              const Baseline& baseline, const stack::Identity& stack) {
  proto::CaseResult out;
  const script::FlatProgram& program = *played.program;
  out.set_id(played.id);
  out.set_file(program.file);
  for (const std::string& requirement : program.requirements) out.add_requirements(requirement);
  out.set_duration_ns((play.ended - play.started).count());
  switch (play.outcome) {
    case play::Outcome::kBroken:
      out.set_verdict(proto::ERROR);
      out.set_reason(play.broken);
      return out;
    case play::Outcome::kSkipped:
      out.set_verdict(proto::SKIP);
      out.set_reason(play.broken);
      return out;
    default:
      break;
  }
  if (play.unreliable) {
    out.set_verdict(proto::ERROR);
    out.set_reason(play.unreliable_reason);
    return out;
  }
  if (play.outcome == play::Outcome::kCrashed) add_crash(program, play, out);
  add_mismatches(program, play, out);
  add_divergences(program, judge, out);
  out.set_judged_to_the_end(play.outcome != play::Outcome::kCrashed && judge.judged_to_the_end());
  judge_divergences(played, baseline, stack, out);
  return out;
}

}  // namespace synfin::judge
