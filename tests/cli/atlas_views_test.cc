// synfin atlas compare and judge, from the command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "harness/atlas/file.h"
#include "tests/atlas/made.h"
#include "tests/cli/program.h"

namespace synfin::cli {
namespace {

namespace fs = std::filesystem;
using atlas::Atlas;
using atlas::Behaviour;
using atlas::Cell;
using testing::HasSubstr;

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

class AtlasViews : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string save(const std::string& name, const Atlas& atlas) const {
    EXPECT_TRUE(atlas::save(atlas, path(name)));
    return path(name);
  }
  // LISTEN of the reference, made here.
  std::string listen() const {
    const std::string file = path("listen.atlas");
    const Ran made = run({"atlas", "--state", "LISTEN", "--out", file});
    EXPECT_EQ(made.code, 0) << made.err;
    return file;
  }
  // The same, silent where a RST is due.
  std::string silent_listen() const {
    Atlas atlas = atlas::load(listen())->atlas;
    for (Behaviour& behaviour : atlas.behaviours) {
      std::erase_if(behaviour.answers, [](const auto& wire) { return wire.flags.rst(); });
    }
    return save("silent.atlas", atlas);
  }

  Folder folder_;
};

TEST_F(AtlasViews, EqualOnesAreEqual) {
  const std::string file = listen();
  const Ran compared = run({"atlas", "compare", file, file});
  EXPECT_EQ(compared.code, 0) << compared.err;
  EXPECT_THAT(compared.out, HasSubstr("0 findings"));
}

TEST_F(AtlasViews, FindingsHaveAnExampleThatReplays) {
  const Ran compared = run({"atlas", "compare", silent_listen(), listen(), "--out", path("out"),
                            "--html", path("page.html")});
  EXPECT_EQ(compared.code, 1) << compared.err;
  EXPECT_THAT(compared.out, HasSubstr("LISTEN"));
  EXPECT_THAT(compared.out, HasSubstr("silence"));
  EXPECT_THAT(compared.out, HasSubstr("out/1.pkt --stack reference"));
  EXPECT_THAT(text_of(path("page.html")), HasSubstr("</html>"));
  const Ran replayed = run({"replay", path("out/1.pkt")});
  EXPECT_EQ(replayed.code, 0) << replayed.out << replayed.err;
  EXPECT_THAT(replayed.out, HasSubstr("RST"));
}

TEST_F(AtlasViews, JudgesByTheRules) {
  const Ran clean = run({"atlas", "judge", listen(), "--baseline", "none"});
  EXPECT_EQ(clean.code, 0) << clean.out << clean.err;
  const Ran silent = run({"atlas", "judge", silent_listen(), "--baseline", "none"});
  EXPECT_EQ(silent.code, 1) << silent.err;
  EXPECT_THAT(silent.out, HasSubstr("RFC: a RST (SM-LISTEN-2, RFC 9293"));
  EXPECT_THAT(silent.out, HasSubstr("reference: silence"));
}

TEST_F(AtlasViews, WhatTheBaselineKnowsIsNoFailure) {
  const std::string known = folder_.write("known.textproto", R"(deviations {
  case_id: "atlas/LISTEN/*" clause: "SM-LISTEN-2" stack: "reference" reason: "it is shy"
})");
  const Ran judged = run({"atlas", "judge", silent_listen(), "--baseline", known, "-v"});
  EXPECT_EQ(judged.code, 0) << judged.out << judged.err;
  EXPECT_THAT(judged.out, HasSubstr("1 finding, 1 known"));
  EXPECT_THAT(judged.out, HasSubstr("known: " + known + ":1"));
  EXPECT_THAT(judged.out, HasSubstr("it is shy"));
}

TEST_F(AtlasViews, RefusesWhatItCannotRead) {
  const std::string damaged = folder_.write("damaged.atlas", "synatlas, but no more than that");
  EXPECT_EQ(run({"atlas", "judge", damaged}).code, 3);
  EXPECT_EQ(run({"atlas", "compare", damaged, listen()}).code, 3);
  EXPECT_EQ(run({"atlas", "compare", listen()}).code, 2);
  const Ran profile = run({"atlas", "judge", listen(), "--profile", "nobodys"});
  EXPECT_EQ(profile.code, 2);
  EXPECT_THAT(profile.err, HasSubstr("nobodys"));
}

}  // namespace
}  // namespace synfin::cli
