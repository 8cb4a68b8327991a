// Bloated programs with one planted finding become the few steps that it takes.
#include "harness/shrink/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "harness/script/parser.h"
#include "harness/script/printer.h"
#include "harness/script/program_file.h"
#include "harness/shrink/plays.h"
#include "harness/stack/reference.h"

namespace synfin::shrink {
namespace {

proto::Program parse(const std::string& text) {
  auto program = script::parse(text, "test.pkt");
  EXPECT_TRUE(program) << (program ? "" : program.error().message);
  return program ? *program : proto::Program();
}

std::string steps_of(const proto::Program& program) {
  std::string out;
  for (const proto::Step& step : program.steps()) out += script::print(step) + "\n";
  return out;
}

// Whatever else they do: a reset in the window, which RFC 793 takes and RFC 5961 challenges.
constexpr const char* kBloated = R"(// Much ado.
//@ requires RFC5961-3-3
//@ doc A reset in the window.
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
+0 bind(3, ..., ...) = 0
+0 listen(3, 5) = 0
// A stray segment.
+.25 < FR 77:77(0) win 100
+0 < S 0:0(0) win 1000 <mss 1000,nop,wscale 7,sackOK,TS val 100 ecr 0>
+0 > S. 0:0(0) ack 1 <...>            //@ state SYN-RECEIVED
+.013 < . 1:1(0) ack 1 win 1000 <nop,nop,TS val 101 ecr 0>
+0 accept(3, ..., ...) = 4
+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 < P. 1:101(100) ack 1 win 1000 <nop,nop,TS val 102 ecr 0>
+.1 write(4, ..., 1000) = 1000
+0 < . 101:101(0) ack 1001 win 900 <nop,nop,TS val 103 ecr 0>
+0 read(4, ..., 1000) = 100
+0 < RPU 151:171(20) win 1000 urg 3 {res=1} //@ state ESTABLISHED
+1.5 wait
+0 close(4) = 0
)";

class ShrinkTest : public testing::Test {
 protected:
  ShrinkTest() {
    Profile old;
    old.rfc5961 = false;
    stack_ = stack::make_reference_stack({.profile = old, .seed = 1});
    plays_ = std::make_unique<Plays>(*stack_, profile_, false, 1);
  }

  Signature finding(const proto::Program& program) {
    const auto all = signatures_of(plays_->play({program}).at(0), "reference");
    const auto found = std::find_if(all.begin(), all.end(), [](const Signature& each) {
      return each.clause == "RFC5961-3-3" && each.objector == Objector::kRules;
    });
    EXPECT_NE(found, all.end());
    return found == all.end() ? Signature() : *found;
  }

