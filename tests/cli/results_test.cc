// What a run leaves behind, which cases it plays, and the commands about results and rules.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness/proto/result.pb.h"
#include "tests/cli/program.h"

namespace synfin::cli {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Results : public testing::Test {
 protected:
  void SetUp() override {
    unsetenv("SYNFIN_SPECS");
    setenv("LC_ALL", "C.UTF-8", 1);
    folder_.write("a/good.pkt", kHandshake);
    folder_.write("a/should.pkt", with("MUST-10 SM-LISTEN-3", "SHLD-3"));
    folder_.write("b/wrong.pkt", with("ack 1 <", "ack 2 <"));
  }
  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  Ran cases(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--specs", folder_.path()});
    return run(arguments);
  }
  proto::RunResult results(const std::string& name) const {
    proto::RunResult result;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(read(path(name)), &result).ok());
    return result;
  }
  // The IDs of the cases that a run with these arguments plays.
  std::vector<std::string> played(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "run");
    arguments.insert(arguments.end(), {"-4", "--json", path("played.json")});
    cases(arguments);
    std::vector<std::string> ids;
    const proto::RunResult result = results("played.json");
    for (const proto::CaseResult& each : result.cases()) ids.push_back(each.id());
    return ids;
  }
  Folder folder_;
};

TEST_F(Results, AreWrittenInEveryForm) {
  const Ran ran = cases({"run", "--json", path("x.json"), "--junit", path("x.xml"), "--tap",
                         path("x.tap"), "--html", path("x.html"), "--pcap", path("pcap")});
  EXPECT_EQ(ran.code, 1) << ran.out << ran.err;
  EXPECT_THAT(read(path("x.xml")), HasSubstr("<testcase classname=\"b\" name=\"b/wrong\""));
  EXPECT_THAT(read(path("x.tap")), HasSubstr("not ok 5 - b/wrong\n"));
  EXPECT_THAT(read(path("x.html")), HasSubstr("synfin run b/wrong -4 --stack reference"));
  EXPECT_TRUE(fs::exists(path("pcap/b/wrong.pcap")));
  EXPECT_TRUE(fs::exists(path("pcap/a/good@ipv6.pcap")));
  // Traces were needed for the captures only.
  const proto::RunResult result = results("x.json");
  EXPECT_EQ(result.cases(0).verdict(), proto::PASS);
  EXPECT_EQ(result.cases(0).trace().events_size(), 0);
  EXPECT_GT(result.cases(4).trace().events_size(), 0);
  EXPECT_GT(result.cases(4).trace().epoch_ns(), 1'700'000'000'000'000'000);
}

TEST_F(Results, TellTheMovesThatWereMade) {
  cases({"run", "a", "--json", path("x.json")});
  const proto::RunResult result = results("x.json");
  const auto edge = std::find_if(
      result.edges_taken().begin(), result.edges_taken().end(), [](const proto::EdgeTaken& each) {
        return each.from() == "SYN-RECEIVED" && each.to() == "ESTABLISHED";
      });
  ASSERT_NE(edge, result.edges_taken().end());
  EXPECT_EQ(edge->event(), "segment");
  EXPECT_EQ(edge->cases(), 4U);
}

TEST_F(Results, LeaveTheStandardOutputToOneForm) {
  const Ran ran = cases({"run", "a/good", "--tap", "-"});
  EXPECT_TRUE(ran.out.starts_with("TAP version 14\n1..2\nok 1 - a/good\n")) << ran.out;
  EXPECT_THAT(ran.err, HasSubstr("2 cases: 2 pass"));
  EXPECT_EQ(cases({"run", "--tap", "-", "--json", "-"}).code, 2);
}

TEST_F(Results, EndWithThreeWhereTheyCannotBeWritten) {
  for (const char* form : {"--junit", "--tap", "--html"}) {
    const Ran ran = cases({"run", "a", form, "/no/such/folder/x"});
    EXPECT_EQ(ran.code, 3) << form;
    EXPECT_THAT(ran.err, HasSubstr("/no/such/folder/x: cannot be written"));
  }
  EXPECT_EQ(cases({"run", "a", "--pcap", "/proc/no/such"}).code, 3);
}

