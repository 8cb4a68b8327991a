// The loop of synfin fuzz: what it plays first, what it keeps, what it counts and what it tells.
#include "harness/explore/explore.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "harness/script/parser.h"
#include "harness/script/printer.h"
#include "harness/shrink/signature.h"
#include "harness/stack/lwip_stack.h"
#include "harness/stack/reference.h"
#include "tests/temp_file.h"

namespace synfin::explore {
namespace {

struct Found {
  std::vector<std::string> signatures;
  std::vector<std::string> programs;
  friend bool operator==(const Found&, const Found&) = default;
};

// In a process of its own, where it counts from the beginning.
MakeStack lwip() {
  return [] { return stack::make_lwip_stack(stack::lwip_profile()); };
}

std::unique_ptr<Explorer> open(MakeStack make, const Profile& profile,
                               judge::Baseline baseline = {}, uint64_t seed = 1) {
  return Explorer::open(std::move(make), profile, std::move(baseline), {.seed = seed}).value();
}

Found play(Explorer& explorer, int rounds) {
  Found found;
  for (int i = 0; i < rounds; ++i) {
    const auto played = explorer.round(
        [&](const shrink::Signature& signature, const proto::Program& program) {
          found.signatures.push_back(shrink::to_string(signature));
          found.programs.push_back(script::print(program));
        },
        nullptr);
    EXPECT_TRUE(played);
  }
  return found;
}

// A listener and one segment: lwIP's RST carries ACK (SM-LISTEN-2).
proto::Program ack_to_a_listener() {
  return script::parse(R"(
+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < . 1:1(0) ack 1 win 1000
+0 > R 1:1(0)
)",
                       "ack.pkt")
      .value();
}

TEST(Explore, ASeedAndANumberOfProgramsGiveTheSameFindings) {
  const Found once = play(*open(lwip(), stack::lwip_profile()), 4);
  EXPECT_GT(once.signatures.size(), 5U) << "lwIP is known for more";
  EXPECT_EQ(play(*open(lwip(), stack::lwip_profile()), 4), once);
  EXPECT_NE(play(*open(lwip(), stack::lwip_profile(), {}, 2), 4), once);
}

TEST(Explore, SeedsComeFirstWithoutWhatTheyExpect) {
  const auto explorer = open(lwip(), stack::lwip_profile());
  explorer->add_seed(ack_to_a_listener());
  const Found found = play(*explorer, 1);
  ASSERT_FALSE(found.signatures.empty());
  EXPECT_EQ(found.signatures.front().substr(0, 21), "SM-LISTEN-2 in LISTEN");
  EXPECT_NE(found.programs.front().find("listen(3, 1)"), std::string::npos);
  EXPECT_EQ(found.programs.front().find("> R"), std::string::npos) << found.programs.front();
}

TEST(Explore, WhatNeedsMoreThanAPlainCaseIsPassedOver) {
  const auto explorer = open(lwip(), stack::lwip_profile());
  proto::Program program = ack_to_a_listener();
  auto* profile = program.add_annotations();
  profile->set_key("profile");
  profile->set_value("rfc5961=off");
  explorer->add_seed(std::move(program));
  const Found found = play(*explorer, 1);
  for (const std::string& text : found.programs) {
    EXPECT_EQ(text.find("< . 1:1(0) ack 1 win 1000"), std::string::npos) << text;
  }
}

TEST(Explore, AFindingIsToldOnceAndWhatIsKnownNever) {
  const auto explorer = open(lwip(), stack::lwip_profile());
  for (int i = 0; i < 3; ++i) explorer->add_seed(ack_to_a_listener());
  const Found first = play(*explorer, 1);
  EXPECT_EQ(std::count(first.signatures.begin(), first.signatures.end(), first.signatures.front()),
            1);
  EXPECT_GE(explorer->progress().known, 2U) << "the second and the third";

  const auto told = open(lwip(), stack::lwip_profile());
  told->know({.clause = "SM-LISTEN-2", .state = "LISTEN", .wanted = "", .got = ""});
  told->add_seed(ack_to_a_listener());
  EXPECT_EQ(play(*told, 1).signatures.front(), first.signatures.front())
      << "another signature is another finding";

  const synfin::testing::TempFile temporary("explore.textproto");
  const std::string& file = temporary.path();
  std::ofstream(file) << R"(deviations {
    case_id: "fuzz" clause: "SM-LISTEN-2" stack: "lwip" reason: "every RST carries ACK"
  })";
  const auto silent = open(lwip(), stack::lwip_profile(), judge::Baseline::load(file).value());
  silent->add_seed(ack_to_a_listener());
  for (const std::string& signature : play(*silent, 1).signatures) {
    EXPECT_EQ(signature.find("SM-LISTEN-2"), std::string::npos) << signature;
  }
}

// Its last octet is acknowledged as a probe, and then lwIP's timer finds nothing to probe with.
proto::Program end_of_lwip() {
  return script::parse(R"(
+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 1000
+0 < . 1:1(0) ack ISS+1 win 1000
+0 accept(3, ..., ...) = 4
+0 write(4, ..., 1) = 1
+0 write(4, ..., 1) = 1
+0 < . 1:1(0) ack ISS+2 win 0
+3 wait
+0 < . 1:1(0) ack ISS+3 win 1000
+1 wait
)",
                       "end.pkt")
      .value();
}

TEST(Explore, OfManyAtOnceTheOneThatEndsTheStackIsTold) {
  const auto explorer =
      Explorer::open(lwip(), stack::lwip_profile(), {}, {.seed = 1, .batch = 8}).value();
  for (int i = 0; i < 3; ++i) explorer->add_seed(end_of_lwip());
  std::size_t crashes = 0;
  for (const std::string& signature : play(*explorer, 2).signatures) {
    crashes += signature.find("persist ticking with empty send buffer") != std::string::npos;
  }
  EXPECT_EQ(crashes, 1U);
}

TEST(Explore, ProgramsThatMeetWithSomethingNewAreKept) {
  const auto explorer = open(lwip(), stack::lwip_profile());
  play(*explorer, 1);
  const Progress first = explorer->progress();
  EXPECT_GT(first.kept, 10U);
  EXPECT_LE(first.kept, first.programs);
  play(*explorer, 5);
  const Progress later = explorer->progress();
  EXPECT_GT(later.kept, first.kept);
  EXPECT_GT(later.meetings, first.meetings);
  EXPECT_GE(later.clauses, first.clauses);
  EXPECT_LT(later.kept - first.kept, later.programs - first.programs) << "not all of them";
}

// The judge is as good as the reference is its own faultless target, whatever is played.
TEST(Explore, TheReferenceHasNoFindings) {
  const Profile profile;
  const auto explorer = open(
      [&]() -> Result<std::unique_ptr<stack::Stack>> {
        return stack::make_reference_stack({.profile = profile, .seed = 1});
      },
      profile);
  const Found found = play(*explorer, 100);
  EXPECT_GT(explorer->progress().programs, 1000U);
  EXPECT_TRUE(found.signatures.empty()) << found.signatures.front() << "\n"
                                        << found.programs.front();
}

TEST(Explore, AStackThatCannotBeMadeIsAnError) {
  const auto none = Explorer::open(
      []() -> Result<std::unique_ptr<stack::Stack>> { return fail("no such stack"); },
      stack::lwip_profile(), {}, {});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "no such stack");
}

}  // namespace
}  // namespace synfin::explore
