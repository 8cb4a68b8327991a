// Trials: what they leave of a program, what they find, and that one does not disturb the next.
#include "harness/judge/trial.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "harness/script/parser.h"
#include "harness/stack/lwip_stack.h"
#include "harness/stack/reference.h"

namespace synfin::judge {
namespace {

constexpr const char* kOpened = R"(
0 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 5) = 0
+0 < S 0:0(0) win 1000
+0 > S. 0:0(0) ack 1 <...>
+0 < . 1:1(0) ack 1 win 1000
)";

proto::Program program_of(const std::string& text) {
  auto program = script::parse(text, "trial.pkt");
  EXPECT_TRUE(program) << text;
  program->set_name("fuzz");
  return *program;
}

// A RST within the window and not at RCV.NXT: RFC 5961 asks for a challenge, RFC 793 lets it reset.
proto::Program reset_program() {
  return program_of(std::string(kOpened) + "+0 < R RCV.NXT+1(0) win 1000\n");
}

// The reference without RFC 5961.
std::unique_ptr<stack::Stack> old_fashioned() {
  stack::ReferenceOptions options;
  options.profile.rfc5961 = false;
  return stack::make_reference_stack(options);
}

TEST(Trial, FindsNothingWhereNothingIsWrong) {
  Trial trial([] { return stack::make_reference_stack({}); }, Profile{});
  for (int i = 0; i < 3; ++i) {
    const auto result = trial.run(reset_program());
    ASSERT_TRUE(result);
    EXPECT_EQ((*result)->outcome, play::Outcome::kPlayed);
    EXPECT_TRUE((*result)->findings.empty());
    EXPECT_TRUE((*result)->judged_to_the_last_step);
    EXPECT_EQ((*result)->segments, 3U);
  }
}

TEST(Trial, TellsTheFirstFindingThatNobodyKnows) {
  Trial trial(old_fashioned, Profile{});
  const auto result = trial.run(reset_program());
  ASSERT_TRUE(result);
  const Finding* found = Trial::first_unknown(**result);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(info(found->divergence.clause).id, "RFC5961-3-3");
  EXPECT_FALSE(found->divergence.in_doubt);
  EXPECT_NE(Trial::describe(*found).find("RFC5961-3-3 (RFC 5961 §3.2) in ESTABLISHED after `R "),
            std::string::npos)
      << Trial::describe(*found);
}

// The clauses of all findings.
std::vector<std::string> found_on_lwip(const std::string& text) {
  const Profile profile = stack::lwip_profile();
  Trial trial([&] { return std::move(stack::make_lwip_stack(profile).value()); }, profile);
  const auto result = trial.run(program_of(text));
  EXPECT_TRUE(result);
  std::vector<std::string> clauses;
  for (const Finding& each : (*result)->findings) {
    clauses.emplace_back(info(each.divergence.clause).id);
  }
  return clauses;
}

// lwIP takes the third ACK with any SEQ: what it opened so and lost again is what accept() returns.
TEST(Trial, AcceptReturnsWhatTheTargetOpenedFirst) {
  const auto clauses = found_on_lwip(R"(
0 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535
+0 < . RCV.NXT-1(0) ack SND.NXT win 65535
+0 < R RCV.NXT(0)
+0 < S 0:0(0) win 65535
+0 < . RCV.NXT(0) ack SND.NXT win 65535
+0 accept(3, ..., ...) = 4
+0 close(4) = 0
)");
  EXPECT_EQ(clauses, std::vector<std::string>{"SM-ACC-2"});
}

// The descriptor is of a connection that is gone; another has its ends.
TEST(Trial, CloseOfWhatIsGoneLeavesItsSuccessorAlone) {
  const auto clauses = found_on_lwip(R"(
0 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535
+0 < . RCV.NXT(0) ack SND.NXT win 65535
+0 accept(3, ..., ...) = 4
+0 < R RCV.NXT(0) win 65535
+0 < S 0:0(0) win 65535
+0 setsockopt(4, SOL_SOCKET, SO_LINGER, {1, 0}, 8) = 0
+0 < . RCV.NXT(0) ack SND.NXT win 65535
+0 close(4) = 0
)");
  EXPECT_EQ(clauses, std::vector<std::string>{});
}

