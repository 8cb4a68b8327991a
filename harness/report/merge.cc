#include "harness/report/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "engine/clause.h"
#include "engine/state.h"
#include "harness/report/failure.h"

namespace synfin::report {
namespace {

void add_clauses(const proto::RunResult& part, proto::RunResult* into) {
  std::set<std::string, std::less<>> hit(into->clauses_hit().begin(), into->clauses_hit().end());
  hit.insert(part.clauses_hit().begin(), part.clauses_hit().end());
  into->clear_clauses_hit();
  for (const ClauseInfo& clause : kClauses) {
    if (hit.contains(clause.id)) into->add_clauses_hit(std::string(clause.id));
  }
}

void add_edges(const proto::RunResult& part, proto::RunResult* into) {
  for (const proto::EdgeTaken& edge : part.edges_taken()) {
    auto* edges = into->mutable_edges_taken();
    const auto same = std::find_if(edges->begin(), edges->end(), [&](const auto& other) {
      return other.from() == edge.from() && other.to() == edge.to() &&
             other.event() == edge.event();
    });
    if (same != edges->end()) {
      same->set_cases(same->cases() + edge.cases());
    } else {
      *edges->Add() = edge;
    }
  }
}

// "linux 6.18.44, profile linux-default"
std::string tested(const proto::RunResult& run) {
  const proto::Provenance& provenance = run.provenance();
  std::string text = provenance.stack();
  if (!provenance.stack_version().empty()) text += " " + provenance.stack_version();
  return text + ", profile " + provenance.profile();
}

}  // namespace

void add_results(proto::RunResult&& part, proto::RunResult* into) {
  for (proto::CaseResult& result : *part.mutable_cases()) *into->add_cases() = std::move(result);
  add_clauses(part, into);
  add_edges(part, into);
  auto* provenance = into->mutable_provenance();
  provenance->set_dropped_packets(provenance->dropped_packets() +
                                  part.provenance().dropped_packets());
}

void put_in_order(proto::RunResult* run) {
  auto* cases = run->mutable_cases();
  std::sort(cases->pointer_begin(), cases->pointer_end(),
            [](const auto* a, const auto* b) { return a->id() < b->id(); });
  run->clear_verdicts();
  for (const proto::CaseResult& result : *cases) {
    ++(*run->mutable_verdicts())[proto::Verdict_Name(result.verdict())];
  }
}

proto::CaseResult settle_tries(proto::CaseResult&& first, proto::CaseResult&& again) {
  const uint32_t attempts = first.attempts() + again.attempts();
  proto::CaseResult settled;
  if (first.verdict() == again.verdict() || again.verdict() == proto::ERROR) {
    settled = std::move(first);
  } else if (first.verdict() == proto::ERROR) {
    settled = std::move(again);
  } else {
    const bool told = first.verdict() == proto::FLAKY;
    const std::string before = told ? first.reason() : proto::Verdict_Name(first.verdict());
    const std::string reason = before + ", then " + proto::Verdict_Name(again.verdict());
    const bool keep_first = is_unexpected(first.verdict()) || !is_unexpected(again.verdict());
    settled = keep_first ? std::move(first) : std::move(again);
    settled.set_verdict(proto::FLAKY);
    settled.set_reason(reason);
  }
  settled.set_attempts(attempts);
  return settled;
}

Result<proto::RunResult> merge(std::vector<proto::RunResult>&& runs) {
  if (runs.empty()) return fail("there is nothing to merge");
  proto::RunResult merged;
  *merged.mutable_provenance() = runs.front().provenance();
  merged.mutable_provenance()->set_dropped_packets(0);
  std::map<std::string, proto::CaseResult> cases;
  for (proto::RunResult& run : runs) {
    if (tested(run) != tested(runs.front())) {
      return fail(fmt::format("results of different stacks are not one result: {}; and {}",
                              tested(runs.front()), tested(run)));
    }
    merged.set_duration_ns(std::max(merged.duration_ns(), run.duration_ns()));
    for (proto::CaseResult& result : *run.mutable_cases()) {
      const auto [place, fresh] = cases.try_emplace(result.id());
      place->second =
          fresh ? std::move(result) : settle_tries(std::move(place->second), std::move(result));
    }
    run.clear_cases();
    add_results(std::move(run), &merged);
  }
  for (auto& [id, result] : cases) *merged.add_cases() = std::move(result);
  put_in_order(&merged);
  return merged;
}

}  // namespace synfin::report
