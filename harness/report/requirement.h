// Requirements by their names, and how many of them a run has shown to be met.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/clause.h"
#include "harness/proto/result.pb.h"

namespace synfin::report {

// "MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY".
constexpr bool is_must(Level level) { return level == Level::kMust || level == Level::kMustNot; }
constexpr bool is_should(Level level) {
  return level == Level::kShould || level == Level::kShouldNot;
}

// "RFC 9293 §3.10.7.4"; of a rule in two sections "RFC 9293 §3.4, §3.10.7.4".
std::string section_of(const ClauseInfo& clause);
// "MUST-10  RFC 9293 §3.5"; the ID alone when it is not known.
std::string describe_requirement(std::string_view id);

// What the cases of a run say about one rule.
struct RuleResult {
  struct Vote {
    const proto::CaseResult* result;
    proto::Verdict verdict;  // as far as this rule is concerned
  };
  std::vector<Vote> votes;

  // The gravest of them; unspecified when no case tests the rule.
  proto::Verdict verdict() const;
};

// By the ID of the rule. A case that diverges speaks against the clauses of its divergences, and
// for the other rules that it names; where they have no clause, against all that it names.
std::map<std::string, RuleResult, std::less<>> rule_results(const proto::RunResult& run);

// Whether a stack met the requirements that a run has tested.
struct Tally {
  std::map<std::string, bool, std::less<>> met;  // by ID
  std::size_t must = 0;
  std::size_t must_met = 0;
  std::size_t should = 0;
  std::size_t should_met = 0;
};

// A requirement is tested when a case that names it came to a verdict on the stack, and met when
// none of those cases shows that it is violated, a known deviation included.
Tally tally(const proto::RunResult& run);

}  // namespace synfin::report
