#include "harness/judge/baseline.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace synfin::judge {
namespace {

class BaselineTest : public ::testing::Test {
 protected:
  BaselineTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "baseline.XXXXXX").string();
    folder_ = mkdtemp(folder.data());
  }
  ~BaselineTest() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::ofstream(path) << text;
    return path.string();
  }
  static bool knows(const Baseline& baseline, const std::string& id, const std::string& version,
                    const std::string& clause = "MUST-13", const std::string& got = "LISTEN") {
    return baseline.find(id, {clause, got}, "linux", version) != nullptr;
  }

  std::filesystem::path folder_;
};

TEST_F(BaselineTest, AnEntryIsAboutItsStackCasesClauseAndAnswer) {
  const auto baseline = Baseline::load(write("a.textproto", R"(
    deviations { case_id: "reset/*" clause: "MUST-13" stack: "linux" got: "LIST" reason: "r" })"));
  ASSERT_TRUE(baseline);
  EXPECT_TRUE(knows(*baseline, "reset/one", "6.1"));
  EXPECT_TRUE(knows(*baseline, "reset/one@ipv6", "6.1"));
  EXPECT_FALSE(knows(*baseline, "close/one", "6.1"));
  EXPECT_FALSE(knows(*baseline, "reset/one", "6.1", "MUST-12"));
  EXPECT_FALSE(knows(*baseline, "reset/one", "6.1", "MUST-13", "CLOSED"));
  EXPECT_EQ(baseline->find("reset/one", {"MUST-13", "LISTEN"}, "lwip", "2.1"), nullptr);
  EXPECT_NE(baseline->any_for("reset/one", "linux", "6.1"), nullptr);
}

TEST_F(BaselineTest, AnEntryMayNameTheStateAndWhatWasDone) {
  const auto baseline = Baseline::load(write("a.textproto", R"x(
    deviations { case_id: "fuzz" clause: "MUST-13" stack: "linux" reason: "r"
                 state: "@(CLOSING|LAST-ACK)" stimulus: "@(F|SF)*" })x"));
  ASSERT_TRUE(baseline);
  const auto find = [&](const Baseline::Seen& seen) {
    return baseline->find("fuzz", seen, "linux", "6.1") != nullptr;
  };
  EXPECT_TRUE(find({"MUST-13", "nothing", State::kClosing, "F. 1:1(0) ack 1"}));
  EXPECT_TRUE(find({"MUST-13", "nothing", State::kLastAck, "SF 1:1(0)"}));
  EXPECT_FALSE(find({"MUST-13", "nothing", State::kListen, "F. 1:1(0) ack 1"}));
  EXPECT_FALSE(find({"MUST-13", "nothing", State::kClosing, "S 1:1(0)"}));
  EXPECT_FALSE(find({"MUST-13", "nothing"}));
}

TEST_F(BaselineTest, AnEntryMayNameWhatWasWanted) {
  proto::Baseline entries;
  proto::KnownDeviation& entry = *entries.add_deviations();
  entry.set_case_id("fuzz");
  entry.set_stack("linux");
  entry.set_wanted("beyond the window");
  const Baseline baseline(entries);
  const auto knows = [&](std::string_view wanted) {
    const Baseline::Seen seen{.clause = "SM-OUT-2", .got = ". ", .wanted = wanted};
    return baseline.find("fuzz", seen, "linux", "6.12") != nullptr;
  };
  EXPECT_TRUE(knows("no ACK beyond the window"));
  EXPECT_FALSE(knows("ACK is not RCV.NXT"));
}

TEST_F(BaselineTest, TellsWhereAnEntryStands) {
  const auto first =
      write("a.textproto", "deviations { case_id: \"a\" stack: \"linux\" reason: \"r\" }");
  const auto second = write("b.textproto", R"(# About b.

deviations {
  case_id: "b" stack: "linux" reason: "r"
}
deviations {
  case_id: "c" stack: "linux" reason: "r"
})");
  const auto baseline = Baseline::load(folder_.string());
  ASSERT_TRUE(baseline);
  const auto place = [&](const char* id) {
    return baseline->place(*baseline->find(id, {"MUST-1", ""}, "linux", "6.1"));
  };
  EXPECT_EQ(place("a"), first + ":1");
  EXPECT_EQ(place("b"), second + ":3");
  EXPECT_EQ(place("c"), second + ":6");
}

TEST_F(BaselineTest, VersionsAreComparedByTheirNumbers) {
  const auto baseline = Baseline::load(write("a.textproto", R"(
    deviations { case_id: "a" stack: "linux" from_version: "6.2" to_version: "6.12" reason: "r" })"));
  ASSERT_TRUE(baseline);
  EXPECT_FALSE(knows(*baseline, "a", "6.1.90"));
  EXPECT_TRUE(knows(*baseline, "a", "6.2"));
  EXPECT_TRUE(knows(*baseline, "a", "6.11.9-generic"));
  EXPECT_FALSE(knows(*baseline, "a", "6.12.0"));
}

TEST_F(BaselineTest, AFolderIsReadWhole) {
  write("a.textproto", R"(deviations { case_id: "a" stack: "linux" reason: "r" })");
  write("b.textproto", R"(deviations { case_id: "b" stack: "linux" reason: "r" })");
  write("c.txt", "of no interest");
  const auto baseline = Baseline::load(folder_.string());
  ASSERT_TRUE(baseline);
  EXPECT_TRUE(knows(*baseline, "a", "6.1"));
  EXPECT_TRUE(knows(*baseline, "b", "6.1"));
}

TEST_F(BaselineTest, WhatDoesNotParseIsToldWithItsPlace) {
  const auto wrong = Baseline::load(write("a.textproto", "deviations {\n  nonsense: 1 }"));
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("a.textproto:2:"), std::string::npos)
      << wrong.error().message;
}

TEST_F(BaselineTest, AnEntryNeedsAReason) {
  const auto wrong =
      Baseline::load(write("a.textproto", R"(deviations { case_id: "a" stack: "linux" })"));
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("reason"), std::string::npos);
  EXPECT_FALSE(Baseline::load((folder_ / "nothing.textproto").string()));
}

}  // namespace
}  // namespace synfin::judge
