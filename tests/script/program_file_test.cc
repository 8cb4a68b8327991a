// Programs from files of any form, whole and damaged.
#include "harness/script/program_file.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "harness/script/compile.h"
#include "harness/script/parser.h"
#include "harness/script/printer.h"
#include "tests/temp_file.h"

namespace synfin::script {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kScript = R"(// A listener.
//@ requires MUST-10
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1460,nop,TS val 7 ecr 0>
+0 > S. 0:0(0) ack 1 <...>
+.01 < . RCV.NXT-1(0) ack SND.NXT win 65535 {sum=bad} //@ state SYN-RECEIVED
)";

proto::Program program() {
  auto parsed = parse(kScript, "listener.pkt");
  EXPECT_TRUE(parsed);
  return *parsed;
}

std::string as_text() {
  std::string text;
  google::protobuf::TextFormat::PrintToString(program(), &text);
  return text;
}

std::string error_of(std::string_view octets, const std::string& path) {
  const auto programs = parse_octets(octets, path);
  return programs ? "no error" : programs.error().message;
}

TEST(ProgramFile, WhatItHoldsTellsItsForm) {
  for (const std::string& octets : {std::string(kScript), as_text(), "# a comment\n\n" + as_text(),
                                    program().SerializeAsString()}) {
    for (const std::string path : {"crash-4f2e", "x.pkt", "x.pb", "x.textproto"}) {
      const bool script = octets == kScript;
      if (script && path == "x.textproto") continue;
      const auto programs = parse_octets(octets, path);
      ASSERT_TRUE(programs) << path << ": " << programs.error().message;
      EXPECT_TRUE(same(programs->at(0), program())) << path;
      EXPECT_EQ(programs->at(0).file(), path);
    }
  }
}

TEST(ProgramFile, AProgramWithoutANameHasThatOfItsFile) {
  proto::Program nameless = program();
  nameless.clear_name();
  EXPECT_EQ(parse_octets(nameless.SerializeAsString(), "out/crash-4f2e.pb")->at(0).name(),
            "out/crash-4f2e");
}

TEST(ProgramFile, WhatIsNoProgramIsToldApart) {
  EXPECT_THAT(error_of(kScript, "x.textproto"), StartsWith("x.textproto:1:1: "));
  EXPECT_THAT(error_of("steps { time: 3 }", "crash"), StartsWith("crash:1:"));
  EXPECT_EQ(error_of("", "crash"), "crash:1:1: the file has no steps: expected a time");
  EXPECT_EQ(error_of(std::string("\x80\x01\0", 3), "crash"),
            "crash: holds no program: it is no script, and as a message it has no steps");
  EXPECT_THAT(error_of("+0 < S 0:0(0)\n\x01", "x.pkt"), StartsWith("x.pkt:2:1: "));
  EXPECT_EQ(error_of(std::string(kMaxFileOctets + 1, '\x01'), "x"),
            "x: has more than 1048576 octets");
}

TEST(ProgramFile, TheOctetIsNamedFromWhichItIsNoProgram) {
  const std::string whole = program().SerializeAsString();
  EXPECT_EQ(error_of(whole.substr(0, whole.size() - 1), "x.pb"),
            "x.pb: not a binary program: octet 277, file: 12 octets are announced and 11 are left");
  const std::string inner("\x32\x05\x0a\x09\x08\x01\x10", 7);  // a time longer than its step
  EXPECT_EQ(error_of(inner, "x"),
            "x: not a binary program: octet 2, steps.time: 9 octets are announced and 3 are left");
  EXPECT_EQ(error_of("\x0a\x02\xc3(", "x"),
            "x: not a binary program: octet 2, name: the text is not UTF-8");
  EXPECT_EQ(error_of(std::string("\x00\x01", 2), "x"),
            "x: not a binary program: octet 0: no field begins here");
  EXPECT_EQ(error_of("\x32\xff\xff", "x"),
            "x: not a binary program: octet 0, steps: the length is cut short");
}

TEST(ProgramFile, AStepWithoutALineIsNamedByItsNumber) {
  proto::Program broken;
  broken.set_name("x");
  broken.add_steps()->set_nothing(true);
  broken.add_steps();
  EXPECT_EQ(compile(broken).error().message, "x: step 2: the step is empty");
}

// Prefixes, and single bits turned: each gives a program or an error that names the file.
TEST(ProgramFile, DamagedFilesDoNoHarm) {
  std::size_t errors = 0;
  const auto check = [&](const std::string& octets) {
    const auto programs = parse_octets(octets, "some/file");
    if (!programs) {
      ++errors;
      EXPECT_THAT(programs.error().message, StartsWith("some/file:"));
      return;
    }
    for (const proto::Program& each : *programs) {
      const auto flat = compile(each);
      EXPECT_THAT(flat ? "some/file:" : flat.error().message, StartsWith("some/file:"));
    }
  };
  for (const std::string& whole :
       {std::string(kScript), as_text(), program().SerializeAsString()}) {
    const std::size_t stride = 1 + whole.size() / 300;  // most of the texts' octets are alike
    for (std::size_t size = 0; size < whole.size(); size += stride) check(whole.substr(0, size));
    for (std::size_t bit = 0; bit < 8 * whole.size(); bit += stride) {
      std::string flipped = whole;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      check(flipped);
    }
  }
  EXPECT_GT(errors, 1000U);
}

TEST(ProgramFile, Files) {
  const std::string path = synfin::testing::temp_path("program_file_test.pkt");
  std::ofstream(path) << "+0 < S 0:0(0) <FO COOKIE>\n";
  const auto programs = parse_file(path, {{"COOKIE", "0a0b"}});
  ASSERT_TRUE(programs) << programs.error().message;
  EXPECT_EQ(print(programs->at(0).steps(0)), "+0 < S 0:0(0) <FO 0a0b>");
  EXPECT_EQ(programs->at(0).file(), path);
  std::ofstream(path) << "+0 < X 0:0(0)\n";
  EXPECT_THAT(parse_file(path).error().message, StartsWith(path + ":1:6: found 'X'"));
  std::remove(path.c_str());
  EXPECT_THAT(parse_file(path).error().message, StartsWith(path + ": cannot be read"));
  EXPECT_EQ(parse_file(::testing::TempDir()).error().message,
            ::testing::TempDir() + ": is a folder, not a file");
  EXPECT_THAT(parse_file("/dev/zero").error().message, HasSubstr("more than 1048576 octets"));
}

}  // namespace
}  // namespace synfin::script
