// --set: sysctls for all cases, which the profile follows.
#include <gtest/gtest.h>

#include "tests/cli/program.h"

namespace synfin::cli {
namespace {

// Given up after one repetition: too early by any profile that has more (MUST-20, MUST-23).
constexpr const char* kGivesUp = R"(//@ doc connect() gives up.
//@ requires MUST-20
//@ role active
//@ ip 4
+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0...+3.05 connect(3, ..., ...) = -1 ETIMEDOUT
+0 > S 0:0(0) <...>
+.9~+1.3 > S 0:0(0) <...>
+3 wait                       //@ state CLOSED
)";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class Set : public testing::Test {
 protected:
  Ran play(const std::string& stack, const std::vector<std::string>& set) {
    std::vector<std::string> arguments = {
        "run", folder_.write("give-up.pkt", kGivesUp), "--stack", stack, "--json", "-"};
    for (const std::string& each : set) arguments.insert(arguments.end(), {"--set", each});
    return run(arguments);
  }
  Folder folder_;
};

TEST_F(Set, TheReferenceFollows) {
  EXPECT_EQ(play("reference", {}).code, 1);
  const Ran ran = play("reference", {"net.ipv4.tcp_syn_retries=1"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_TRUE(has(ran.out, "\"net.ipv4.tcp_syn_retries\": \"1\"")) << ran.out;
}

TEST_F(Set, AWordThatTheProfileHas) {
  EXPECT_EQ(play("reference", {"net.ipv4.tcp_congestion_control=reno"}).code, 1) << "not refused";
  const Ran ran = play("reference", {"net.ipv4.tcp_congestion_control=cubic"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(has(ran.err, "a profile has reno")) << ran.err;
}

// The kernel gives up, and the profile that it is judged by knows that.
TEST_F(Set, LinuxAndItsProfileFollow) {
  const Ran ran = play("linux", {"tcp_syn_retries=1", "net.ipv4.tcp_syn_linear_timeouts=0"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_TRUE(has(ran.out, "\"net.ipv4.tcp_syn_retries\": \"1\"")) << ran.out;
}

TEST_F(Set, WhatTheKernelDoesNotHaveIsAnErrorOfSetUp) {
  Ran ran = play("linux", {"net.ipv4.tcp_no_such_thing=1"});
  EXPECT_EQ(ran.code, 3) << ran.out;
  EXPECT_TRUE(has(ran.err, "net.ipv4.tcp_no_such_thing does not exist")) << ran.err;
  ran = play("linux", {"net.ipv4.tcp_sack=perhaps"});
  EXPECT_EQ(ran.code, 3) << ran.out;
  EXPECT_TRUE(has(ran.err, "net.ipv4.tcp_sack=perhaps")) << ran.err;
  ran = play("linux", {"kernel.hostname=other"});
  EXPECT_EQ(ran.code, 3) << ran.out;
  EXPECT_TRUE(has(ran.err, "kernel.hostname cannot be set")) << ran.err;
}

}  // namespace
}  // namespace synfin::cli
