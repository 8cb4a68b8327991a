#include "harness/script/expand.h"

#include <gtest/gtest.h>

#include "harness/script/printer.h"

namespace synfin::script {
namespace {

std::string names(const std::vector<proto::Program>& programs) {
  std::string out;
  for (const auto& program : programs) out += program.name() + ";";
  return out;
}

std::string expand_error(std::string_view text) {
  const auto programs = parse_all(text, "specs/t.pkt");
  return programs ? "no error" : to_string("", programs.error()).substr(1);
}

TEST(Expand, OneProgramWithoutEach) {
  const auto programs = parse_all("+0 `echo ${x}`", "specs/t.pkt");
  ASSERT_TRUE(programs);
  EXPECT_EQ(names(*programs), "t;");
  EXPECT_EQ(programs->at(0).steps(0).shell(), "echo ${x}");
}

TEST(Expand, OneProgramAValue) {
  const auto programs = parse_all(
      "//@ requires MUST-10\n"
      "//@ each flags = S | F. |R\n"
      "+0 < ${flags} 0:0(0)  // ${flags} alone\n"
      "+0 `echo ${other}`\n",
      "specs/t.pkt");
  ASSERT_TRUE(programs) << to_string("", programs.error());
  EXPECT_EQ(names(*programs), "t[S];t[F.];t[R];");
  EXPECT_EQ(print(programs->at(1).steps(0)), "+0 < F. 0:0(0)");
  EXPECT_EQ(programs->at(1).steps(0).remark(), "F. alone");
  EXPECT_EQ(programs->at(1).steps(0).line(), 3U) << "lines keep their numbers";
  EXPECT_EQ(programs->at(1).annotations_size(), 1) << "'each' is gone";
  EXPECT_EQ(programs->at(2).steps(1).shell(), "echo ${other}") << "the shell's own";
}

TEST(Expand, SeveralVariablesFormRows) {
  const auto programs = parse_all(
      "//@ each call = shutdown(4, SHUT_WR) | close(4)\n"
      "  //@ each state = FIN-WAIT-2 | CLOSED\n"
      "+0 ${call} = 0 //@ state ${state}",
      "t");
  ASSERT_TRUE(programs) << to_string("", programs.error());
  EXPECT_EQ(names(*programs), "t[shutdown(4, SHUT_WR),FIN-WAIT-2];t[close(4),CLOSED];");
  EXPECT_EQ(programs->at(1).steps(0).annotations(0).value(), "CLOSED");
}

TEST(Expand, ABarCanBeAValue) {
  const auto programs =
      parse_all("//@ each f = O_RDWR\\|O_NONBLOCK | 0\n+0 fcntl(3, F_SETFL, ${f})", "t");
  ASSERT_TRUE(programs);
  EXPECT_EQ(print(programs->at(0).steps(0)), "+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK)");
}

TEST(Expand, Errors) {
  struct Bad {
    const char* text;
    const char* wanted;
  };
  constexpr Bad kBad[] = {
      {"//@ each\n+0 wait", "1:1: expected //@ each name = value | value"},
      {"\n//@ each x y = 1\n+0 wait", "2:1: expected //@ each name = value | value"},
      {"//@ each x = 1 || 2\n+0 wait", "1:1: 'x' has an empty value"},
      {"//@ each x =\n+0 wait", "1:1: 'x' has an empty value"},
      {"//@ each x = 1\n//@ each x = 2\n+0 wait", "2:1: 'x' is declared twice"},
      {"//@ each x = 1|2\n//@ each y = 2\n+0 wait",
       "2:1: 'y' has 1 values, but 'x' has 2: several variables form rows"},
      {"//@ each x = 1|2\n+0 wait", "1:1: 'x' is never used: expected ${x}"},
      {"//@ each x = S|Q\n+0 < ${x} 0:0(0)", "2:6: found 'Q' in 'Q', expected flags"},
      {"//@ each x = S\n+0 < ${x} ${y}", "2:8: found '$', expected a sequence number"},
  };
  for (const Bad& bad : kBad) {
    EXPECT_TRUE(expand_error(bad.text).starts_with(bad.wanted))
        << bad.text << "\n got " << expand_error(bad.text);
  }
  EXPECT_TRUE(expand_error("//@ each x = S|Q\n+0 < ${x} 0:0(0)").ends_with(" (in [Q])"));
}

TEST(Expand, ManyValuesOfALongFileAreRefused) {
  std::string text = "//@ each x = 1";
  for (int i = 0; i < 500; ++i) text += "|1";
  text += "\n+0 wait // ${x}" + std::string(500'000, 'a');
  EXPECT_EQ(expand_error(text), "1:1: the programs of this file have more than 16777216 octets");
}

}  // namespace
}  // namespace synfin::script
