#include "harness/cli/select.h"

#include <gtest/gtest.h>

#include "harness/cli/common.h"

namespace synfin::cli {
namespace {

TEST(Selects, WholeIdsGlobsTopicsAndWhatMayBeLeftAway) {
  EXPECT_TRUE(selects("reset/x", "reset/x"));
  EXPECT_TRUE(selects("reset/*", "reset/x"));
  EXPECT_TRUE(selects("reset", "reset/x"));
  EXPECT_TRUE(selects("*", "reset/deep/x"));
  EXPECT_TRUE(selects("reset/x", "reset/x[S.,1]"));
  EXPECT_TRUE(selects("reset/x[S.,1]", "reset/x[S.,1]"));
  EXPECT_TRUE(selects("reset/x@ipv6", "reset/x"));
  EXPECT_TRUE(selects("reset/x", "reset/x@ipv6"));
  EXPECT_FALSE(selects("reset/x[S.,2]", "reset/x[S.,1]"));
  EXPECT_FALSE(selects("res", "reset/x"));
  EXPECT_FALSE(selects("reset/x", "reset/xy"));
}

TEST(ShellWord, QuotesWhatAShellWouldRead) {
  EXPECT_EQ(shell_word("reset/x@ipv6"), "reset/x@ipv6");
  EXPECT_EQ(shell_word("a[S. b]"), "'a[S. b]'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word(""), "''");
}

TEST(Choice, NamesWhatIsNotThere) {
  StackChoice choice;
  choice.stack = "lunix";
  ASSERT_FALSE(check(&choice).has_value());
  EXPECT_EQ(check(&choice).error().message.substr(0, 40),
            "there is no stack 'lunix'; there are: re");
  choice.stack = "linux";
  choice.seed_text = "0x5eed";
  ASSERT_TRUE(check(&choice).has_value());
  EXPECT_EQ(choice.seed, 0x5eedU);
  EXPECT_EQ(options_of(choice), "--stack linux --seed 0x5eed");
}

TEST(Choice, AKernelIsOneOfTheLinuxStack) {
  StackChoice choice;
  choice.kernel = "6.12";
  ASSERT_TRUE(check(&choice).has_value());
  EXPECT_EQ(options_of(choice), "--stack linux --kernel 6.12 --seed 0x1");
  choice.stack = "lwip";
  ASSERT_FALSE(check(&choice).has_value());
  EXPECT_EQ(check(&choice).error().message, "--kernel 6.12: the stack lwip has no kernel");
}

TEST(Choice, KasanIsAVariantOfTheKernel) {
  StackChoice choice;
  choice.kasan = true;
  EXPECT_EQ(check(&choice).error().message, "--kasan needs a kernel: name one with --kernel");
  choice.stack.clear();
  choice.kernel = "6.12";
  ASSERT_TRUE(check(&choice).has_value());
  ASSERT_TRUE(check(&choice).has_value());  // as inside of it
  EXPECT_EQ(options_of(choice), "--stack linux --kernel 6.12+kasan --seed 0x1");
}

TEST(Choice, WithoutAnyIsTheReference) {
  StackChoice choice;
  ASSERT_TRUE(check(&choice).has_value());
  EXPECT_EQ(choice.stack, "reference");
}

}  // namespace
}  // namespace synfin::cli
