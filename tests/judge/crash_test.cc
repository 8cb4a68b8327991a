// A stack that comes to its end in some cases: these fail with its last words, and all others are
// judged as if nothing had been.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/judge/session.h"
#include "harness/judge/verdict.h"
#include "harness/script/compile.h"
#include "harness/script/parser.h"
#include "harness/stack/case_address.h"
#include "harness/stack/child_stack.h"
#include "harness/stack/lwip_stack.h"

namespace synfin::judge {
namespace {

using stack::CaseId;

// lwIP, which a text of five octets puts an end to.
class Mortal final : public stack::Stack {
 public:
  explicit Mortal(std::unique_ptr<Stack> inner) : inner_(std::move(inner)) {}

  const stack::Identity& identity() const override { return inner_->identity(); }
  const stack::Traits& traits() const override { return inner_->traits(); }
  Result<CaseId> open(const stack::CaseNeeds& needs) override { return inner_->open(needs); }
  wire::FourTuple address(CaseId id, unsigned connection) const override {
    return inner_->address(id, connection);
  }
  Time now() override { return inner_->now(); }
  Result<Time> inject(CaseId id, std::span<const uint8_t> packet) override {
    const std::string_view octets(static_cast<const char*>(static_cast<const void*>(packet.data())),
                                  packet.size());
    if (octets.ends_with("abort")) {
      std::fputs("Assertion \"alive\" failed at line 7 in tcp_in.c\n", stdout);
      std::fflush(stdout);
      std::abort();
    }
    if (octets.ends_with("hangs")) {
      for (volatile bool on = true; on;) continue;
    }
    if (octets.ends_with("later")) doomed_ = id;
    return inner_->inject(id, packet);
  }
  stack::Ticket start(CaseId id, unsigned connection, const script::CallSpec& call) override {
    return inner_->start(id, connection, call);
  }
  void run_until(Time until, stack::Sink& sink) override { inner_->run_until(until, sink); }
  Result<State> snapshot(CaseId id, unsigned connection) override {
    return inner_->snapshot(id, connection);
  }
  void close(CaseId id) override {
    if (id == doomed_) std::abort();
    inner_->close(id);
  }

 private:
  std::unique_ptr<Stack> inner_;
  CaseId doomed_ = 0;
};

Case a_case(const std::string& text) {
  const std::string program = R"(
//@ requires SM-RCV-1
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 1000 <mss 1000>
+0 > S. 0:0(0) ack 1 <...>
+0 < . 1:1(0) ack 1 win 1000
+0 accept(3, ..., ...) = 4
+0 < P. 1:6(5) ack 1 win 1000 ")" +
                              text + R"("
+0~+.5 > . 1:1(0) ack 6
+60 wait     //@ state ESTABLISHED
)";
  const auto parsed = script::parse(program, "case.pkt");
  EXPECT_TRUE(parsed);
  auto flat = script::compile(*parsed);
  EXPECT_TRUE(flat);
  return {"topic/" + text, std::make_shared<const script::FlatProgram>(std::move(*flat))};
}

std::map<std::string, proto::CaseResult> play(const std::vector<std::string>& texts) {
  const Profile profile = stack::lwip_profile();
  stack::ChildOptions options;
  options.identity.name = "lwip";
  options.traits = stack::lwip_traits();
  options.profile = profile;
  options.patience = std::chrono::milliseconds(500);
  options.make = [&](const stack::StackStart& from) -> Result<std::unique_ptr<stack::Stack>> {
    auto inner = stack::make_lwip_in_process(profile, from);
    if (!inner) return tl::make_unexpected(inner.error());
    return std::make_unique<Mortal>(std::move(*inner));
  };
  options.address = stack::lwip_address_of;
  const auto stack = stack::make_child_stack(std::move(options)).value();
  std::vector<Case> cases;
  for (const std::string& text : texts) cases.push_back(a_case(text));
  ClauseSet coverage;
  const proto::RunResult run =
      run_session(*stack, profile, {}, cases, {}, coverage, [](const proto::CaseResult&) {}, {});
  std::map<std::string, proto::CaseResult> results;
  for (const auto& each : run.cases()) results.emplace(each.id(), each);
  EXPECT_EQ(results.size(), texts.size());
  return results;
}

TEST(Crash, FailsTheCaseThatItHappensIn) {
  const auto results = play({"alone", "abort", "sound"});
  for (const char* sound : {"topic/alone", "topic/sound"}) {
    EXPECT_EQ(results.at(sound).verdict(), proto::PASS) << results.at(sound).ShortDebugString();
  }
  const proto::CaseResult& crashed = results.at("topic/abort");
  EXPECT_EQ(crashed.verdict(), proto::FAIL);
  ASSERT_GE(crashed.divergences_size(), 1);
  EXPECT_EQ(crashed.divergences(0).wanted(), kLivesOn);
  EXPECT_EQ(crashed.divergences(0).got(),
            "lwip: ended by SIGABRT (Aborted): Assertion \"alive\" failed at line 7 in tcp_in.c");
  EXPECT_EQ(crashed.divergences(0).line(), 10U) << "of the segment that did it";
  EXPECT_FALSE(crashed.judged_to_the_end());
}

TEST(Crash, SeveralAreToldEachByItself) {
  const auto results = play({"abort", "hangs", "later", "sound"});
  EXPECT_EQ(results.at("topic/sound").verdict(), proto::PASS);
  for (const char* text : {"abort", "hangs", "later"}) {
    EXPECT_EQ(results.at(std::string("topic/") + text).verdict(), proto::FAIL) << text;
  }
  EXPECT_NE(results.at("topic/hangs").divergences(0).got().find("did not answer"),
            std::string::npos);
  EXPECT_NE(results.at("topic/later").divergences(0).got().find("SIGABRT"), std::string::npos)
      << "it passes to its last step, and is the end of the stack when it is closed";
}

// More than are played at once, so that those which are lost come behind others.
TEST(Crash, WhatEndsTheStackIsFoundAmongMany) {
  std::vector<std::string> texts = {"abort", "later"};
  for (char a = 'a'; a <= 'z'; ++a) {
    for (char b = 'a'; b <= 'e'; ++b) texts.push_back(std::string("aaa") + a + b);
  }
  for (const auto& [id, result] : play(texts)) {
    const bool ends = id == "topic/abort" || id == "topic/later";
    EXPECT_EQ(result.verdict(), ends ? proto::FAIL : proto::PASS) << id << result.reason();
    EXPECT_LE(result.attempts(), 3U) << id;
  }
}

}  // namespace
}  // namespace synfin::judge
