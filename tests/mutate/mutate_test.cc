// What the mutator makes compiles, prints to text and back without loss, and stays in its bounds.
#include "harness/mutate/mutate.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "harness/script/compile.h"
#include "harness/script/parser.h"
#include "harness/script/printer.h"

namespace synfin::mutate {
namespace {

constexpr uint64_t kSeeds = 100;
constexpr int kMutations = 40;

// Whether a program is one that can be played and kept; tells why not.
void check(const proto::Program& program) {
  const auto compiled = script::compile(program);
  ASSERT_TRUE(compiled) << compiled.error().message << "\n" << script::print(program);
  const std::string text = script::print(program);
  const auto again = script::parse(text, "fuzz.pkt");
  ASSERT_TRUE(again) << again.error().message << "\n" << text;
  EXPECT_TRUE(script::same(program, *again)) << text << "\n" << script::print(*again);
  EXPECT_LE(program.steps_size(), kMostSteps);
}

TEST(Mutate, NewProgramsArePrograms) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    check(Mutator(seed).make());
    if (HasFatalFailure()) return;
  }
}

TEST(Mutate, EveryChangeHappensAndLeavesAProgram) {
  std::array<unsigned, kChanges> counts{};
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    Mutator mutator(seed);
    proto::Program program = mutator.make();
    for (int i = 0; i < kMutations; ++i) {
      const std::string before = script::print(program);
      const Change change = mutator.mutate(program);
      ++counts[static_cast<std::size_t>(change)];
      SCOPED_TRACE("seed " + std::to_string(seed) + ", " + std::string(to_string(change)) +
                   " of\n" + before);
      check(program);
      if (HasFatalFailure()) return;
    }
  }
  for (std::size_t i = 0; i < kChanges; ++i) {
    EXPECT_GT(counts[i], kSeeds) << to_string(static_cast<Change>(i));
  }
}

// Some change only what is cut off again, or turn a flag that mend() has to follow.
TEST(Mutate, MostMutationsChangeTheProgram) {
  unsigned equal = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Mutator mutator(seed);
    proto::Program program = mutator.make();
    const proto::Program before = program;
    mutator.mutate(program);
    equal += script::same(before, program) ? 1 : 0;
  }
  EXPECT_LT(equal, 150U);
}

TEST(Mutate, CrossesTwoPrograms) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Mutator mutator(seed);
    proto::Program program = mutator.make();
    const proto::Program other = mutator.make();
    mutator.cross(program, other);
    check(program);
    if (HasFatalFailure()) return;
  }
}

TEST(Mutate, ASeedIsAProgram) {
  const auto evolve = [](uint64_t seed) {
    Mutator mutator(seed);
    proto::Program program = mutator.make();
    for (int i = 0; i < kMutations; ++i) mutator.mutate(program);
    return program.SerializeAsString();
  };
  EXPECT_EQ(evolve(7), evolve(7));
  EXPECT_NE(evolve(7), evolve(8));
}

TEST(Mutate, AnEmptyProgramBecomesANewOne) {
  proto::Program program;
  EXPECT_EQ(Mutator(1).mutate(program), Change::kInsert);
  check(program);
  Mutator(2).cross(program, {});
  check(program);
}

TEST(Mutate, MendsWhatIsTooLargeOrHasNoValue) {
  proto::Program program;
  for (int i = 0; i < 2 * kMostSteps; ++i) {
    auto& segment = *program.add_steps()->mutable_packet()->mutable_segment();
    segment.set_flags(0x10);
    segment.set_length(60000);
    segment.mutable_seq()->set_base(proto::Number::RCV_NXT);
    segment.mutable_seq()->set_offset(int64_t{1} << 40U);
    for (int k = 0; k < 20; ++k) segment.add_options()->mutable_timestamps();
  }
  program.add_comments("for people");
  mend(program);
  check(program);
  EXPECT_EQ(program.comments_size(), 0);
  EXPECT_EQ(program.steps(0).packet().segment().seq().base(), proto::Number::LITERAL);
  EXPECT_EQ(program.steps(0).packet().segment().options_size(), 4);
}

}  // namespace
}  // namespace synfin::mutate
