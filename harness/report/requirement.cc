#include "harness/report/requirement.h"

#include <fmt/format.h>

#include <unordered_map>

namespace synfin::report {
namespace {

bool came_to_a_verdict(proto::Verdict verdict) {
  return verdict != proto::SKIP && verdict != proto::ERROR && verdict != proto::VERDICT_UNSPECIFIED;
}

bool speaks_against(proto::Verdict verdict) {
  return verdict == proto::FAIL || verdict == proto::WARN || verdict == proto::XFAIL ||
         verdict == proto::FLAKY;
}

void add_violations(const proto::CaseResult& result, Tally* tally) {
  bool named = false;
  for (const proto::Divergence& divergence : result.divergences()) {
    if (find_clause(divergence.clause()) == nullptr) continue;
    tally->met[divergence.clause()] = false;
    named = true;
  }
  if (named) return;
  for (const std::string& id : result.requirements()) tally->met[id] = false;
}

}  // namespace

const ClauseInfo* find_clause(std::string_view id) {
  static const std::unordered_map<std::string_view, const ClauseInfo*> by_id = [] {
    std::unordered_map<std::string_view, const ClauseInfo*> map;
    for (const ClauseInfo& clause : kClauses) map.emplace(clause.id, &clause);
    return map;
  }();
  const auto found = by_id.find(id);
  return found == by_id.end() ? nullptr : found->second;
}

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

Tally tally(const proto::RunResult& run) {
  Tally tally;
  for (const proto::CaseResult& result : run.cases()) {
    if (!came_to_a_verdict(result.verdict())) continue;
    for (const std::string& id : result.requirements()) tally.met.emplace(id, true);
  }
  for (const proto::CaseResult& result : run.cases()) {
    if (speaks_against(result.verdict())) add_violations(result, &tally);
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
