// Asserts of packetdrill's code, evaluated without Python.
#include "harness/script/code.h"

#include <gtest/gtest.h>

namespace synfin::script {
namespace {

// The value of the only statement, with a few fields that a stack might tell.
std::optional<int64_t> value_of(const std::string& code, std::string* missing) {
  const auto statements = parse_code(code);
  if (!statements || statements->size() != 1) return std::nullopt;
  const auto names = [](const std::string& name) -> std::optional<int64_t> {
    if (name == "tcpi_snd_cwnd") return 10;
    if (name == "tcpi_options") return 6;
    if (name == "tcpi_rtt") return 20000;
    return std::nullopt;
  };
  return evaluate(statements->front(), names, missing);
}

std::optional<int64_t> value_of(const std::string& code) {
  std::string missing;
  return value_of(code, &missing);
}

TEST(Code, ComparesAsPythonDoes) {
  EXPECT_EQ(value_of("assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd"), 1);
  EXPECT_EQ(value_of("assert tcpi_snd_cwnd != 10"), 0);
  EXPECT_EQ(value_of("assert 5000 <= tcpi_rtt <= 20000, 'srtt=%d us' % tcpi_rtt"), 1);
  EXPECT_EQ(value_of("assert 5000 <= tcpi_rtt < 20000"), 0);
  EXPECT_EQ(value_of("assert (tcpi_options & TCPI_OPT_SACK) != 0, tcpi_options"), 1);
  EXPECT_EQ(value_of("assert tcpi_options & TCPI_OPT_SYN_DATA == 0"), 1);
  EXPECT_EQ(value_of("assert not tcpi_snd_cwnd == 10 or tcpi_rtt > 30000"), 0);
  EXPECT_EQ(value_of("assert tcpi_snd_cwnd == 9 or tcpi_rtt > 1 and tcpi_snd_cwnd < 11"), 1);
  EXPECT_EQ(value_of("assert (tcpi_snd_cwnd == 9 or\n tcpi_rtt > 1)  # both"), 1);
}

TEST(Code, Calculates) {
  EXPECT_EQ(value_of("x = 2 + 3 * 4 - -1"), 15);
  EXPECT_EQ(value_of("x = -7 // 2"), -4);
  EXPECT_EQ(value_of("x = -7 % 3"), 2);
  EXPECT_EQ(value_of("x = 1 << 4 | 0x3 ^ 1 & ~0"), 18);
  EXPECT_EQ(value_of("x = 1 // 0"), std::nullopt);
  EXPECT_EQ(value_of("tcpi_snd_cwnd += 5"), 15);
}

TEST(Code, SaysWhichNameHasNoValue) {
  std::string missing;
  EXPECT_EQ(value_of("assert tcpi_lost == 0", &missing), std::nullopt);
  EXPECT_EQ(missing, "tcpi_lost");
}

TEST(Code, TakesSeveralStatements) {
  const auto statements =
      parse_code("cwnd = 10; print(cwnd, 'a;b')\n# a comment\nassert cwnd == 10, 'no; yes'");
  ASSERT_TRUE(statements);
  ASSERT_EQ(statements->size(), 2U);
  EXPECT_EQ((*statements)[0].assigned, "cwnd");
  EXPECT_EQ((*statements)[1].text, "assert cwnd == 10, 'no; yes'");
}

TEST(Code, LeavesTheRestToPython) {
  for (const char* code : {"import os", "assert abs(tcpi_rtt) < 3", "if x:\n  y = 1", "x = 1 / 2",
                           "x = 2 ** 3", "assert a.b == 1", "assert x[0] == 1", "x = 'text'",
                           "assert (1", "assert 1 2", "x = 1.5", "print('open"}) {
    EXPECT_FALSE(parse_code(code)) << code;
  }
  std::string deep = "assert " + std::string(1000, '(') + "1" + std::string(1000, ')');
  EXPECT_FALSE(parse_code(deep));
}

}  // namespace
}  // namespace synfin::script
