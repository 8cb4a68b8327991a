#include "harness/report/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/report/runs.h"

namespace synfin::report {
namespace {

using testing::ElementsAre;

proto::RunResult run_of(const std::string& version) {
  proto::RunResult run;
  run.mutable_provenance()->set_stack("linux");
  run.mutable_provenance()->set_stack_version(version);
  return run;
}

// A SYN that is repeated at these milliseconds, of this case.
void repeat_syn(proto::RunResult* run, const std::string& id, std::vector<int64_t> times) {
  TraceMaker trace(add_case(run, id, proto::PASS));
  trace.step(0).call("connect(3)").sent(kSyn, 0).state("SYN-SENT");
  for (const int64_t time : times) trace.at(time).sent(kSyn, 0);
}

TEST(Diff, FindsRunsEqualThatDifferInNumbersAndNoise) {
  proto::RunResult a = run_of("6.1");
  proto::RunResult b = run_of("6.12");
  for (proto::RunResult* run : {&a, &b}) {
    diverge(add_case(run, "a/known", proto::XFAIL), "MUST-11", "MUST")->set_got(". seq 1 ack 2");
  }
  b.mutable_cases(0)->mutable_divergences(0)->set_got(". seq 7 ack 9");
  TraceMaker(add_case(&a, "a/late", proto::PASS)).call("socket()").returned("socket()", 3);
  TraceMaker(add_case(&b, "a/late", proto::PASS))
      .at(90)
      .call("socket()")
      .at(99)
      .returned("socket()", 3);
  repeat_syn(&a, "a/syn", {1000, 3000});
  repeat_syn(&b, "a/syn", {1040, 3200});
  const RunComparison found = compare(a, b);
  EXPECT_TRUE(found.equal()) << comparison_text(found, {}, true);
  EXPECT_EQ(found.in_both, 3U);
}

TEST(Diff, TellsCasesTogetherThatDifferAlike) {
  proto::RunResult a = run_of("6.1");
  proto::RunResult b = run_of("6.12");
  for (const std::string id : {"a/one[1]", "a/one[2]@ipv6", "b/two"}) {
    add_case(&a, id, proto::PASS);
    diverge(add_case(&b, id, proto::FAIL), "SM-RST-2", "MUST");
  }
  add_case(&a, "c/skipped", proto::SKIP)->set_reason("no such sysctl");
  add_case(&b, "c/skipped", proto::PASS);
  EXPECT_EQ("\n" + comparison_text(compare(a, b), {}, false), R"(
linux 6.1 beside linux 6.12 · 4 cases in both · 0 alike · 2 differences

1   3 cases  a/one, b/two
    linux 6.1: PASS
    linux 6.12: FAIL, SM-RST-2 in ESTABLISHED: wanted <state> "ESTABLISHED" & an ACK, got CLOSED ##

2   1 case  c/skipped
    linux 6.1: SKIP, no such sysctl
    linux 6.12: PASS
)");
}

TEST(Diff, TellsWhatTheStackDidOtherwiseThoughBothMay) {
  proto::RunResult a = run_of("6.1");
  proto::RunResult b = run_of("6.12");
  repeat_syn(&a, "a/syn", {1000, 3000, 7000});
  repeat_syn(&b, "a/syn", {1000, 2000, 3000});
  repeat_syn(&a, "b/more", {1000});
  repeat_syn(&b, "b/more", {1000, 3000});
  const RunComparison found = compare(a, b);
  ASSERT_EQ(found.differences.size(), 2U);
  EXPECT_THAT(found.differences[0].told,
              ElementsAre("at 3.00 s: SYN seq 0 <mss 1460>", "at 2.00 s: SYN seq 0 <mss 1460>"));
  EXPECT_THAT(found.differences[1].told,
              ElementsAre("nothing more", "at 3.00 s: SYN seq 0 <mss 1460>"));
}

TEST(Diff, CallsThatEndAtOneMomentHaveNoOrder) {
  proto::RunResult a = run_of("6.1");
  proto::RunResult b = run_of("6.12");
  for (auto [run, turned] : {std::pair(&a, false), std::pair(&b, true)}) {
    TraceMaker trace(add_case(run, "a/two", proto::PASS));
    trace.step(0).call("connect(3)").step(1).call("write(3)").at(200);
    if (turned) trace.step(1).returned("write(3)", 100).step(0).returned("connect(3)", 0);
    if (!turned) trace.step(0).returned("connect(3)", 0).step(1).returned("write(3)", 100);
  }
  EXPECT_TRUE(compare(a, b).equal());
  TraceMaker(b.mutable_cases(0)).at(300).step(2).call("read(3)").returned("read(3)", 0);
  EXPECT_FALSE(compare(a, b).equal());
}

TEST(Diff, TellsWhichCasesOneRunAloneHas) {
  proto::RunResult a = run_of("6.1");
  proto::RunResult b = run_of("6.12");
  add_case(&a, "a/one", proto::PASS);
  add_case(&b, "b/one", proto::PASS);
  const RunComparison found = compare(a, b);
  EXPECT_FALSE(found.equal());
  EXPECT_THAT(found.alone[0], ElementsAre("a/one"));
  EXPECT_THAT(found.alone[1], ElementsAre("b/one"));
}

}  // namespace
}  // namespace synfin::report
