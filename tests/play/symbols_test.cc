// Numbers by name, what is injected, and several connections.
#include <gtest/gtest.h>

#include <chrono>

#include "tests/play/fake_observer.h"
#include "tests/play/fake_stack.h"
#include "tests/play/programs.h"

namespace synfin {
namespace {

using namespace std::chrono_literals;
using script::Base;
using testing::explain;
using testing::FakeObserver;
using testing::FakeStack;
using testing::play_one;
using testing::program;

// What the program injects, one after the other.
struct Recorder {
  explicit Recorder(FakeStack& stack) {
    stack.when_injected = [this](stack::CaseId, const wire::Decoded& got) {
      segments.push_back(got.segment);
      destinations.push_back(got.source.port);
      good.push_back(got.tcp_checksum_ok);
      segments.back().text = {};
      texts.emplace_back(got.segment.text.begin(), got.segment.text.end());
    };
  }
  std::vector<Segment> segments;
  std::vector<std::vector<uint8_t>> texts;
  std::vector<uint16_t> destinations;
  std::vector<bool> good;
};

TEST(Symbols, AreResolvedWhenTheSegmentIsInjected) {
  FakeStack stack;
  Recorder got(stack);
  FakeObserver observer;
  observer.values = {{Base::kRcvNxt, 1000},
                     {Base::kRcvWnd, 500},
                     {Base::kSndUna, 70},
                     {Base::kSndNxt, 90},
                     {Base::kSndWnd, 800}};
  const auto result = play_one(stack, program(R"(
0 < . RCV.NXT-1(0) ack SND.UNA+5 win 10
+0 < . RCV.NXT+RCV.WND(0) ack SND.NXT win SND.WND
+0 < R =7(0) win 0
+0 < . RCV.NXT-RCV.WND(0) ack SND.UNA-SND.WND-1 win SND.WND-RCV.WND
)"),
                               {}, &observer);
  ASSERT_EQ(got.segments.size(), 4U) << explain(result);
  EXPECT_EQ(got.segments[3].seq, Seq(500));
  EXPECT_EQ(got.segments[3].ack, Seq(70) - 801);
  EXPECT_EQ(got.segments[3].wnd, 37);  // 300 >> 3
  EXPECT_EQ(got.segments[0].seq, Seq(999));
  EXPECT_EQ(got.segments[0].ack, Seq(75));
  EXPECT_EQ(got.segments[0].wnd, 10);
  EXPECT_EQ(got.segments[1].seq, Seq(1500));
  EXPECT_EQ(got.segments[1].ack, Seq(90));
  EXPECT_EQ(got.segments[1].wnd, 100);  // 800 >> 3
  EXPECT_EQ(got.segments[2].seq, Seq(7));
  EXPECT_EQ(observer.events, static_cast<int>(result.trace.events.size()));
}

// --- the peer's ISN ------------------------------------------------------------------------------

// What plain numbers stand for after the program's SYN of this number, and of another after that.
TEST(Symbols, PlainNumbersCountFromTheSynThatWasInjected) {
  FakeStack stack;
  stack.answer_syns(5000, 0s);
  std::vector<Segment> got;
  const auto answer = stack.when_injected;
  stack.when_injected = [&](stack::CaseId id, const wire::Decoded& packet) {
    got.push_back(packet.segment);
    got.back().text = {};
    answer(id, packet);
  };
  const auto result = play_one(stack, program(R"(
0 < S =4294967294(0) win 9
+0 > S. 0:0(0) ack 1
+0 < P. 1:4(3) ack 1 win 9
+0 < S =77(0) win 9                // a stray one
+0 < . 4:4(0) ack 1 win 9
)"));
  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
  ASSERT_EQ(got.size(), 4U);
  EXPECT_EQ(got[1].seq, Seq(4294967295));
  EXPECT_EQ(got[3].seq, Seq(2));
}

// A literal SYN keeps the script's count: what follows 1000 is 1001.
TEST(Symbols, APlainSynIsWhereItSays) {
  FakeStack stack;
  stack.answer_syns(5000, 0s);
  const auto result = play_one(stack, program(R"(
0 < S 1000:1000(0) win 9
+0 > S. 0:0(0) ack 1001
)"));
  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
}

// The SYN that was refused does not count, and each connection has its own.
TEST(Symbols, TheIsnIsThatOfTheSynThatTheStackTook) {
  FakeStack stack;
  unsigned syns = 0;
  stack.when_injected = [&](stack::CaseId id, const wire::Decoded& got) {
    const bool refuses = ++syns == 1;
    auto packet = stack.packet(id, refuses ? kRst | kAck : kSyn | kAck, refuses ? 0 : 5000,
                               got.segment.seq.value() + 1);
    packet.destination = got.source;
    stack.send(id, 0s, packet);
  };
  const auto result = play_one(stack, program(R"(
0 @a < S =100(0) win 9
+0 @a > R. 0:0(0) ack 1
+0 @a < S =700(0) win 9
+0 @a > S. 0:0(0) ack 1
+0 @b < S =900(0) win 9
+0 @b > S. 0:0(0) ack 1
+0 @a < . 1:1(0) ack 1 win 9
+0 @a > S. 0:0(0) ack 2
)"));
  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
}

// TIME-WAIT gave way to a new connection (RFC 9293 §3.10.7.4 step 4).
TEST(Symbols, ANewIncarnationHasItsOwnIsn) {
  FakeStack stack;
  uint32_t iss = 5000;
  stack.when_injected = [&](stack::CaseId id, const wire::Decoded& got) {
    stack.send(id, 0s, stack.packet(id, kSyn | kAck, iss, got.segment.seq.value() + 1));
    iss += 1000;
  };
  const auto result = play_one(stack, program(R"(
0 < S 0:0(0) win 9
+0 > S. 0:0(0) ack 1
+0 < S =40000(0) win 9
+0 > S. 0:0(0) ack 1
)"));
  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
}

// <SEQ=SND.NXT> means SND.NXT as it was before that very segment was sent.
TEST(Symbols, OfAnExpectationHoldFromBeforeThePacket) {
  FakeStack stack;
  stack.when_injected = [&](stack::CaseId id, const wire::Decoded& got) {
    auto packet = stack.packet(id, kAck | kFin, 5000, got.segment.seq.value());
    stack.send(id, 0s, packet);
  };
  FakeObserver observer;
  observer.values[Base::kSndNxt] = 5000;
  const auto text = "0 < . 1:1(0) ack 1 win 9\n+0 > F. SND.NXT(0) ack 1\n";
  auto result = play_one(stack, program(text), {}, &observer);
  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
  observer.values[Base::kSndNxt] = 4999;
  result = play_one(stack, program(text), {}, &observer);
  ASSERT_EQ(result.mismatches.size(), 1U);
  EXPECT_EQ(result.mismatches[0].differences[0].field, "seq");
}

TEST(Symbols, OfTheSynItselfComeWithIt) {
  FakeStack stack;
  stack.answer_syns(4242, 0s);
  FakeObserver observer;
  const auto result =
      play_one(stack, program("0 < S 0:0(0) win 9\n+0 > S. ISS(0) ack 1\n"), {}, &observer);
  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
}

TEST(Symbols, WithoutAJudgeBreakTheCase) {
  FakeStack stack;
  const auto result = play_one(stack, program("0 < . RCV.NXT(0) ack 1 win 9"));
  EXPECT_EQ(result.outcome, play::Outcome::kBroken);
  EXPECT_NE(result.broken.find("RCV.NXT"), std::string::npos) << result.broken;
}

TEST(Injected, LiteralsCountFromTheIsns) {
  FakeStack stack;
  std::vector<Segment> seen;
  stack.when_injected = [&](stack::CaseId id, const wire::Decoded& got) {
    seen.push_back(got.segment);
    if (seen.size() == 1) {
      stack.send(id, 0s, stack.packet(id, kSyn | kAck, 90000, got.segment.seq.value() + 1));
    }
  };
  const auto result = play_one(stack, program(R"(
0 < S 0:0(0) win 1000
+0 > S. 0:0(0) ack 1
+0 < P. 1:11(10) ack 1 win 257
)"));
  ASSERT_EQ(seen.size(), 2U) << explain(result);
  EXPECT_EQ(Seq::distance(seen[0].seq, seen[1].seq), 1U);
  EXPECT_EQ(seen[1].ack, Seq(90001));
  EXPECT_EQ(seen[1].wnd, 257);
}

TEST(Injected, TheSeedChoosesThePeersIsn) {
  FakeStack stack;
  Recorder got(stack);
  for (const uint64_t seed : {1U, 1U, 2U}) {
    play_one(stack, program("0 < S 0:0(0) win 9"), {.seed = seed});
  }
  EXPECT_EQ(got.segments[0].seq, got.segments[1].seq);
  EXPECT_NE(got.segments[0].seq, got.segments[2].seq);
}

TEST(Injected, TextIsThePatternOfItsPosition) {
  FakeStack stack;
  Recorder got(stack);
  play_one(stack, program("0 < . 5:8(3) ack 1 win 9\n+0 < S 0:2(2) win 9\n"));
  ASSERT_EQ(got.texts.size(), 2U);
  EXPECT_EQ(got.texts[0],
            (std::vector{script::pattern(4), script::pattern(5), script::pattern(6)}));
  EXPECT_EQ(got.texts[1], (std::vector{script::pattern(0), script::pattern(1)}));
}

TEST(Injected, MalformationsGoOut) {
  FakeStack stack;
  Recorder got(stack);
  play_one(stack, program("0 < S 0:0(0) win 9 {sum=bad}\n+0 < S 0:0(0) win 9\n"));
  ASSERT_EQ(got.good.size(), 2U);
  EXPECT_FALSE(got.good[0]);
  EXPECT_TRUE(got.good[1]);
}

TEST(Injected, TimestampsEchoWhatTheStackSent) {
  FakeStack stack;
  std::vector<Segment> seen;
  stack.when_injected = [&](stack::CaseId id, const wire::Decoded& got) {
    seen.push_back(got.segment);
    if (seen.size() > 1) return;
    auto packet = stack.packet(id, kSyn | kAck, 90000, got.segment.seq.value() + 1);
    packet.options.timestamps(123456, 100);
    stack.send(id, 0s, packet);
  };
  const auto result = play_one(stack, program(R"(
0 < S 0:0(0) win 1000 <TS val 100 ecr 0>
+0 > S. 0:0(0) ack 1 <TS val 700 ecr 100>
+0 < . 1:1(0) ack 1 win 257 <nop,nop,TS val 110 ecr 700>
)"));
  ASSERT_EQ(seen.size(), 2U) << explain(result);
  EXPECT_EQ(seen[0].options.timestamps->value, 100U);
  EXPECT_EQ(seen[1].options.timestamps->echo_reply, 123456U);
}

TEST(Connections, EachHasItsOwnNumbersAndQueue) {
  FakeStack stack;
  stack.when_injected = [&](stack::CaseId id, const wire::Decoded& got) {
    const unsigned number = got.source.port - 10000U;
    auto packet = stack.packet(id, kSyn | kAck, 1000 * (number + 1), got.segment.seq.value() + 1);
    packet.destination = got.source;
    stack.send(id, 0s, packet);
  };
  const auto two = program(R"(
0 @a < S 0:0(0) win 1000
+0 @b < S 0:0(0) win 1000
+0 @b > S. 0:0(0) ack 1
+0 @a > S. 0:0(0) ack 1
)");
  ASSERT_EQ(two->connections.size(), 2U);
  const auto result = play_one(stack, two);
  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
  EXPECT_EQ(result.tuples.size(), 2U);
}

}  // namespace
}  // namespace synfin
