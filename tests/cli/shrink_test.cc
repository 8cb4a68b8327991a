// synfin shrink from outside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness/script/program_file.h"
#include "tests/cli/program.h"

namespace synfin::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

// lwIP gives every reset of its own an ACK (specs/baselines/lwip), here to a stray segment at the
// end of much else.
constexpr const char* kStray = R"(// Before.
+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
+.5 < FR 7:7(0) win 9
+.1 < P. 1000:1010(10) ack 2000 win 900 <nop,nop,TS val 7 ecr 8>
+2 wait
)";

// The lines of the comment as one.
std::string unwrapped(std::string text) {
  for (auto at = text.find("\n// "); at != std::string::npos; at = text.find("\n// ", at)) {
    text.replace(at, 4, " ");
  }
  return text;
}

class Shrinking : public testing::Test {
 protected:
  void SetUp() override {
    unsetenv("SYNFIN_SPECS");
    setenv("LC_ALL", "C.UTF-8", 1);
  }
  std::string read(const std::string& path) const {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  Folder folder_;
};

TEST_F(Shrinking, LeavesOneSegmentAndTellsWhatItShows) {
  const std::string out = folder_.path() + "/least.pkt";
  const Ran ran =
      run({"shrink", folder_.write("stray.pkt", kStray), "--stack", "lwip", "--out", out});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("5 -> 1 steps in "));
  const std::string least = read(out);
  EXPECT_THAT(least, HasSubstr("// lwip 2."));
  EXPECT_THAT(unwrapped(least), HasSubstr("SM-CLOSED-3 (MUST, RFC 9293 §3.10.7.1)"));
  EXPECT_THAT(least, HasSubstr("Shown in 20 of 20 plays."));
  EXPECT_THAT(least, HasSubstr("// Repeat: synfin replay " + out + " --stack lwip"));
  EXPECT_THAT(least, testing::EndsWith("\n\n+0 < . 0:0(0) ack 0 win 65535\n"));
  // What is kept shows the same when it is played.
  const Ran replayed = run({"replay", out, "--stack", "lwip"});
  EXPECT_EQ(replayed.code, 1) << replayed.err;
  EXPECT_THAT(replayed.out, HasSubstr("SM-CLOSED-3"));
  // And again it is the same, octet for octet.
  const std::string again = folder_.path() + "/again.pkt";
  run({"shrink", folder_.path() + "/stray.pkt", "--stack", "lwip", "--out", again});
  EXPECT_EQ(read(again).substr(read(again).find("\n\n")), least.substr(least.find("\n\n")));
}

TEST_F(Shrinking, RefusesWhatShowsNothing) {
  const std::string file = folder_.write("good.pkt", kHandshake);
  const Ran ran = run({"shrink", file, "--stack", "reference"});
  EXPECT_EQ(ran.code, 4);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("good.pkt: reference does all that the rules and the script ask"));
  const std::string stray = folder_.write("stray.pkt", kStray);
  const Ran other = run({"shrink", stray, "--stack", "lwip", "--clause", "MUST-10"});
  EXPECT_EQ(other.code, 4);
  EXPECT_THAT(other.err, HasSubstr("shows nothing against MUST-10; it shows SM-CLOSED-3"));
}

// Only the script says that this is wrong, and the reference does not do it either.
TEST_F(Shrinking, RefusesAScriptThatAsksForWhatIsWrong) {
  const std::string file = folder_.write("wrong.pkt", with("S. 0:0(0) ack 1", "S. 0:0(0) ack 2"));
  const Ran ran = run({"shrink", file, "--stack", "lwip"});
  EXPECT_EQ(ran.code, 4);
  EXPECT_THAT(ran.err, HasSubstr("the reference does not do what the script asks either"));
}

// Nobody expects the results in what a fuzzer has kept.
TEST_F(Shrinking, AFuzzTargetsInputIsPlayedAsTheTargetPlaysIt) {
  const auto read = script::parse_octets(with("listen(3, 1) = 0", "listen(3, 1) = -1 EINVAL"), "x");
  proto::Program program = read.value().at(0);
  for (proto::Step& step : *program.mutable_steps()) {
    step.clear_line();
    step.clear_annotations();
  }
  const std::string octets = program.SerializeAsString();
  const Ran kept = run({"replay", folder_.write("crash-1", octets)});
  EXPECT_EQ(kept.code, 0) << kept.out << kept.err;
  EXPECT_THAT(kept.out, HasSubstr("PASS  x"));
  EXPECT_EQ(run({"replay", folder_.write("crash-1.pb", octets)}).code, 1);
}

TEST_F(Shrinking, RefusesWhatIsNoProgram) {
  const Ran ran = run({"shrink", folder_.write("crash-1", "\x32\x09\x80"), "--stack", "lwip"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("crash-1: not a binary program: octet 0"));
  const std::string stray = folder_.write("stray.pkt", kStray);
  const Ran full = run({"shrink", stray, "--stack", "lwip", "--out", "/dev/full"});
  EXPECT_EQ(full.code, 3);
  EXPECT_THAT(full.err, HasSubstr("/dev/full: cannot be written"));
}

}  // namespace
}  // namespace synfin::cli