  Profile profile_;
  std::unique_ptr<stack::Stack> stack_;
  std::unique_ptr<Plays> plays_;
};

TEST_F(ShrinkTest, WhatItTakesIsLeft) {
  const proto::Program bloated = parse(kBloated);
  const Signature wanted = finding(bloated);
  const Shrunk shrunk = shrink(bloated, plays_->shows(wanted), {});
  EXPECT_TRUE(shrunk.minimal);
  EXPECT_LT(shrunk.plays, 1000U);
  EXPECT_EQ(script::print(shrunk.program), R"(+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 listen(3, 5) = 0
+0 < S 0:0(0) win 65535
+0 < . RCV.NXT(0) ack SND.NXT win 65535
+0 < R RCV.NXT+1(0) win 65535
)");
  EXPECT_EQ(plays_->count(shrunk.program, wanted, 20), 20U);
  EXPECT_EQ(plays_->count(parse("+0 wait"), wanted, 20), 0U);
}

TEST_F(ShrinkTest, HowManyArePlayedAtOnceMakesNoDifference) {
  const proto::Program bloated = parse(kBloated);
  const Shows shows = plays_->shows(finding(bloated));
  const std::string one = script::print(shrink(bloated, shows, {}).program);
  for (const std::size_t batch : {2U, 7U, 100U}) {
    const Shrunk many = shrink(bloated, shows, {.most_plays = 100'000, .batch = batch});
    EXPECT_EQ(script::print(many.program), one) << batch;
  }
}

TEST_F(ShrinkTest, ItEndsAfterSoManyPlays) {
  const proto::Program bloated = parse(kBloated);
  const Shrunk shrunk = shrink(bloated, plays_->shows(finding(bloated)), {.most_plays = 30});
  EXPECT_FALSE(shrunk.minimal);
  EXPECT_LE(shrunk.plays, 30U);
  EXPECT_LT(shrunk.program.steps_size(), bloated.steps_size());
}

TEST_F(ShrinkTest, ItEndsWhenItIsAskedTo) {
  const proto::Program bloated = parse(kBloated);
  int asked = 0;
  const Shrunk shrunk =
      shrink(bloated, plays_->shows(finding(bloated)), {}, [&] { return ++asked <= 5; });
  EXPECT_FALSE(shrunk.minimal);
  EXPECT_LE(shrunk.plays, 5U);
}

TEST_F(ShrinkTest, AProgramThatDoesNotCompileShowsNothing) {
  proto::Program broken = parse(kBloated);
  broken.add_steps();
  const auto results = plays_->play({broken, parse(kBloated)});
  EXPECT_EQ(results.at(0).verdict(), proto::SKIP);
  EXPECT_NE(results.at(0).reason(), "");
  EXPECT_EQ(results.at(1).verdict(), proto::FAIL);
}

// Counts what is left of what matters, whatever the stack would say.
TEST(Shrink, StepsThatMatterStayInTheirOrder) {
  const proto::Program program = parse(R"(
+0 < . 5:5(0) ack 1 win 10
+0 < F. 5:5(0) ack 1 win 10
+0 wait
+.3 < R 9:9(0)
+0 wait
+0 < P. 5:6(1) ack 1 win 10
)");
  const Shows shows = [](const std::vector<proto::Program>& programs) {
    std::vector<bool> out;
    for (const proto::Program& each : programs) {
      const std::string text = steps_of(each);
      const auto fin = text.find("< F.");
      const auto push = text.find("< P.");
      out.push_back(fin != std::string::npos && push != std::string::npos && fin < push);
    }
    return out;
  };
  EXPECT_EQ(steps_of(shrink(program, shows, {}).program),
            "+0 < F. RCV.NXT(0) ack SND.NXT win 65535\n+0 < P. RCV.NXT(0) ack SND.NXT win 65535\n");
}

TEST(Shrink, ANumberThatMatters) {
  const proto::Program program = parse("+0 < . RCV.NXT+1000(800) ack SND.UNA-70 win 20\n");
  const auto enough = [](const proto::Program& each) {
    const proto::Segment& segment = each.steps(0).packet().segment();
    return segment.seq().offset() >= 100 && segment.length() >= 13 &&
           segment.window().offset() < 30;
  };
  const Shows shows = [&](const std::vector<proto::Program>& programs) {
    std::vector<bool> out(programs.size());
    std::transform(programs.begin(), programs.end(), out.begin(), enough);
    return out;
  };
  EXPECT_EQ(steps_of(shrink(program, shows, {}).program),
            "+0 < . RCV.NXT+100(13) ack SND.NXT win 0\n");
}

// No chain of edits goes on for ever, whatever the program.
TEST(Shrink, EditsComeToAnEnd) {
  const Shows all = [](const std::vector<proto::Program>& programs) {
    return std::vector<bool>(programs.size(), true);
  };
  // Nothing may be left out, so that fields and numbers are tried in full.
  const Shows keeps_steps = [](const std::vector<proto::Program>& programs) {
    std::vector<bool> out;
    for (const proto::Program& each : programs) out.push_back(each.steps_size() >= 8);
    return out;
  };
  for (const char* topic : {"options", "urgent", "sack", "half-close"}) {
    const std::filesystem::path folder = std::filesystem::path(SYNFIN_SOURCE_DIR) / "specs" / topic;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const auto programs = script::parse_file(entry.path().string());
      ASSERT_TRUE(programs) << programs.error().message;
      const proto::Program& program = programs->front();
      EXPECT_TRUE(shrink(program, keeps_steps, {}).minimal) << entry.path();
      const Shrunk least = shrink(program, all, {});
      EXPECT_TRUE(least.minimal) << entry.path();
      EXPECT_EQ(least.program.steps_size(), 1) << script::print(least.program);
    }
  }
}

}  // namespace
}  // namespace synfin::shrink
