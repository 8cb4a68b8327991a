// The loop: many cases, calls, breakdowns, a harness that runs late.
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>

#include "tests/play/fake_stack.h"
#include "tests/play/programs.h"

namespace synfin {
namespace {

using namespace std::chrono_literals;
using play::Outcome;
using testing::explain;
using testing::FakeStack;
using testing::kOpening;
using testing::play_one;
using testing::program;

TEST(Player, PlaysManyAtOnceAndWaitsOnce) {
  FakeStack stack;
  stack.answer_syns(77000, 0s);
  play::Player player(stack, 50);
  const auto text = program(std::string(kOpening) + "+10 < . 1:1(0) ack 1 win 1000\n");
  int played = 0;
  for (int i = 0; i < 100; ++i) {
    player.add({text, {}, nullptr, [&](play::PlayResult&& result) {
                  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
                  EXPECT_EQ(result.outcome, Outcome::kPlayed);
                  ++played;
                }});
  }
  const Time before = stack.now();
  player.run();
  EXPECT_EQ(played, 100);
  EXPECT_EQ(stack.most_open(), 50U);
  // Two rounds of fifty, each of ten seconds and the quiet time.
  EXPECT_EQ(stack.now() - before, 2 * (10s + 100ms));
  EXPECT_LT(stack.waits(), 20U);
}

TEST(Player, EachCaseHasItsOwnNumbers) {
  FakeStack stack;
  stack.when_injected = [&](stack::CaseId id, const wire::Decoded& got) {
    stack.send(id, id * 1ms, stack.packet(id, kSyn | kAck, id * 1000, got.segment.seq.value() + 1));
  };
  play::Player player(stack, 10);
  std::size_t mismatches = 0;
  for (int i = 0; i < 10; ++i) {
    player.add({program("0 < S 0:0(0) win 1000\n+0~+.05 > S. 0:0(0) ack 1\n"),
                {.seed = static_cast<uint64_t>(i)},
                nullptr,
                [&](play::PlayResult&& result) { mismatches += result.mismatches.size(); }});
  }
  player.run();
  EXPECT_EQ(mismatches, 0U);
}

TEST(Player, ResultsMayAddJobs) {
  FakeStack stack;
  stack.answer_syns(77000, 0s);
  play::Player player(stack, 4);
  int played = 0;
  std::function<void(play::PlayResult&&)> again = [&](play::PlayResult&&) {
    if (++played < 10) player.add({program(kOpening), {}, nullptr, again});
  };
  player.add({program(kOpening), {}, nullptr, again});
  player.run();
  EXPECT_EQ(played, 10);
}

TEST(Player, StopsEarly) {
  FakeStack stack;
  stack.set.virtual_time = false;  // so that the loop comes round every 200 ms
  play::Player player(stack, 2);
  std::vector<Outcome> outcomes;
  for (int i = 0; i < 2; ++i) {
    player.add({program("0 < S 0:0(0) win 1000\n+10000000 close(3) = 0\n"),
                {},
                nullptr,
                [&](play::PlayResult&& result) { outcomes.push_back(result.outcome); }});
  }
  const auto began = std::chrono::steady_clock::now();
  player.run([&] { return false; });
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
  EXPECT_EQ(outcomes, (std::vector{Outcome::kBroken, Outcome::kBroken}));
  EXPECT_EQ(stack.open_now(), 0U);
}

// --- breakdowns ---

TEST(Player, ABrokenCaseLeavesTheOthersAlone) {
  FakeStack stack;
  stack.when_injected = [&](stack::CaseId id, const wire::Decoded& got) {
    if (id == 2) return stack.break_case(id, 1ms);
    stack.send(id, 0s, stack.packet(id, kSyn | kAck, 1000, got.segment.seq.value() + 1));
  };
  play::Player player(stack, 3);
  std::map<int, Outcome> outcomes;
  std::string why;
  for (int i = 1; i <= 3; ++i) {
    player.add({program(kOpening), {}, nullptr, [&outcomes, &why, i](play::PlayResult&& result) {
                  outcomes[i] = result.outcome;
                  why += result.broken;
                }});
  }
  player.run();
  EXPECT_EQ(outcomes[1], Outcome::kPlayed);
  EXPECT_EQ(outcomes[2], Outcome::kBroken);
  EXPECT_EQ(outcomes[3], Outcome::kPlayed);
  EXPECT_EQ(why, "it fell over");
}

TEST(Player, AnInjectionThatFailsBreaksTheCase) {
  FakeStack stack;
  stack.refuses_injection = true;
  const auto result = play_one(stack, program(kOpening));
  EXPECT_EQ(result.outcome, Outcome::kBroken);
  EXPECT_NE(result.broken.find("the link is down"), std::string::npos);
}

TEST(Player, LostPacketsMakeACaseUnreliable) {
  FakeStack stack;
  stack.when_injected = [&](stack::CaseId, const wire::Decoded&) { ++stack.lost; };
  const auto result = play_one(stack, program(kOpening));
  EXPECT_TRUE(result.unreliable);
}

TEST(Player, ALateHarnessIsNoMismatch) {
  FakeStack stack;
  stack.set.virtual_time = false;
  stack.answer_syns(77000, 8ms);
  auto result = play_one(stack, program(kOpening));
  EXPECT_EQ(result.mismatches.size(), 1U);
  EXPECT_FALSE(result.unreliable);
  // The same packet as late, but the harness slept past its time as well.
  stack.answer_syns(77000, 20ms);
  stack.oversleeps = 10ms;
  result = play_one(stack, program(kOpening));
  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
  EXPECT_TRUE(result.unreliable);
}

// The packet was there in time for nobody: it came too late, while the harness slept.
TEST(Player, ALatePacketThatALateHarnessReadsIsNoMismatch) {
  FakeStack stack;
  stack.set.virtual_time = false;
  stack.answer_syns(77000, 8ms);
  stack.oversleeps = 10ms;
  const auto result = play_one(stack, program(kOpening));
  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
  EXPECT_TRUE(result.unreliable);
  EXPECT_EQ(result.outcome, Outcome::kPlayed);
}

TEST(Player, AStimulusGivenLatePutsALaterMismatchInDoubt) {
  FakeStack stack;
  stack.set.virtual_time = false;
  stack.oversleeps = 10ms;
  stack.when_injected = [&](stack::CaseId id, const wire::Decoded&) {
    stack.send(id, 0s, stack.packet(id, kRst, 0, 0));
  };
  const auto result = play_one(stack, program("+.01 < S 0:0(0) win 1\n+0 > S. 0:0(0) ack 1\n"));
  EXPECT_EQ(result.mismatches.size(), 1U);
  EXPECT_FALSE(result.unreliable);
  EXPECT_EQ(result.late, "line 1 was played 0.010000 s late");
  EXPECT_TRUE(result.in_doubt());
}

TEST(Player, WhatCannotBePlayedIsSkipped) {
  FakeStack stack;
  auto result = play_one(stack, program("0 `true`\n"));
  EXPECT_EQ(result.outcome, Outcome::kSkipped);
  EXPECT_NE(result.broken.find("shell"), std::string::npos) << result.broken;
  result = play_one(stack, program("0 %{ import os }%\n"));
  EXPECT_EQ(result.outcome, Outcome::kSkipped);
  result = play_one(stack, program("0 recv(3, ..., 1, MSG_OOB) = 1\n"));
  EXPECT_EQ(result.outcome, Outcome::kSkipped);
  EXPECT_NE(result.broken.find("line 1 reads out of band"), std::string::npos) << result.broken;
  result = play_one(stack, program("--local_ip=192.0.2.7\n0 < S 0:0(0) win 1000\n"));
  EXPECT_EQ(result.outcome, Outcome::kSkipped);
  EXPECT_NE(result.broken.find("a place of its own"), std::string::npos) << result.broken;
  result = play_one(stack, program("//@ ip 4\n0 < S 0:0(0) win 1000\n"), {.ipv6 = true});
  EXPECT_EQ(result.outcome, Outcome::kSkipped);
  EXPECT_EQ(stack.open_now(), 0U);
}

TEST(Player, WhereThereIsOutOfBandItIsRead) {
  FakeStack stack;
  const auto refused = program("0 recv(3, ..., 1, MSG_OOB) = -1 EINVAL (Invalid argument)\n");
  EXPECT_NE(play_one(stack, refused).outcome, Outcome::kSkipped) << "it says that there is none";
  stack.set.out_of_band = true;
  EXPECT_NE(play_one(stack, program("0 recv(3, ..., 1, MSG_OOB) = 1\n")).outcome,
            Outcome::kSkipped);
}

// --- states ---

TEST(Player, AStateThatIsNotAsAnnotatedCutsTheCase) {
  FakeStack stack;
  stack.answer_syns(77000, 0s);
  stack.state = [](stack::CaseId) { return State::kSynReceived; };
  const std::string text = "0 < S 0:0(0) win 1000\n+0 > S. 0:0(0) ack 1 //@ state ";
  play::PlayOptions options;
  options.read_states = false;
  EXPECT_TRUE(play_one(stack, program(text + "SYN-RECEIVED"), options).mismatches.empty());
  const auto result = play_one(stack, program(text + "ESTABLISHED"), options);
  ASSERT_EQ(result.mismatches.size(), 1U);
  EXPECT_EQ(result.mismatches[0].differences[0].field, "state");
  EXPECT_EQ(result.outcome, Outcome::kCut);
}

TEST(Player, ClosedIsListenWhereAListenerIsLeft) {
  FakeStack stack;
  EXPECT_TRUE(play_one(stack, program("0 close(3) = 0 //@ state CLOSED")).mismatches.empty());
  stack.state = [](stack::CaseId) { return State::kTimeWait; };
  EXPECT_EQ(play_one(stack, program("0 close(3) = 0 //@ state CLOSED")).mismatches.size(), 1U);
}

// --- calls ---

TEST(Player, ResultsOfCallsAreCompared) {
  FakeStack stack;
  stack.when_called = [&](stack::CaseId id, stack::Ticket ticket, const script::CallSpec&) {
    stack.end_call(id, ticket, 0s, -1, ECONNRESET);
  };
  EXPECT_TRUE(play_one(stack, program("0 close(3) = -1 ECONNRESET (x)")).mismatches.empty());
  auto result = play_one(stack, program("0 close(3) = -1 EPIPE (x)"));
  ASSERT_EQ(result.mismatches.size(), 1U);
  EXPECT_EQ(result.mismatches[0].differences[0].field, "errno");
  result = play_one(stack, program("0 close(3) = 0"));
  ASSERT_EQ(result.mismatches.size(), 1U);
  EXPECT_EQ(result.mismatches[0].differences[0].field, "result");
}

TEST(Player, ABlockingCallEndsAtItsTime) {
  FakeStack stack;
  Duration takes = 300ms;
  stack.when_called = [&](stack::CaseId id, stack::Ticket ticket, const script::CallSpec& call) {
    stack.end_call(id, ticket, call.name == script::CallName::kAccept ? takes : 0s,
                   call.new_fd >= 0 ? call.new_fd : 0);
  };
  const auto text = program("0...0.3 accept(3, ..., ...) = 4\n+.1 close(3) = 0\n");
  auto result = play_one(stack, text);
  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
  for (const Duration other : {Duration{100ms}, Duration{500ms}}) {
    takes = other;
    result = play_one(stack, text);
    EXPECT_EQ(result.mismatches.size(), 1U);
  }
}

TEST(Player, ABlockingCallHoldsUpNoOtherCase) {
  FakeStack stack;
  stack.when_called = [&](stack::CaseId id, stack::Ticket ticket, const script::CallSpec&) {
    stack.end_call(id, ticket, 50s, 4);
  };
  stack.answer_syns(1, 0s);
  play::Player player(stack, 2);
  std::vector<int> order;
  player.add({program("0...50 accept(3, ..., ...) = 4\n"), {}, nullptr, [&](play::PlayResult&&) {
                order.push_back(1);
              }});
  player.add({program(kOpening), {}, nullptr, [&](play::PlayResult&&) { order.push_back(2); }});
  player.run();
  EXPECT_EQ(order, (std::vector{2, 1}));
}

TEST(Player, ACallThatShouldNotBlockIsGivenUp) {
  FakeStack stack;
  stack.when_called = [](stack::CaseId, stack::Ticket, const script::CallSpec&) {};
  const Time before = stack.now();
  const auto result = play_one(stack, program("0 accept(3, ..., ...) = 4\n"));
  ASSERT_EQ(result.mismatches.size(), 1U);
  EXPECT_NE(result.mismatches[0].got.find("blocks"), std::string::npos);
  EXPECT_EQ(result.outcome, Outcome::kCut);
  EXPECT_LT(stack.now() - before, 1s);
}

TEST(Player, WhatIsReadIsThePatternFromWhereReadingStands) {
  FakeStack stack;
  uint32_t position = 0;
  stack.when_called = [&](stack::CaseId id, stack::Ticket ticket, const script::CallSpec& call) {
    std::vector<uint8_t> data(call.length);
    for (uint8_t& octet : data) octet = script::pattern(position++);
    stack.end_call(id, ticket, 0s, call.length, 0, data);
  };
  const auto text = program("0 read(3, ..., 10) = 10\n+0 read(3, ..., 5) = 5\n");
  EXPECT_TRUE(play_one(stack, text).mismatches.empty());
  const auto result = play_one(stack, text);  // position goes on: no longer the start
  ASSERT_EQ(result.mismatches.size(), 1U);
  EXPECT_EQ(result.mismatches[0].differences[0].field, "data");
}

// --- waits ---

TEST(Player, AGapAsLongAsTheQuietTimeIsInTheTrace) {
  FakeStack stack;
  stack.answer_syns(77000, 0s);
  const auto result =
      play_one(stack, program(std::string(kOpening) + "+1 < . 1:1(0) ack 1 win 1000\n"));
  std::vector<std::pair<play::EventKind, Duration>> quiet;
  for (const auto& event : result.trace.events) {
    if (event.kind == play::EventKind::kQuiet) {
      quiet.emplace_back(event.kind, event.at - result.started);
    }
  }
  ASSERT_EQ(quiet.size(), 2U);
  EXPECT_EQ(quiet[0].second, 100ms);
  EXPECT_EQ(quiet[1].second, 1100ms);
}

TEST(Player, TheQuietTimeStandsBeforeWhatComesAfterIt) {
  FakeStack stack;
  stack.answer_syns(77000, 500ms);
  const auto result =
      play_one(stack, program("0 < S 0:0(0) win 1000\n+1 close(3) = 0\n"), {.read_states = false});
  std::vector<play::EventKind> kinds;
  for (const auto& event : result.trace.events) kinds.push_back(event.kind);
  using K = play::EventKind;
  EXPECT_EQ(kinds, (std::vector{K::kInjected, K::kQuiet, K::kSent, K::kCallStart, K::kCallReturn,
                                K::kQuiet}));
}

}  // namespace
}  // namespace synfin
