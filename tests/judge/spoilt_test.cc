// Cases that the harness itself spoilt are played again; all others are not.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "harness/judge/session.h"
#include "harness/script/compile.h"
#include "harness/script/parser.h"
#include "harness/stack/reference.h"

namespace synfin::judge {
namespace {

// What happens while too many cases are open.
enum class Trouble {
  kLoses,  // the link says that packets were lost
  kSlow,   // the clock goes on by itself, like a real one
  kDrags,  // the same by so little at a time that no step alone is late
};

// The reference where more than so many cases at once are too many.
class BusyStack : public stack::Stack {
 public:
  BusyStack(std::size_t capacity, Trouble trouble)
      : capacity_(capacity), trouble_(trouble), traits_(inner_->traits()) {
    traits_.virtual_time = trouble == Trouble::kLoses;
  }

  const stack::Identity& identity() const override { return inner_->identity(); }
  const stack::Traits& traits() const override { return traits_; }
  Result<stack::CaseId> open(const stack::CaseNeeds& needs) override {
    ++open_;
    return inner_->open(needs);
  }
  wire::FourTuple address(stack::CaseId id, unsigned connection) const override {
    return inner_->address(id, connection);
  }
  Time now() override { return inner_->now(); }
  Result<Time> inject(stack::CaseId id, std::span<const uint8_t> packet) override {
    if (open_ > capacity_ && trouble_ == Trouble::kLoses) ++lost_;
    return inner_->inject(id, packet);
  }
  stack::Ticket start(stack::CaseId id, unsigned connection,
                      const script::CallSpec& call) override {
    return inner_->start(id, connection, call);
  }
  void run_until(Time until, stack::Sink& sink) override {
    const auto late = trouble_ == Trouble::kSlow    ? std::chrono::microseconds(70'000)
                      : trouble_ == Trouble::kDrags ? std::chrono::microseconds(500)
                                                    : std::chrono::microseconds(0);
    inner_->run_until(open_ > capacity_ ? until + late : until, sink);
  }
  Result<State> snapshot(stack::CaseId id, unsigned connection) override {
    return inner_->snapshot(id, connection);
  }
  void close(stack::CaseId id) override {
    --open_;
    inner_->close(id);
  }
  uint64_t dropped() override { return lost_; }

 private:
  std::unique_ptr<Stack> inner_ = stack::make_reference_stack({});
  std::size_t capacity_;
  Trouble trouble_;
  stack::Traits traits_;
  std::size_t open_ = 0;
  uint64_t lost_ = 0;
};

std::vector<proto::CaseResult> play(std::size_t capacity, const std::string& expectation,
                                    Trouble trouble = Trouble::kLoses,
                                    const Baseline& baseline = Baseline{}, bool on_time = false) {
  const auto parsed = script::parse(R"(0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+.1 < S 0:0(0) win 1000
+0 > )" + expectation + "\n",
                                    "case.pkt");
  const auto program =
      std::make_shared<const script::FlatProgram>(script::compile(parsed.value()).value());
  std::vector<Case> cases;
  for (int i = 0; i < 100; ++i) cases.push_back({std::to_string(i), program, false});
  BusyStack stack(capacity, trouble);
  SessionOptions options;
  options.most_at_once = 64;
  options.on_time = on_time;
  ClauseSet coverage;
  const auto run = run_session(stack, Profile{}, baseline, cases, options, coverage,
                               [](const proto::CaseResult&) {}, {});
  return {run.cases().begin(), run.cases().end()};
}

TEST(Spoilt, FewerAtOnceAreNot) {
  const auto results = play(20, "S. 0:0(0) ack 1");
  ASSERT_EQ(results.size(), 100U);
  for (const auto& result : results) {
    EXPECT_EQ(result.verdict(), proto::PASS) << result.reason();
    EXPECT_LE(result.attempts(), 2U);
  }
}

TEST(Spoilt, AlwaysIsAnErrorAtLast) {
  const auto results = play(0, "S. 0:0(0) ack 1");
  ASSERT_EQ(results.size(), 100U);
  for (const auto& result : results) {
    EXPECT_EQ(result.verdict(), proto::ERROR);
    EXPECT_EQ(result.attempts(), 5U);
  }
}

TEST(Spoilt, AFailureThatIsNotStands) {
  const auto results = play(100, "S. 0:0(0) ack 2");
  ASSERT_EQ(results.size(), 100U);
  for (const auto& result : results) {
    EXPECT_EQ(result.verdict(), proto::FAIL);
    EXPECT_EQ(result.attempts(), 1U);
  }
}

Baseline everything() {
  proto::Baseline entries;
  proto::KnownDeviation& known = *entries.add_deviations();
  known.set_case_id("*");
  known.set_stack("reference");
  known.set_reason("a deviation");
  return Baseline(entries);
}

TEST(Spoilt, AFailureOfALatePlayIsAnErrorAtLast) {
  for (const auto& result : play(0, "S. 0:0(0) ack 2", Trouble::kSlow)) {
    EXPECT_EQ(result.verdict(), proto::ERROR);
    EXPECT_EQ(result.attempts(), 5U);
    EXPECT_NE(result.reason().find("late"), std::string::npos) << result.reason();
  }
}

TEST(Spoilt, WhatIsKnownIsGoodInALatePlayToo) {
  for (const auto& result : play(0, "S. 0:0(0) ack 2", Trouble::kSlow, everything())) {
    EXPECT_EQ(result.verdict(), proto::XFAIL);
    EXPECT_EQ(result.attempts(), 1U);
  }
}

// It would be news, and the stack may have been met in another state than the program means.
TEST(Spoilt, ADeviationThatIsMissedInALatePlayIsLookedForAgain) {
  const auto at_once = [&](std::size_t capacity) {
    std::vector<unsigned> attempts;
    for (const auto& result : play(capacity, "S. 0:0(0) ack 1", Trouble::kSlow, everything())) {
      EXPECT_EQ(result.verdict(), proto::XPASS) << result.reason();
      attempts.push_back(result.attempts());
    }
    return attempts;
  };
  const auto late = at_once(20);
  EXPECT_TRUE(std::find(late.begin(), late.end(), 2U) != late.end());
  EXPECT_EQ(at_once(100), std::vector<unsigned>(100, 1));
}

TEST(Spoilt, WhatPassesLateIsOnTimeOnceFewerAreAtOnce) {
  for (const auto& result : play(20, "S. 0:0(0) ack 1", Trouble::kSlow, {}, true)) {
    EXPECT_EQ(result.verdict(), proto::PASS) << result.reason();
  }
  for (const auto& result : play(0, "S. 0:0(0) ack 1", Trouble::kSlow, {}, true)) {
    EXPECT_EQ(result.verdict(), proto::ERROR);
    EXPECT_NE(result.reason().find("late"), std::string::npos) << result.reason();
  }
}

std::string eight(const std::string& steps) {
  std::string text = "S. 0:0(0) ack 1\n+0 < . 1:1(0) ack 1 win 1000\n";
  for (int i = 0; i < 8; ++i) text += steps;
  return text;
}

TEST(Spoilt, ManySmallDelaysInARowAreLateTogether) {
  const std::string steps = "+0 < . 1:1(0) ack 1 win 1000\n";
  for (const auto& result : play(0, eight(steps) + "+0 > R 1:1(0)", Trouble::kDrags)) {
    EXPECT_EQ(result.verdict(), proto::ERROR);
    EXPECT_EQ(result.attempts(), 5U);
  }
}

TEST(Spoilt, SmallDelaysBetweenAnswersAreNot) {
  const std::string steps =
      "+0 < . 60001:60001(0) ack 1 win 1000\n"
      "+0 > . 1:1(0) ack 1\n";
  for (const auto& result : play(0, eight(steps) + "+0 > R 1:1(0)", Trouble::kDrags)) {
    EXPECT_EQ(result.verdict(), proto::FAIL);
    EXPECT_EQ(result.attempts(), 1U) << result.reason();
  }
}

}  // namespace
}  // namespace synfin::judge
