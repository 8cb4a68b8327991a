#include "harness/play/python.h"

#include <gtest/gtest.h>

#include <thread>

#include "harness/play/shell.h"

namespace synfin::play {
namespace {

// The status of the command in a shell.
int status_of(const std::vector<CodePiece>& pieces) {
  auto shell = Shell::open("/");
  EXPECT_TRUE(shell) << shell.error().message;
  EXPECT_TRUE((*shell)->start(python_command(pieces)));
  for (int i = 0; i < 10'000; ++i) {
    if (const auto status = (*shell)->ended()) return *status;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return -1;
}

class Python : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_python()) GTEST_SKIP() << "there is no python3";
  }
};

TEST(PythonWords, AreTheNamesInCode) {
  EXPECT_EQ(words_of("if tcpi_rtt > 10:\n  x2 = tcpi_rtt"),
            (std::vector<std::string>{"if", "tcpi_rtt", "x2"}));
}

TEST_F(Python, RunsCodeWithTheValuesOfItsPlace) {
  EXPECT_EQ(status_of({{.step = 0, .code = "assert tcpi_rtt == 7", .names = {{"tcpi_rtt", 7}}},
                       {.step = 1, .code = "assert tcpi_rtt == 8", .names = {{"tcpi_rtt", 8}}}}),
            0);
}

TEST_F(Python, KeepsWhatCodeAssigns) {
  EXPECT_EQ(status_of({{.step = 0,
                        .code = "def twice(x):\n  return 2 * x\na = twice(tcpi_rtt)",
                        .names = {{"tcpi_rtt", 7}}},
                       {.step = 1, .code = "assert a == 14, 'a=%d' % a", .names = {}}}),
            0);
}

TEST_F(Python, TakesBlocksAndLinesThatStandFurtherIn) {
  EXPECT_EQ(status_of({{.step = 0, .code = "def same(x):\n  return x", .names = {}},
                       {.step = 1, .code = "a = same(3)\n    b = a", .names = {}},
                       {.step = 2, .code = "assert b == 3", .names = {}}}),
            0);
}

TEST_F(Python, TellsWhichPieceRaised) {
  EXPECT_EQ(status_of({{.step = 0, .code = "x = [1]", .names = {}},
                       {.step = 1, .code = "assert x[0] == 2", .names = {}}}),
            2);
  EXPECT_EQ(status_of({{.step = 0, .code = "this is no Python", .names = {}}}), 1);
}

// Quotes of every kind stay in the code.
TEST_F(Python, NothingOfTheCodeIsTheShells) {
  EXPECT_EQ(
      status_of({{.step = 0,
                  .code = "s = 'a\"b' + \"c'd\" + '$(exit 3)`exit 4`\\\\'\nassert len(s) == 24",
                  .names = {}}}),
      0);
}

}  // namespace
}  // namespace synfin::play
