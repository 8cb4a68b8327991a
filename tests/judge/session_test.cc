// From cases to verdicts: the reference plays under one profile and is judged under another.
#include "harness/judge/session.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "harness/script/compile.h"
#include "harness/script/parser.h"
#include "harness/stack/reference.h"
#include "tests/temp_file.h"

namespace synfin::judge {
namespace {

// A challenge ACK where RFC 5961 is in force, a reset where it is not.
constexpr const char* kResetInWindow = R"(
//@ requires RFC5961-3-3
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 1000
+0 > S. 0:0(0) ack 1
+0 < . 1:1(0) ack 1 win 1000
+0 accept(3, ..., ...) = 4
+0 < R RCV.NXT+10(0) win 1000
)";

// A SYN in TIME-WAIT that a stack may take or leave (MAY-2).
constexpr const char* kSynInTimeWait = R"(
//@ requires MAY-2
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 1000
+0 > S. 0:0(0) ack 1
+0 < . 1:1(0) ack 1 win 1000
+0 accept(3, ..., ...) = 4
+0 shutdown(4, SHUT_WR) = 0
+0 > F. 1:1(0) ack 1
+0 < F. 1:1(0) ack 2 win 1000
+0 > . 2:2(0) ack 2
+0 < S 1000:1000(0) win 1000
)";

class SessionTest : public ::testing::Test {
 protected:
  proto::CaseResult play(const char* text, const Profile& played, const Profile& judged,
                         const Baseline& baseline = {}) {
    const auto stack = stack::make_reference_stack({.profile = played, .seed = 1});
    const auto parsed = script::parse(text, "case.pkt");
    EXPECT_TRUE(parsed);
    const auto program = script::compile(*parsed);
    EXPECT_TRUE(program);
    const std::vector<Case> cases{
        {"topic/case", std::make_shared<const script::FlatProgram>(*program), false}};
    SessionOptions options;
    options.repeat_command = "synfin run {id} --stack reference";
    ClauseSet coverage;
    const proto::RunResult result = run_session(*stack, judged, baseline, cases, options, coverage,
                                                [](const proto::CaseResult&) {}, {});
    EXPECT_EQ(result.cases_size(), 1);
    return result.cases(0);
  }

  Profile rfc5961_;
  Profile rfc793_ = [] {
    Profile profile;
    profile.rfc5961 = false;
    return profile;
  }();
  Profile takes_no_syn_ = [] {
    Profile profile;
    profile.time_wait_accepts_syn = false;
    return profile;
  }();
};

TEST_F(SessionTest, WhatTheRulesHavePasses) {
  const auto result = play(kResetInWindow, rfc5961_, rfc5961_);
  EXPECT_EQ(result.verdict(), proto::PASS);
  EXPECT_TRUE(result.judged_to_the_end());
  EXPECT_FALSE(result.has_trace());
}

TEST_F(SessionTest, AMustIsAFailureWithItsClauseItsTraceAndACommand) {
  const auto result = play(kResetInWindow, rfc793_, rfc5961_);
  EXPECT_EQ(result.verdict(), proto::FAIL);
  ASSERT_GT(result.divergences_size(), 0);
  EXPECT_EQ(result.divergences(0).clause(), "RFC5961-3-3");
  EXPECT_EQ(result.divergences(0).wanted(), "ESTABLISHED");
  EXPECT_GT(result.trace().events_size(), 0);
  EXPECT_EQ(result.repeat(), "synfin run topic/case --stack reference");
}

TEST_F(SessionTest, AMayIsInformation) {
  const auto result = play(kSynInTimeWait, takes_no_syn_, rfc5961_);
  EXPECT_EQ(result.verdict(), proto::INFO);
  ASSERT_EQ(result.divergences_size(), 1);
  EXPECT_EQ(result.divergences(0).clause(), "MAY-2");
}

class KnownDeviations : public SessionTest {
 protected:
  static Baseline baseline(const std::string& text) {
    const std::string path = synfin::testing::temp_path("session_test.textproto");
    std::ofstream(path) << text;
    auto loaded = Baseline::load(path);
    std::remove(path.c_str());
    EXPECT_TRUE(loaded);
    return loaded ? *loaded : Baseline();
  }
};

TEST_F(KnownDeviations, AreExpected) {
  const auto result = play(kResetInWindow, rfc793_, rfc5961_, baseline(R"(
    deviations { case_id: "topic/*" stack: "reference" reason: "it follows RFC 793" })"));
  EXPECT_EQ(result.verdict(), proto::XFAIL);
  EXPECT_EQ(result.reason(), "it follows RFC 793");
}

TEST_F(KnownDeviations, HideNoOther) {
  const auto result = play(kResetInWindow, rfc793_, rfc5961_, baseline(R"(
    deviations { case_id: "topic/*" clause: "MUST-13" stack: "reference" reason: "another" })"));
  EXPECT_EQ(result.verdict(), proto::FAIL);
}

TEST_F(KnownDeviations, ThatAreGoneAreTold) {
  const auto result = play(kResetInWindow, rfc5961_, rfc5961_, baseline(R"(
    deviations { case_id: "topic/*" stack: "reference" reason: "it follows RFC 793" })"));
  EXPECT_EQ(result.verdict(), proto::XPASS);
}

}  // namespace
}  // namespace synfin::judge
