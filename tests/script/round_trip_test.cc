#include <gtest/gtest.h>

#include "harness/script/compile.h"
#include "harness/script/parser.h"
#include "harness/script/printer.h"
#include "tests/script/random_program.h"

namespace synfin::script {
namespace {

TEST(RoundTrip, RandomProgramsComeBack) {
  for (uint64_t seed = 0; seed < 5000; ++seed) {
    Random random(seed);
    const proto::Program program = random_program(random);
    const std::string text = print(program);
    const auto again = parse(text, "random");
    ASSERT_TRUE(again) << "seed " << seed << ": " << to_string("", again.error()) << "\n" << text;
    ASSERT_TRUE(same(program, *again)) << "seed " << seed << "\n"
                                       << text << "---\n"
                                       << program.DebugString() << "---\n"
                                       << again->DebugString();
  }
}

TEST(RoundTrip, PrintingTwiceGivesTheSameText) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    Random random(seed);
    const std::string text = print(random_program(random));
    ASSERT_EQ(text, print(*parse(text, "random"))) << "seed " << seed;
  }
}

TEST(RoundTrip, SensibleProgramsCompile) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    const proto::Program program = random_program(random, {.max_steps = 20, .sensible = true});
    const auto flat = compile(program);
    ASSERT_TRUE(flat) << "seed " << seed << ": " << flat.error().message << "\n" << print(program);
    ASSERT_EQ(flat->steps.size(),
              static_cast<std::size_t>(program.steps_size() + program.init_commands_size() +
                                       program.cleanup_commands_size()));
  }
}

TEST(RoundTrip, SameSeesEveryDifference) {
  Random random(7);
  const proto::Program program = random_program(random, {.max_steps = 8});
  proto::Program other = program;
  other.set_name("other");
  other.mutable_steps(0)->set_line(99);
  EXPECT_TRUE(same(program, other)) << "names and lines do not count";
  other.mutable_steps(0)->mutable_time()->set_start_ns(123);
  EXPECT_FALSE(same(program, other));
}

// Bytes and pieces of programs, cut and spliced: an error or a program that prints and comes back.
TEST(RoundTrip, DamagedTextNeverCrashes) {
  int parsed = 0;
  for (uint64_t seed = 0; seed < 20000; ++seed) {
    Random random(seed);
    std::string text = print(random_program(random, {.max_steps = 3}));
    for (auto n = random.between(1, 3); n > 0 && !text.empty(); --n) {
      const std::size_t at = random.below(text.size());
      switch (random.below(4)) {
        case 0:
          text[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          text.erase(at, random.below(10));
          break;
        case 2:
          text.insert(at, text.substr(random.below(text.size()), random.below(20)));
          break;
        default:
          text.resize(at);
          break;
      }
    }
    const auto program = parse(text, "damaged");
    if (!program) {
      EXPECT_GT(program.error().line, 0U);
      EXPECT_GT(program.error().column, 0U);
      EXPECT_FALSE(program.error().message.empty());
      continue;
    }
    ++parsed;
    const auto again = parse(print(*program), "damaged");
    ASSERT_TRUE(again) << "seed " << seed << "\n" << text << "---\n" << print(*program);
    ASSERT_TRUE(same(*program, *again)) << "seed " << seed << "\n" << text;
    (void)compile(*program);
  }
  EXPECT_GT(parsed, 1000);
}

}  // namespace
}  // namespace synfin::script