TEST_F(Results, AreOfTheChosenRules) {
  EXPECT_THAT(played({"--req", "MUST-10"}), ElementsAre("a/good", "b/wrong"));
  EXPECT_THAT(played({"--req", "shld-*"}), ElementsAre("a/should"));
  EXPECT_THAT(played({"--req", "SHLD-3", "--req", "SM-LISTEN-3", "a"}),
              ElementsAre("a/good", "a/should"));
  EXPECT_THAT(played({"--level", "must"}), ElementsAre("a/good", "b/wrong"));
  EXPECT_THAT(played({"--level", "should"}), ElementsAre("a/should"));
  EXPECT_THAT(played({"--level", "must", "--level", "should"}),
              ElementsAre("a/good", "a/should", "b/wrong"));
  EXPECT_EQ(cases({"run", "--level", "may"}).code, 4);
  EXPECT_EQ(cases({"run", "--level", "maybe"}).code, 2);
  const Ran unknown = cases({"run", "--req", "MUST-1000"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("--req MUST-1000: there is no such rule"));
}

TEST_F(Results, AreSplitIntoShardsAndMerged) {
  EXPECT_THAT(played({"--shard", "1/2"}), ElementsAre("a/good", "b/wrong"));
  EXPECT_THAT(played({"--shard", "2/2"}), ElementsAre("a/should"));
  for (const char* wrong : {"0/2", "3/2", "1", "1/", "/2", "1/2x", "-1/2"}) {
    EXPECT_EQ(cases({"run", "--shard", wrong}).code, 2) << wrong;
  }
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    cases({"run", "--shard", shard, "--json", path(std::string(1, *shard) + ".json")});
  }
  cases({"run", "--json", path("all.json")});
  const Ran merged = cases({"merge", path("1.json"), path("2.json"), path("3.json"), "--json",
                            path("merged.json"), "--junit", path("merged.xml")});
  EXPECT_EQ(merged.code, 1) << merged.out << merged.err;
  EXPECT_THAT(merged.out, HasSubstr("6 cases: 4 pass, 2 fail"));
  proto::RunResult all = results("all.json");
  proto::RunResult joined = results("merged.json");
  ASSERT_EQ(joined.cases_size(), all.cases_size());
  for (int i = 0; i < all.cases_size(); ++i) {
    EXPECT_EQ(joined.cases(i).id(), all.cases(i).id());
    EXPECT_EQ(joined.cases(i).verdict(), all.cases(i).verdict());
    EXPECT_EQ(joined.cases(i).repeat(), all.cases(i).repeat());
  }
  EXPECT_EQ(joined.clauses_hit_size(), all.clauses_hit_size());
  EXPECT_EQ(joined.edges_taken_size(), all.edges_taken_size());
  EXPECT_THAT(read(path("merged.xml")), HasSubstr("name=\"b/wrong@ipv6\""));
  EXPECT_EQ(run({"diff", path("all.json"), path("merged.json")}).code, 0);
  const Ran apart = run({"diff", path("all.json"), path("1.json")});
  EXPECT_EQ(apart.code, 1);
  EXPECT_THAT(apart.out, HasSubstr("only " + path("all.json") + ": 4 cases: "));
  EXPECT_EQ(run({"diff", path("all.json"), path("nowhere.json")}).code, 2);
  EXPECT_EQ(cases({"merge", folder_.write("no.json", "[")}).code, 2);
  EXPECT_EQ(cases({"merge", path("nowhere.json")}).code, 2);
}

TEST_F(Results, SayWhichCasesToRunAgain) {
  const std::string last = path("last.json");
  cases({"run", "--json", last});
  EXPECT_THAT(played({"--rerun", "failed", "--last", last}), ElementsAre("b/wrong"));
  folder_.write("b/wrong.pkt", kHandshake);
  EXPECT_EQ(cases({"run", "--rerun", "failed", "--json", last}).code, 0);
  EXPECT_EQ(results("last.json").cases_size(), 2);
  EXPECT_EQ(cases({"run", "--rerun", "failed", "--json", last}).code, 4);
  EXPECT_EQ(cases({"run", "--rerun", "failed"}).code, 2);
  EXPECT_EQ(cases({"run", "--rerun", "passed", "--json", last}).code, 2);
}

