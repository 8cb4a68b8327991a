// Expectations: met, missed, early, late; numbers and fields.
#include <gtest/gtest.h>

#include <array>
#include <chrono>

#include "tests/play/fake_observer.h"
#include "tests/play/fake_stack.h"
#include "tests/play/programs.h"

namespace synfin {
namespace {

using namespace std::chrono_literals;
using play::Outcome;
using testing::explain;
using testing::FakeObserver;
using testing::FakeStack;
using testing::kOpening;
using testing::play_one;
using testing::program;

// The only difference of the only mismatch.
play::Difference only(const play::PlayResult& result) {
  EXPECT_EQ(result.mismatches.size(), 1U) << explain(result);
  if (result.mismatches.size() != 1) return {};
  EXPECT_EQ(result.mismatches[0].differences.size(), 1U) << explain(result);
  if (result.mismatches[0].differences.size() != 1) return {};
  return result.mismatches[0].differences[0];
}

TEST(Expect, MetAtOnce) {
  FakeStack stack;
  stack.answer_syns(77000, 0s);
  const auto result = play_one(stack, program(kOpening));
  EXPECT_EQ(result.outcome, Outcome::kPlayed) << explain(result);
  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
  EXPECT_FALSE(result.unreliable);
  EXPECT_EQ(stack.open_now(), 0U);
}

TEST(Expect, TheTraceShowsWhatHappenedInOrder) {
  FakeStack stack;
  stack.answer_syns(77000, 0s);
  const auto result = play_one(stack, program(kOpening));
  std::vector<play::EventKind> kinds;
  for (const auto& event : result.trace.events) kinds.push_back(event.kind);
  using K = play::EventKind;
  EXPECT_EQ(kinds, (std::vector{K::kInjected, K::kSent, K::kState, K::kState, K::kQuiet}));
  EXPECT_TRUE(result.trace.events[1].expected);
  EXPECT_EQ(result.trace.events[4].at - result.trace.events[0].at, 100ms);
  EXPECT_EQ(result.trace.data(result.trace.events[0]).size(), 40U);
}

TEST(Expect, NothingComes) {
  FakeStack stack;
  const auto result = play_one(stack, program(kOpening));
  EXPECT_EQ(result.outcome, Outcome::kCut);
  ASSERT_EQ(result.mismatches.size(), 1U);
  EXPECT_EQ(result.mismatches[0].got, "nothing");
  EXPECT_EQ(result.mismatches[0].wanted, "S. 0:0(0) ack 1");
  EXPECT_EQ(result.mismatches[0].line, 3U);
  EXPECT_EQ(result.trace.events.back().kind, play::EventKind::kQuiet);
}

TEST(Expect, TooLate) {
  FakeStack stack;
  stack.answer_syns(77000, 5ms);
  EXPECT_EQ(play_one(stack, program(kOpening)).mismatches.size(), 1U);
  stack.answer_syns(77000, 3ms);
  EXPECT_TRUE(play_one(stack, program(kOpening)).mismatches.empty());
}

TEST(Expect, TooEarly) {
  FakeStack stack;
  stack.answer_syns(77000, 400ms);
  auto result = play_one(stack, program("0 < S 0:0(0) win 1000\n+.5 > S. 0:0(0) ack 1\n"));
  EXPECT_EQ(only(result).field, "time");
  EXPECT_EQ(only(result).got, "0.400000");
  // In virtual time only the least tolerance counts; in real time 12.5 % of half a second are 62.5
  // ms.
  stack.answer_syns(77000, 440ms);
  result = play_one(stack, program("0 < S 0:0(0) win 1000\n+.5 > S. 0:0(0) ack 1\n"));
  EXPECT_EQ(only(result).got, "0.440000");
  stack.set.virtual_time = false;
  result = play_one(stack, program("0 < S 0:0(0) win 1000\n+.5 > S. 0:0(0) ack 1\n"));
  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
}

TEST(Expect, TheEndsOfARangeStandAsWritten) {
  const auto text = "0 < S 0:0(0) win 1000\n+.5~+.7 > S. 0:0(0) ack 1\n";
  FakeStack stack;
  for (const auto& [after, met] :
       {std::pair<Duration, bool>{480ms, false}, {499ms, true}, {700ms, true}, {720ms, false}}) {
    stack.answer_syns(77000, after);
    EXPECT_EQ(play_one(stack, program(text)).mismatches.empty(), met) << after.count();
  }
}

// The timer as the judge knows it, from when it was started, with the tolerance of that time.
TEST(Expect, TheRetransmissionTimerRunsOut) {
  FakeStack stack;
  testing::FakeObserver observer;
  for (const bool until : {false, true}) {
    const std::string time = until ? "+.2~+RTO" : "+RTO";
    const auto script = program("0 < S 0:0(0) win 1000\n" + time + " > S. 0:0(0) ack 1\n");
    for (const auto& [after, met] : {std::pair<Duration, bool>{190ms, false},
                                     {390ms, until},
                                     {400ms, true},
                                     {440ms, true},
                                     {460ms, false}}) {
      stack.answer_syns(77000, after);
      observer.timer = {stack.now(), 400ms};
      const auto result = play_one(stack, script, {}, &observer);
      EXPECT_EQ(result.mismatches.empty(), met) << time << ' ' << after.count();
    }
  }
}

TEST(Expect, AnyTimeWaits) {
  FakeStack stack;
  stack.answer_syns(77000, 63s);
  const auto result = play_one(stack, program("0 < S 0:0(0) win 1000\n* > S. 0:0(0) ack 1\n"));
  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
}

TEST(Expect, AReplyThatCameBeforeItsStepIsKept) {
  FakeStack stack;
  stack.answer_syns(77000, 0s);
  const auto result = play_one(stack, program(R"(
0 < S 0:0(0) win 1000
+0 close(3) = 0
+0 > S. 0:0(0) ack 1
)"));
  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
}

TEST(Expect, ARetransmissionIsNoAnswer) {
  FakeStack stack;
  stack.when_injected = [&](stack::CaseId id, const wire::Decoded& got) {
    const uint32_t ack = got.segment.seq.value() + 1;
    if (got.segment.flags.syn()) {
      stack.send(id, 0s, stack.packet(id, kSyn | kAck, 500, ack));
      stack.send(id, 50ms, stack.packet(id, kSyn | kAck, 500, ack));
    } else {
      stack.send(id, 10ms, stack.packet(id, kAck, 501, got.segment.seq.value()));
    }
  };
  const auto result = play_one(stack, program(R"(
0 < S 0:0(0) win 1000
+0 > S. 0:0(0) ack 1
+.1 < . 1:1(0) ack 1 win 1000
+.01 > . 1:1(0) ack 1
)"));
  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
  EXPECT_EQ(result.outcome, Outcome::kPlayed);
}

TEST(Expect, AnotherPacketCutsTheCase) {
  FakeStack stack;
  stack.when_injected = [&](stack::CaseId id, const wire::Decoded&) {
    stack.send(id, 0s, stack.packet(id, kRst | kAck, 0, 0));
  };
  const auto result =
      play_one(stack, program(std::string(kOpening) + "+0 < . 1:1(0) ack 1 win 9\n"));
  EXPECT_EQ(result.outcome, Outcome::kCut);
  ASSERT_EQ(result.mismatches.size(), 1U);
  std::vector<std::string> fields;
  for (const auto& difference : result.mismatches[0].differences)
    fields.push_back(difference.field);
  EXPECT_EQ(fields, (std::vector<std::string>{"flags", "ack"})) << explain(result);
  int injected = 0;
  for (const auto& event : result.trace.events) {
    injected += event.kind == play::EventKind::kInjected ? 1 : 0;
  }
  EXPECT_EQ(injected, 1) << "the step after the mismatch must not be played";
}

TEST(Expect, APacketTooManyIsAMismatchWithoutAJudge) {
  FakeStack stack;
  stack.when_injected = [&](stack::CaseId id, const wire::Decoded& got) {
    stack.send(id, 0s, stack.packet(id, kSyn | kAck, 500, got.segment.seq.value() + 1));
    stack.send(id, 50ms, stack.packet(id, kAck, 501, got.segment.seq.value() + 1));
  };
  const auto result = play_one(stack, program(kOpening));
  ASSERT_EQ(result.mismatches.size(), 1U);
  EXPECT_NE(result.mismatches[0].got.find("unexpected"), std::string::npos);
}

// --- fields ---

struct FieldCase {
  const char* expectation;
  const char* field;
  std::function<void(wire::Packet&)> change;
};

TEST(Expect, EveryFieldIsCompared) {
  const FieldCase cases[] = {
      {"> S. 0:0(0) ack 1", "seq", [](auto& p) { p.segment.flags = Flags(kAck); }},
      {"> S. 0:0(0) ack 1", "flags", [](auto& p) { p.segment.flags.set(kEce); }},
      {"> S. 0:0(0) ack 1", "ack", [](auto& p) { p.segment.ack += 1; }},
      {"> S. 0:0(0) ack 1 win 5000", "win", [](auto& p) { p.segment.wnd = 4999; }},
      {"> S. 0:0(0) ack 1 urg 3", "urg", [](auto& p) { p.segment.up = 4; }},
      {"> S. 0:0(0) ack 1", "checksum",
       [](auto& p) { p.malformation.checksum = wire::Malformation::Checksum::kBad; }},
      {"> S. 0:0(0) ack 1", "reserved", [](auto& p) { p.malformation.reserved = 1; }},
      {"> S. 0:0(0) ack 1 <mss 1460>", "mss", [](auto& p) { p.options.mss(1459); }},
      {"> S. 0:0(0) ack 1 <wscale 7>", "wscale", [](auto& p) { p.options.window_scale(6); }},
      {"> S. 0:0(0) ack 1 <sackOK>", "sackOK", [](auto&) {}},
      {"> S. 0:0(0) ack 1", "options",
       [](auto& p) {
         p.options.raw(2, uint8_t{9}, std::array<uint8_t, 2>{1, 2});
       }},
      {"> [tos 0x10] S. 0:0(0) ack 1", "tos", [](auto& p) { p.traffic_class = 0x12; }},
      {"> [ttl 9] S. 0:0(0) ack 1", "ttl", [](auto& p) { p.ttl = 8; }},
      {"> S. 0:0(0) ack 1", "address", [](auto& p) { p.source.port = 81; }},
      {"> S. 0:2(2) ack 1", "length", [](auto&) {}},
  };
  for (const FieldCase& one : cases) {
    FakeStack stack;
    stack.when_injected = [&](stack::CaseId id, const wire::Decoded& got) {
      auto packet = stack.packet(id, kSyn | kAck, 500, got.segment.seq.value() + 1);
      one.change(packet);
      stack.send(id, 0s, packet);
    };
    const auto result =
        play_one(stack, program(std::string("0 < S 0:0(0) win 1000\n+0 ") + one.expectation));
    ASSERT_EQ(result.mismatches.size(), 1U) << one.field << one.expectation;
    bool named = false;
    for (const auto& difference : result.mismatches[0].differences) {
      named = named || difference.field == one.field;
    }
    EXPECT_TRUE(named) << one.field << ": " << explain(result);
  }
}

TEST(Expect, PushAndUnnamedOptionsAreDontCare) {
  FakeStack stack;
  stack.when_injected = [&](stack::CaseId id, const wire::Decoded& got) {
    auto packet = stack.packet(id, kSyn | kAck | kPsh, 500, got.segment.seq.value() + 1);
    packet.options.nop();
    packet.options.window_scale(7);
    packet.options.mss(1460);
    stack.send(id, 0s, packet);
  };
  const auto played = [&](const char* options) {
    return play_one(stack,
                    program(std::string("0 < S 0:0(0) win 1000\n+0 > S. 0:0(0) ack 1 ") + options));
  };
  for (const char* options :
       {"", "<mss 1460>", "<mss 1460,wscale 7>", "<wscale 7,eol,mss 1460>", "<...>"}) {
    const auto result = played(options);
    EXPECT_TRUE(result.mismatches.empty()) << explain(result);
  }
  EXPECT_EQ(only(played("<mss 1459>")).field, "mss");
}

TEST(Expect, TextIsThePattern) {
  FakeStack stack;
  std::vector<uint8_t> text = {script::pattern(0), script::pattern(1), script::pattern(2)};
  stack.when_injected = [&](stack::CaseId id, const wire::Decoded& got) {
    if (!got.segment.flags.syn()) return;
    const uint32_t ack = got.segment.seq.value() + 1;
    stack.send(id, 0s, stack.packet(id, kSyn | kAck, 500, ack));
    auto packet = stack.packet(id, kAck | kPsh, 501, ack);
    packet.segment.text = text;
    stack.send(id, 0s, packet);
  };
  const auto text_program = program(std::string(kOpening) + "+0 > P. 1:4(3) ack 1\n");
  EXPECT_TRUE(play_one(stack, text_program).mismatches.empty());
  text[1] = '!';
  EXPECT_EQ(only(play_one(stack, text_program)).field, "text");
}

TEST(Expect, AnyLength) {
  FakeStack stack;
  std::size_t length = 0;
  const std::array<uint8_t, 2> text = {script::pattern(0), script::pattern(1)};
  stack.when_injected = [&](stack::CaseId id, const wire::Decoded& got) {
    const uint32_t ack = got.segment.seq.value() + 1;
    stack.send(id, 0s, stack.packet(id, kSyn | kAck, 500, ack));
    auto packet = stack.packet(id, kAck, 501, ack);
    packet.segment.text = std::span(text).first(length);
    stack.send(id, 0s, packet);
  };
  for (length = 0; length <= text.size(); ++length) {
    const auto any = play_one(stack, program(std::string(kOpening) + "+0 > . *(*) ack 1\n"));
    EXPECT_TRUE(any.mismatches.empty()) << explain(any);
    const auto one = play_one(stack, program(std::string(kOpening) + "+0 > . *(1) ack 1\n"));
    EXPECT_EQ(one.mismatches.empty(), length == 1) << explain(one);
  }
}

}  // namespace
}  // namespace synfin
