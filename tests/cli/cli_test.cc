// The commands from outside: arguments in, text and exit code out.
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "harness/proto/result.pb.h"
#include "harness/report/version.h"
#include "tests/cli/program.h"

namespace synfin::cli {
namespace {

class Cli : public testing::Test {
 protected:
  void SetUp() override {
    unsetenv("SYNFIN_SPECS");
    setenv("LC_ALL", "C.UTF-8", 1);
  }
  Ran cases(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--specs", folder_.path()});
    return run(arguments);
  }
  Folder folder_;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(Cli, TellsItsVersionAndHelp) {
  const Ran version = run({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out, "synfin " + std::string(report::kVersion) + "\n");
  for (const std::string command : {"run", "list", "show", "replay", "probe"}) {
    const Ran help = run({command, "--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_TRUE(has(help.out, "Usage: synfin " + command)) << help.out;
    EXPECT_TRUE(has(run({"--help"}).out, "  " + command));
  }
}

TEST_F(Cli, EndsWithTwoOnWrongUsage) {
  const std::string file = folder_.write("a.pkt", kHandshake);
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"frobnicate"},
      {"run", "--frobnicate"},
      {"run", file, "--stack", "lunix"},
      {"run", file, "--link", "veth"},
      {"run", file, "--stack", "linux", "--link", "pigeon"},
      {"run", file, "--profile", "none-such"},
      {"run", file, "--set", "net.ipv4.tcp_no_such_thing=0"},
      {"run", file, "--set", "net.ipv4.tcp_sack=maybe"},
      {"run", file, "--stack", "linux", "--set", "nonsense"},
      {"run", file, "--seed", "12x"},
      {"run", file, "--specs", "/no/such/folder"},
      {"run", file, "--baseline", "/no/such/file"},
      {"run", "/no/such/file.pkt"},
      {"run", file, "-j", "0"},
      {"show", file, "--as", "poem"},
      {"show"},
      {"replay", "/no/such/file.pkt"},
      {"replay", folder_.path()},
      {"probe", "--stack", "lunix"},
  };
  for (const auto& arguments : wrong) {
    const Ran ran = run(arguments);
    std::string line;
    for (const std::string& argument : arguments) line += " " + argument;
    EXPECT_EQ(ran.code, 2) << line << "\n" << ran.out << ran.err;
    EXPECT_NE(ran.err, "") << line;
  }
}

TEST_F(Cli, PassesWhatIsRight) {
  folder_.write("handshake/passive.pkt", kHandshake);
  const Ran ran = cases({"run"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_TRUE(has(ran.out, "target reference")) << ran.out;
  EXPECT_TRUE(has(ran.out, "2 cases: 2 pass")) << ran.out;
  EXPECT_TRUE(has(ran.out, "MUST 2 of 2")) << ran.out;
  EXPECT_EQ(ran.err, "");
}

TEST_F(Cli, FailsWhatIsWrongAndSaysHowToRepeatIt) {
  folder_.write("handshake/passive.pkt", with("S. 0:0(0) ack 1", "S. 0:0(0) ack 2"));
  const Ran ran = cases({"run", "handshake/passive", "-6", "--seed", "0x5eed"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(has(ran.out, "FAIL  handshake/passive@ipv6   MUST   MUST-10 RFC 9293 §3.5"))
      << ran.out;
  EXPECT_TRUE(has(ran.out, "passive.pkt:7   step 5")) << ran.out;
  EXPECT_TRUE(has(ran.out, "ack    2       1")) << ran.out;
  EXPECT_TRUE(has(ran.out, "◀ wanted S. 0:0(0) ack 2")) << ran.out;
  EXPECT_TRUE(has(ran.out,
                  "repeat   synfin run handshake/passive -6 --stack reference --seed 0x5eed "
                  "--specs " +
                      folder_.path()))
      << ran.out;
}

TEST_F(Cli, PlaysTheOthersWhenAScriptDoesNotParse) {
  folder_.write("a/bad.pkt", "+0 < Q 0:0(0)\n");
  folder_.write("a/good.pkt", kHandshake);
  folder_.write("a/wrong.pkt", with("ack 1", "ack 2"));
  const Ran ran = cases({"run"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(has(ran.err, "a/bad.pkt:1:6: found 'Q'")) << ran.err;
  EXPECT_TRUE(has(ran.out, "4 cases: 2 pass, 2 fail")) << ran.out;
}

TEST_F(Cli, EndsWithTwoWhereAProgramCannotBeCompiled) {
  folder_.write("a.pkt", with("MUST-10", "MUST-1000"));
  const Ran ran = cases({"run"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(has(ran.err, "MUST-1000")) << ran.err;
}

TEST_F(Cli, EndsWithFourWhereNothingIsSelected) {
  folder_.write("a/b.pkt", kHandshake);
  EXPECT_EQ(cases({"run", "c"}).code, 4);
  EXPECT_EQ(cases({"list", "c*"}).code, 4);
  EXPECT_EQ(cases({"run", "a/b"}).code, 0);
}

TEST_F(Cli, SelectsByGlobTopicVersionAndFile) {
  folder_.write("a/one.pkt", kHandshake);
  folder_.write("a/two.pkt", kHandshake);
  folder_.write("b/one.pkt", "//@ ip 6\n" + std::string(kHandshake));
  const std::string each = folder_.write(
      "c/many.pkt", "//@ each ack = 1 | 1\n" + with("S. 0:0(0) ack 1", "S. 0:0(0) ack ${ack}"));
  const auto count = [&](const std::vector<std::string>& globs) {
    std::vector<std::string> arguments = {"run", "--json", "-"};
    arguments.insert(arguments.end(), globs.begin(), globs.end());
    const Ran ran = cases(arguments);
    proto::RunResult result;
    if (!google::protobuf::util::JsonStringToMessage(ran.out, &result).ok()) return -1;
    return result.cases_size();
  };
  EXPECT_EQ(count({"a"}), 4);
  EXPECT_EQ(count({"a/"}), 4);
  EXPECT_EQ(count({"*/one"}), 3);
  EXPECT_EQ(count({"a/one", "a/one"}), 2);
  EXPECT_EQ(count({"a/one@ipv6"}), 1);
  EXPECT_EQ(count({"a", "-4"}), 2);
  EXPECT_EQ(count({"b/one"}), 1);
  EXPECT_EQ(count({folder_.path() + "/a/two.pkt"}), 2);
  EXPECT_EQ(count({folder_.path() + "/a"}), 4);
  EXPECT_EQ(count({"c/many"}), count({each}));
}

TEST_F(Cli, WritesAllOfItAsJson) {
  folder_.write("a/one.pkt", with("ack 1", "ack 2"));
  const std::string path = folder_.path() + "/out.json";
  const Ran ran = cases({"run", "--json", path});
  EXPECT_EQ(ran.code, 1);
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  proto::RunResult result;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(text, &result).ok()) << text;
  ASSERT_EQ(result.cases_size(), 2);
  EXPECT_EQ(result.cases(0).id(), "a/one");
  EXPECT_EQ(result.cases(1).id(), "a/one@ipv6");
  EXPECT_EQ(result.cases(0).verdict(), proto::FAIL);
  EXPECT_EQ(result.cases(0).requirements(0), "MUST-10");
  EXPECT_GT(result.cases(0).divergences_size(), 0);
  EXPECT_GT(result.cases(0).trace().events_size(), 0);
  EXPECT_EQ(result.provenance().stack(), "reference");
  EXPECT_EQ(result.provenance().version(), std::string(report::kVersion));
  EXPECT_EQ(result.verdicts().at("FAIL"), 2U);
}

TEST_F(Cli, EndsWithThreeWhereTheResultsCannotBeWritten) {
  folder_.write("a/one.pkt", kHandshake);
  const Ran ran = cases({"run", "--json", "/no/such/folder/x.json"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_TRUE(has(ran.err, "/no/such/folder/x.json: cannot be written")) << ran.err;
}

TEST_F(Cli, KnowsTheBaseline) {
  folder_.write("a/one.pkt", with("ack 1", "ack 2"));
  folder_.write("a/two.pkt", kHandshake);
  const std::string known = folder_.write("known.textproto", R"(
    deviations { case_id: "a/*" stack: "reference" reason: "made up" })");
  const Ran ran = cases({"run", "--baseline", known});
  EXPECT_EQ(ran.code, 1) << ran.out << ran.err;
  EXPECT_TRUE(has(ran.out, "2 xfail, 2 xpass")) << ran.out;
  EXPECT_EQ(cases({"run", "a/one", "--baseline", known}).code, 0);
  EXPECT_EQ(cases({"run", "a/one", "--baseline", "none"}).code, 1);
  const std::string bad = folder_.write("bad.textproto", "deviations {");
  EXPECT_EQ(cases({"run", "--baseline", bad}).code, 2);
}

TEST_F(Cli, ListsWhatThereIs) {
  folder_.write("a/one.pkt", kHandshake);
  folder_.write("a/slow.pkt", with("+.01 <", "+100 <"));
  const Ran ran = cases({"list"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out,
            "a/one   quick  MUST-10 SM-LISTEN-3  A SYN draws a SYN,ACK.\n"
            "a/slow  long   MUST-10 SM-LISTEN-3  A SYN draws a SYN,ACK.\n");
}

TEST_F(Cli, FindsTheSpecsByEnvironment) {
  folder_.write("a/one.pkt", kHandshake);
  setenv("SYNFIN_SPECS", folder_.path().c_str(), 1);
  EXPECT_TRUE(has(run({"list"}).out, "a/one"));
  setenv("SYNFIN_SPECS", "/no/such/folder", 1);
  EXPECT_EQ(run({"list"}).code, 4);
  unsetenv("SYNFIN_SPECS");
}

TEST_F(Cli, ShowsAProgramInFormsThatReplayReads) {
  const std::string file = folder_.write("one.pkt", kHandshake);
  const Ran text = run({"show", file});
  EXPECT_EQ(text.code, 0);
  for (const auto& [form, ending] :
       {std::pair{"pkt", "two.pkt"}, {"textproto", "two.textproto"}, {"binary", "two.pb"}}) {
    const Ran shown = run({"show", file, "--as", form});
    EXPECT_EQ(shown.code, 0) << form;
    const std::string copy = folder_.write(ending, shown.out);
    EXPECT_EQ(run({"show", copy}).out, text.out) << form;
    const Ran replayed = run({"replay", copy});
    EXPECT_EQ(replayed.code, 0) << form << replayed.out << replayed.err;
    EXPECT_TRUE(has(replayed.out, "PASS")) << replayed.out;
  }
}

TEST_F(Cli, ShowsALadderAndLayers) {
  const std::string file = folder_.write("one.pkt", kHandshake);
  const Ran ladder = run({"show", file, "--as", "ladder"});
  EXPECT_EQ(ladder.code, 0);
  EXPECT_TRUE(has(ladder.out, "◀── SYN ACK  seq 0  ack 1  win 65535  <mss 1460> ── │ SYN-RECEIVED"))
      << ladder.out;
  setenv("LC_ALL", "C", 1);
  EXPECT_TRUE(has(run({"show", file, "--as", "ladder"}).out, "<-- SYN ACK  seq 0  ack 1"));
  const Ran layers = run({"show", file, "--as", "layers", "-6"});
  EXPECT_EQ(layers.code, 0);
  for (const char* part :
       {"packet 3 ", "IPv6\n", "TCP\n", "sequence number", "Maximum Segment Size"}) {
    EXPECT_TRUE(has(layers.out, part)) << part << "\n" << layers.out;
  }
}

TEST_F(Cli, ShowsAProgramForPacketdrill) {
  const Ran shown = run({"show", folder_.write("one.pkt", kHandshake), "--as", "packetdrill"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_TRUE(has(shown.out, "\n+0 > S. 0:0(0) ack 1 <...>\n")) << shown.out;
  EXPECT_TRUE(has(shown.out, "with the numbers of reference")) << shown.out;
  // A script that packetdrill has words for is one that synfin reads.
  EXPECT_EQ(run({"show", folder_.write("two.pkt", shown.out)}).code, 0);

  const std::string bad = with("win 65535 <mss 1460>", "win 65535 <mss 1460> {sum=bad}");
  const Ran refused = run({"show", folder_.write("bad.pkt", bad), "--as", "packetdrill"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_EQ(refused.out, "");
  EXPECT_TRUE(has(refused.err, "step 4 (line 6): packetdrill cannot say a wrong checksum"))
      << refused.err;
}

TEST_F(Cli, ReplaysAFailureInFull) {
  const std::string file = folder_.write("one.pkt", with("ack 1", "ack 2"));
  const Ran ran = run({"replay", file});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(has(ran.out, "socket() = 3")) << ran.out;
  EXPECT_TRUE(has(ran.out, "repeat   synfin replay " + file)) << ran.out;
}

TEST_F(Cli, RefusesBinaryFormsThatAreNone) {
  EXPECT_EQ(run({"replay", folder_.write("x.pb", "\xff\xff\xff")}).code, 2);
  const Ran ran = run({"replay", folder_.write("x.textproto", "steps {\n  bogus: 1 }")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(has(ran.err, "x.textproto:2:")) << ran.err;
}

TEST_F(Cli, ProbesTheReference) {
  const Ran ran = run({"probe", "--json", "-"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  for (const char* part :
       {"\"syn_ack_mss\": 1460", "\"syn_rto\": 1,", "\"syn_retransmissions\": 8",
        "\"delayed_ack_s\": 0.2", "\"time_wait_s\": 240", "\"isn_differs\": true"}) {
    EXPECT_TRUE(has(ran.out, part)) << part << "\n" << ran.out;
  }
}

}  // namespace
}  // namespace synfin::cli
