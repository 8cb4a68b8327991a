// Tries, shards, and what the cases say of each rule.
#include "harness/report/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/report/requirement.h"
#include "tests/report/runs.h"

namespace synfin::report {
namespace {

proto::CaseResult one(proto::Verdict verdict) {
  proto::RunResult run;
  return *add_case(&run, "a", verdict);
}

proto::CaseResult tries(const std::vector<proto::Verdict>& verdicts) {
  proto::CaseResult result = one(verdicts.front());
  for (std::size_t i = 1; i < verdicts.size(); ++i) {
    result = settle_tries(std::move(result), one(verdicts[i]));
  }
  return result;
}

TEST(Tries, ThatDifferAreFlaky) {
  using proto::ERROR, proto::FAIL, proto::FLAKY, proto::PASS;
  EXPECT_EQ(tries({FAIL, FAIL}).verdict(), FAIL);
  EXPECT_EQ(tries({FAIL, PASS}).verdict(), FLAKY);
  EXPECT_EQ(tries({FAIL, PASS}).reason(), "FAIL, then PASS");
  EXPECT_EQ(tries({PASS, FAIL}).verdict(), FLAKY);
  EXPECT_EQ(tries({FAIL, PASS, PASS}).reason(), "FAIL, then PASS, then PASS");
  EXPECT_EQ(tries({FAIL, PASS, PASS}).attempts(), 3U);
}

TEST(Tries, AnErrorSaysNothingAboutTheStack) {
  using proto::ERROR, proto::FAIL, proto::PASS;
  EXPECT_EQ(tries({ERROR, PASS}).verdict(), PASS);
  EXPECT_EQ(tries({FAIL, ERROR}).verdict(), FAIL);
  EXPECT_EQ(tries({ERROR, ERROR}).verdict(), ERROR);
}

TEST(Tries, KeepWhatWasFound) {
  proto::CaseResult failed = one(proto::FAIL);
  diverge(&failed, "MUST-10", "MUST");
  EXPECT_EQ(settle_tries(one(proto::PASS), proto::CaseResult(failed)).divergences_size(), 1);
  EXPECT_EQ(settle_tries(proto::CaseResult(failed), one(proto::PASS)).divergences_size(), 1);
}

proto::EdgeTaken* add_edge(proto::RunResult* run, const std::string& to, uint32_t cases) {
  proto::EdgeTaken* edge = run->add_edges_taken();
  edge->set_from("SYN-SENT");
  edge->set_to(to);
  edge->set_event("segment");
  edge->set_cases(cases);
  return edge;
}

TEST(Merge, JoinsCasesAndCoverage) {
  proto::RunResult one;
  add_case(&one, "b", proto::PASS);
  one.add_clauses_hit("SM-RST-2");
  add_edge(&one, "ESTABLISHED", 2);
  one.set_duration_ns(5);
  proto::RunResult two;
  add_case(&two, "a", proto::FAIL);
  add_case(&two, "b", proto::PASS);
  two.add_clauses_hit("MUST-10");
  two.add_clauses_hit("SM-RST-2");
  add_edge(&two, "ESTABLISHED", 1);
  add_edge(&two, "CLOSED", 1);
  two.set_duration_ns(7);
  const auto merged = merge({one, two});
  ASSERT_TRUE(merged);
  ASSERT_EQ(merged->cases_size(), 2);
  EXPECT_EQ(merged->cases(0).id(), "a");
  EXPECT_EQ(merged->cases(1).attempts(), 2U);
  EXPECT_EQ(merged->verdicts().at("PASS"), 1U);
  EXPECT_THAT(merged->clauses_hit(), testing::ElementsAre("MUST-10", "SM-RST-2"));
  ASSERT_EQ(merged->edges_taken_size(), 2);
  EXPECT_EQ(merged->edges_taken(0).cases(), 3U);
  EXPECT_EQ(merged->duration_ns(), 7);
}

TEST(Merge, RefusesOtherStacks) {
  proto::RunResult one = every_verdict();
  proto::RunResult two = every_verdict();
  two.mutable_provenance()->set_stack_version("6.1");
  const auto merged = merge({one, two});
  ASSERT_FALSE(merged);
  EXPECT_THAT(merged.error().message, testing::HasSubstr("linux 6.1, profile linux-default"));
}

TEST(RuleResults, ADivergenceCountsForItsOwnClause) {
  const proto::RunResult run = every_verdict();
  const auto rules = rule_results(run);
  EXPECT_EQ(rules.at("RFC5961-3-2").verdict(), proto::FAIL);
  EXPECT_EQ(rules.at("SM-RST-2").verdict(), proto::PASS);
  EXPECT_EQ(rules.at("SM-RST-2").votes.size(), 2U);
  EXPECT_EQ(rules.at("SHLD-3").verdict(), proto::WARN);
  EXPECT_EQ(rules.at("MAY-2").verdict(), proto::INFO);
  EXPECT_EQ(rules.at("MUST-11").verdict(), proto::XFAIL);
  EXPECT_EQ(rules.at("MUST-13").verdict(), proto::FLAKY);
  EXPECT_EQ(rules.count("MUST-1"), 0U);
}

}  // namespace
}  // namespace synfin::report