// lwIP's TIME-WAIT is silent. All happens at one time, so that the ACK is missed only at the end.
TEST(Trial, WhatIsMissingNamesWhatItShouldHaveAnswered) {
  const Profile profile = stack::lwip_profile();
  Trial trial([&] { return std::move(stack::make_lwip_stack(profile).value()); }, profile);
  const auto result = trial.run(program_of(R"(
0 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535
+0 < . RCV.NXT(0) ack SND.NXT win 65535
+0 accept(3, ..., ...) = 4
+0 shutdown(4, SHUT_WR) = 0
+0 < F. RCV.NXT(0) ack SND.NXT win 65535
+0 < . RCV.NXT-1(0) ack SND.NXT win 65535
+0 < R RCV.NXT-7(0) win 65535
)"));
  ASSERT_TRUE(result);
  const Finding* found = Trial::first_unknown(**result);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(info(found->divergence.clause).id, "SM-ACC-5");
  EXPECT_TRUE(found->divergence.stimulus.starts_with(". seq")) << found->divergence.stimulus;
}

TEST(Trial, WhatTheBaselineKnowsIsNoNews) {
  proto::Baseline entries;
  proto::KnownDeviation& entry = *entries.add_deviations();
  entry.set_case_id("fuzz");
  entry.set_stack("reference");
  entry.set_clause("RFC5961-3-3");
  entry.set_state("ESTABLISHED");
  Trial trial(old_fashioned, Profile{}, Baseline(entries));
  auto result = trial.run(reset_program());
  ASSERT_TRUE(result);
  EXPECT_FALSE((*result)->findings.empty());
  EXPECT_EQ(Trial::first_unknown(**result), nullptr);
  // Of a program with another name it is.
  proto::Program other = reset_program();
  other.set_name("reset/in-window");
  result = trial.run(other);
  ASSERT_TRUE(result);
  EXPECT_NE(Trial::first_unknown(**result), nullptr);
}

TEST(Trial, ExpectationsAreWaits) {
  Trial trial([] { return stack::make_reference_stack({}); }, Profile{});
  const auto result = trial.run(program_of(std::string(kOpened) + R"(
+0 > R. 77:77(0) ack 88
+0 read(17, ..., 5) = 5
+0 < . 1:11(10) ack 1 win 1000
)"));
  ASSERT_TRUE(result);
  EXPECT_EQ((*result)->outcome, play::Outcome::kPlayed);
  EXPECT_EQ((*result)->segments, 3U);
}

// A listener's connection that was given up before the next segment came, in one step's wait.
TEST(Trial, TheStateIsSeenBeforeAStimulusThatComesLate) {
  Trial trial([] { return stack::make_reference_stack({}); }, Profile{});
  const auto result = trial.run(program_of(R"(
0 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 5) = 0
+0 < S 0:0(0) win 1000
+300 < . 1:101(100) ack 1 win 1000
)"));
  ASSERT_TRUE(result);
  EXPECT_EQ(Trial::first_unknown(**result), nullptr);
}

TEST(Trial, AProgramThatDoesNotCompileIsAnError) {
  Trial trial([] { return stack::make_reference_stack({}); }, Profile{});
  EXPECT_FALSE(trial.run({}));
  EXPECT_TRUE(trial.run(reset_program()));
}

class Stopper : public Watcher {
 public:
  void on_begin(const script::FlatProgram&) override { events_ = 0; }
  void on_event(const Judge&, const play::Event&, const wire::Decoded*) override {
    if (stops && ++events_ == 5) throw Stop();
  }
  bool stops = true;

 private:
  int events_ = 0;
};

TEST(Trial, AWatcherMayEndAProgramAndTheNextIsPlayed) {
  Stopper stopper;
  Trial trial([] { return stack::make_reference_stack({}); }, Profile{}, {}, &stopper);
  auto result = trial.run(reset_program());
  ASSERT_TRUE(result);
  EXPECT_EQ((*result)->outcome, play::Outcome::kCut);
  EXPECT_FALSE((*result)->judged_to_the_last_step);
  stopper.stops = false;
  result = trial.run(reset_program());
  ASSERT_TRUE(result);
  EXPECT_EQ((*result)->outcome, play::Outcome::kPlayed);
  EXPECT_TRUE((*result)->judged_to_the_last_step);
}

}  // namespace
}  // namespace synfin::judge
