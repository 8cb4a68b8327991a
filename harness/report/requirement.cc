#include "harness/report/requirement.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace synfin::report {
namespace {

bool came_to_a_verdict(proto::Verdict verdict) {
  return verdict != proto::SKIP && verdict != proto::ERROR && verdict != proto::VERDICT_UNSPECIFIED;
}

bool speaks_against(proto::Verdict verdict) {
  return verdict == proto::FAIL || verdict == proto::WARN || verdict == proto::XFAIL ||
         verdict == proto::FLAKY;
}

// The gravest first.
constexpr std::array kGravity = {proto::FAIL,  proto::ERROR, proto::FLAKY,
                                 proto::XPASS, proto::WARN,  proto::XFAIL,
                                 proto::INFO,  proto::PASS,  proto::SKIP};

// What a divergence makes of a case that holds nothing else.
proto::Verdict verdict_of(const proto::Divergence& divergence, proto::Verdict of_case) {
  if (of_case == proto::FLAKY || divergence.level().empty()) return of_case;
  if (divergence.known()) return proto::XFAIL;
  if (divergence.level().starts_with("MUST")) return proto::FAIL;
  return divergence.level().starts_with("SHOULD") ? proto::WARN : proto::INFO;
}

using RuleResults = std::map<std::string, RuleResult, std::less<>>;

void add_votes(const proto::CaseResult& result, RuleResults* rules) {
  std::map<std::string, proto::Verdict> votes;
  const auto add = [&](const std::string& id, proto::Verdict verdict) {
    const auto [vote, fresh] = votes.emplace(id, verdict);
    const auto rank = [](proto::Verdict v) {
      return std::find(kGravity.begin(), kGravity.end(), v);
    };
    if (!fresh && rank(verdict) < rank(vote->second)) vote->second = verdict;
  };
  for (const proto::Divergence& divergence : result.divergences()) {
    if (find_clause(divergence.clause()) == nullptr) continue;
    add(divergence.clause(), verdict_of(divergence, result.verdict()));
  }
  const bool named = !votes.empty();
  for (const std::string& id : result.requirements()) {
    if (!votes.contains(id)) add(id, named ? proto::PASS : result.verdict());
  }
  for (const auto& [id, verdict] : votes) (*rules)[id].votes.push_back({&result, verdict});
}

}  // namespace

std::string section_of(const ClauseInfo& clause) {
  std::string text = fmt::format("RFC {} §", clause.rfc);
  for (const char c : clause.section) {
    if (c == '/') {
      text += ", §";
    } else {
      text += c;
    }
  }
  return text;
}

std::string describe_requirement(std::string_view id) {
  const ClauseInfo* clause = find_clause(id);
  if (clause == nullptr) return std::string(id);
  return fmt::format("{} {}", id, section_of(*clause));
}

proto::Verdict RuleResult::verdict() const {
  for (const proto::Verdict verdict : kGravity) {
    const auto says = [verdict](const Vote& vote) { return vote.verdict == verdict; };
    if (std::any_of(votes.begin(), votes.end(), says)) return verdict;
  }
  return proto::VERDICT_UNSPECIFIED;
}

RuleResults rule_results(const proto::RunResult& run) {
  RuleResults rules;
  for (const proto::CaseResult& result : run.cases()) add_votes(result, &rules);
  return rules;
}

Tally tally(const proto::RunResult& run) {
  Tally tally;
  for (const auto& [id, rule] : rule_results(run)) {
    for (const RuleResult::Vote& vote : rule.votes) {
      if (!came_to_a_verdict(vote.verdict)) continue;
      bool& met = tally.met.emplace(id, true).first->second;
      met = met && !speaks_against(vote.verdict);
    }
  }
  for (const auto& [id, met] : tally.met) {
    const ClauseInfo* clause = find_clause(id);
    if (clause == nullptr) continue;
    if (is_must(clause->level)) {
      ++tally.must;
      if (met) ++tally.must_met;
    } else if (is_should(clause->level)) {
      ++tally.should;
      if (met) ++tally.should_met;
    }
  }
  return tally;
}

}  // namespace synfin::report
