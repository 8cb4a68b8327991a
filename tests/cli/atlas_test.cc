// synfin atlas and what is below it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness/atlas/file.h"
#include "tests/cli/program.h"

namespace synfin::cli {
namespace {

using testing::HasSubstr;

class AtlasCommand : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  static std::string read(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  Ran make(const std::string& name, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"atlas", "--state", "SYN-SENT", "--out", path(name)});
    return run(more);
  }
  Folder folder_;
};

TEST_F(AtlasCommand, MakesAFileAndSaysWhatIsInIt) {
  const Ran ran = make("x.atlas");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("SYN-SENT     384 cells"));
  EXPECT_FALSE(std::filesystem::exists(path("x.atlas.part")));
  const Ran shown = run({"atlas", "show", path("x.atlas")});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("synfin 0.1.0 · target reference 0.1"));
  EXPECT_THAT(shown.out, HasSubstr("384 cells; "));
}

TEST_F(AtlasCommand, AFullDiskLeavesTheSetUpsThatWereDone) {
  std::filesystem::create_directory(path("disk"));
  const auto ran = run_on_disk(path("disk"), "4k",
                               {"atlas", "--out", path("disk/x.atlas"), "--state", "LISTEN",
                                "--state", "SYN-SENT", "--state", "SYN-RECEIVED"},
                               path("kept"));
  if (!ran) GTEST_SKIP() << "this machine gives no disk of one's own in a user namespace";
  EXPECT_EQ(ran->code, 3);
  EXPECT_EQ(ran->err,
            "synfin: " + path("disk/x.atlas.part") +
                ": cannot be written: No space left on device; what was done before is there\n");
  const auto kept = atlas::load(path("kept/x.atlas.part"));
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_FALSE(kept->complete);
  EXPECT_EQ(kept->atlas.set_ups.size(), 2U);
}

// As SIGKILL leaves it within a write.
TEST_F(AtlasCommand, AJournalThatBreaksOffIsReadWithAWarning) {
  make("x.atlas");
  const auto made = atlas::load(path("x.atlas"));
  ASSERT_TRUE(made);
  const std::string file = path("y.atlas.part");
  auto journal = atlas::Journal::create(file, made->atlas);
  ASSERT_TRUE(journal && journal->add(made->atlas));
  const auto whole = std::filesystem::file_size(file);
  atlas::Atlas other = made->atlas;
  other.set_ups[0].id = "another";
  ASSERT_TRUE(journal->add(other));
  std::filesystem::resize_file(file, whole + 100);
  const Ran shown = run({"atlas", "show", file});
  EXPECT_EQ(shown.code, 0);
  EXPECT_EQ(shown.err, "synfin: " + file + ": not whole: the part at offset " +
                           std::to_string(whole) + " breaks off; what is before it is read\n");
  EXPECT_EQ(shown.out, run({"atlas", "show", path("x.atlas")}).out);
  EXPECT_EQ(run({"atlas", "merge", file, "--out", path("saved.atlas")}).code, 0);
  EXPECT_EQ(read(path("saved.atlas")), read(path("x.atlas")));
}

TEST_F(AtlasCommand, ShowsCellsByAnyOfTheirNames) {
  make("x.atlas");
  // SND.UNA-MAX.SND.WND-1 is SND.UNA-1 before the peer has announced a window.
  for (const char* ack : {"SND.UNA-1", "SND.UNA-SND.MAX.WND-1"}) {
    const Ran shown = run({"atlas", "show", path("x.atlas"), "--flags", "R.", "--ack", ack,
                           "--payload", "0", "--seq", "RCV.NXT"});
    EXPECT_EQ(shown.out,
              "SYN-SENT RST ACK seq any ack SND.UNA-1 payload 0\n"
              "    silence; SYN-SENT; read EAGAIN\n")
        << shown.err;
  }
  EXPECT_EQ(run({"atlas", "show", path("x.atlas"), "--flags", "Q"}).code, 2);
  EXPECT_EQ(run({"atlas", "show", path("x.atlas"), "--state", "LISTEN"}).code, 4);
}

TEST_F(AtlasCommand, WritesACellThatReplays) {
  make("x.atlas");
  const Ran shown = run({"atlas", "show", path("x.atlas"), "--flags", "S.", "--ack", "SND.NXT",
                         "--payload", "1", "--as", "pkt"});
  ASSERT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("+0 < S. 0:1(1) ack SND.NXT win 10000\n"));
  const std::string file = folder_.write("cell.pkt", shown.out);
  const Ran replayed = run({"replay", file, "--stack", "reference"});
  EXPECT_EQ(replayed.code, 0) << replayed.out << replayed.err;
  EXPECT_EQ(run({"atlas", "show", path("x.atlas"), "--flags", "S.", "--as", "pkt"}).code, 2);
}

TEST_F(AtlasCommand, ShardsAreMerged) {
  make("whole.atlas");
  make("1.atlas", {"--shard", "1/2"});
  make("2.atlas", {"--shard", "2/2"});
  const Ran merged =
      run({"atlas", "merge", path("2.atlas"), path("1.atlas"), "--out", path("both.atlas")});
  EXPECT_EQ(merged.code, 0) << merged.err;
  EXPECT_EQ(read(path("both.atlas")), read(path("whole.atlas")));
  make("other.atlas", {"-6"});
  const Ran refused =
      run({"atlas", "merge", path("1.atlas"), path("other.atlas"), "--out", path("no.atlas")});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("IP version: 4 and 6"));
  EXPECT_FALSE(std::filesystem::exists(path("no.atlas")));
}

TEST_F(AtlasCommand, WhatIsDamagedIsNamedWithItsPlace) {
  make("x.atlas");
  std::string octets = read(path("x.atlas"));
  octets[octets.size() / 2] = static_cast<char>(octets[octets.size() / 2] ^ 4);
  const std::string file = folder_.write("bad.atlas", octets);
  const Ran shown = run({"atlas", "show", file});
  EXPECT_EQ(shown.code, 2);
  EXPECT_THAT(shown.err, HasSubstr(file + ": offset "));
  EXPECT_THAT(shown.err, HasSubstr("are damaged"));
}

TEST_F(AtlasCommand, RefusesWhatItCannotDo) {
  EXPECT_EQ(run({"atlas"}).code, 2);
  EXPECT_EQ(make("x.atlas", {"--shard", "3/2"}).code, 2);
  EXPECT_EQ(make("x.atlas", {"--with", "weather"}).code, 2);
  EXPECT_EQ(make("x.atlas", {"--state", "NOWHERE"}).code, 2);
  EXPECT_EQ(make("x.atlas", {"--stack", "none"}).code, 2);
  EXPECT_EQ(make("no/such/folder/x.atlas").code, 3);
}

}  // namespace
}  // namespace synfin::cli