TEST_F(Results, CountTheTries) {
  const Ran ran = cases({"run", "--retries", "2", "--json", path("x.json")});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("6 cases: 4 pass, 2 fail"));
  const proto::RunResult result = results("x.json");
  ASSERT_EQ(result.cases_size(), 6);
  EXPECT_EQ(result.cases(0).attempts(), 1U);
  EXPECT_EQ(result.cases(4).attempts(), 3U);
}

TEST_F(Results, BringTheBaselineUpToDate) {
  const std::string known = path("baselines/reference");
  EXPECT_EQ(cases({"run", "--baseline", "none", "--update-baseline"}).code, 2);
  const Ran first = cases({"run", "--update-baseline"});
  EXPECT_EQ(first.code, 1);
  EXPECT_THAT(first.out, HasSubstr("entered in " + known + "/new.textproto, 0 taken out"));
  EXPECT_EQ(cases({"run"}).code, 0);
  EXPECT_THAT(cases({"run"}).out, HasSubstr("4 pass, 2 xfail"));
  EXPECT_THAT(cases({"run", "--update-baseline"}).out, HasSubstr(": 0 entered, 0 taken out"));

  const std::string text =
      "# A comment that stays.\ndeviations {\n  case_id: \"a/good\"\n  stack: \"reference\"\n"
      "  reason: \"gone\"\n}\n# Another.\ndeviations {\n  case_id: \"c/*\"\n  stack: "
      "\"reference\"\n  reason: \"not played\"\n}\n";
  const std::string other = folder_.write("baselines/reference/other.textproto", text);
  EXPECT_EQ(cases({"run"}).code, 1);  // XPASS
  EXPECT_THAT(cases({"run", "--update-baseline"}).out, HasSubstr(": 0 entered, 1 taken out"));
  EXPECT_EQ(cases({"run"}).code, 0);
  EXPECT_EQ(read(other), "# A comment that stays.\n" + text.substr(text.find("# Another.")));
}

TEST_F(Results, GoIntoABaselineFileByName) {
  const std::string file = path("mine.textproto");
  folder_.write("b/each.pkt", "//@ each ack = 2 | 3\n" + with("ack 1 <", "ack ${ack} <"));
  EXPECT_EQ(cases({"run", "b", "--baseline", file, "--update-baseline"}).code, 1);
  EXPECT_EQ(cases({"run", "b", "--baseline", file}).code, 0) << read(file);
  EXPECT_THAT(read(file), Not(HasSubstr("@ipv6")));
}

TEST_F(Results, ExplainRules) {
  folder_.write("a/rows.pkt",
                "//@ each win = 65535 | 9000\n" + with("win 65535 <", "win ${win} <"));
  folder_.write("requirements.textproto",
                "requirements { id: \"MUST-10\" level: \"MUST\" rfc: 9293 section: \"3.5\" "
                "meaning: \"Simultaneous open works.\" observed: \"wire\" }\n"
                "requirements { id: \"MUST-9\" level: \"MUST\" rfc: 9293 section: \"3.4.1\" "
                "meaning: \"Not guessed.\" observed: \"no\" }\n");
  folder_.write("baselines/linux/x.textproto",
                "deviations { case_id: \"b/*\" stack: \"linux\" from_version: \"6.7\" reason: "
                "\"It is late.\" }\n");
  folder_.write("baselines/other/x.textproto", "");
  const Ran ran = cases({"explain", "must-10", "MUST-9"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "MUST-10   must   RFC 9293 §3.5\n"
            "Simultaneous open works.\n"
            "cases   a/good\n"
            "        a/rows (2 rows)\n"
            "        b/wrong\n"
            "stacks  linux: It is late. (from 6.7)\n"
            "        other: no known deviation\n"
            "\n"
            "MUST-9   must   RFC 9293 §3.4.1\n"
            "Not guessed.\n"
            "cases   none: neither segments nor calls show it\n"
            "stacks  linux: no known deviation\n"
            "        other: no known deviation\n");
  const Ran unknown = cases({"explain", "MUST-11x"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("there is no rule 'MUST-11x'; there are MUST-10, MUST-9"));
}

}  // namespace
}  // namespace synfin::cli
