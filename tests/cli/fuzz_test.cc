// synfin fuzz from outside, and the files that findings become.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "harness/cli/commands.h"
#include "harness/cli/finding_files.h"
#include "harness/cli/select.h"
#include "harness/script/program_file.h"
#include "tests/cli/program.h"

namespace synfin::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Fuzzing : public testing::Test {
 protected:
  void SetUp() override {
    unsetenv("SYNFIN_SPECS");
    setenv("LC_ALL", "C.UTF-8", 1);
    fs::create_directories(folder_.path() + "/none");
  }
  // No seeds and no baseline: what lwIP is known for is found again, within few programs.
  std::vector<std::string> command(const std::string& out,
                                   const std::string& programs = "200") const {
    return {"fuzz",
            "--stack",
            "lwip",
            "--out",
            folder_.path() + "/" + out,
            "--seeds",
            folder_.path() + "/none",
            "--baseline",
            "none",
            "--for",
            "1h",
            "--programs",
            programs};
  }
  std::vector<std::string> names(const std::string& out) const {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(folder_.path() + "/" + out)) {
      all.push_back(entry.path().filename().string());
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  static std::string read(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Starts it without an end, and sends it the signal once it has found something; returns how it
  // ended.
  int stop_when_found(const std::string& out, int signal) const {
    std::vector<std::string> words = command(out, "0");
    words.insert(words.begin(), "synfin");
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    const pid_t pid = fork();
    if (pid == 0) {
      if (std::freopen("/dev/null", "w", stdout) == nullptr) std::_Exit(99);
      std::_Exit(run_program(static_cast<int>(argv.size()), argv.data()));
    }
    const fs::path folder = folder_.path() + "/" + out;
    for (int i = 0; i < 3000 && scripts_below(folder).empty(); ++i) usleep(10'000);
    kill(pid, signal);
    int status = 0;
    waitpid(pid, &status, 0);
    return status;
  }
  // There are some; each script can be read, and has its text beside it.
  void expect_whole_findings(const std::string& out) const {
    const auto scripts = scripts_below(folder_.path() + "/" + out);
    EXPECT_FALSE(scripts.empty());
    for (fs::path script : scripts) {
      EXPECT_TRUE(script::parse_file(script.string())) << script;
      EXPECT_THAT(read(script.replace_extension(".txt")), HasSubstr("Repeat: ")) << script;
    }
  }
  Folder folder_;
};

TEST_F(Fuzzing, KeepsWhatItFindsInThreeFormsAndOnce) {
  const Ran ran = run(command("out"));
  EXPECT_EQ(ran.code, 1) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("NEW  "));
  EXPECT_THAT(ran.out, HasSubstr(" clauses, "));
  const auto scripts = scripts_below(folder_.path() + "/out");
  ASSERT_FALSE(scripts.empty());
  EXPECT_EQ(names("out").size(), 3 * scripts.size());
  for (fs::path script : scripts) {
    const Ran replayed = run({"replay", script.string(), "--stack", "lwip"});
    const std::string name = script.filename().string();
    EXPECT_THAT(replayed.out, HasSubstr(name.substr(0, name.find("-in-")))) << read(script);
    EXPECT_THAT(read(script), testing::StartsWith("// lwip 2."));
    EXPECT_THAT(read(script), HasSubstr("// Repeat: synfin replay " + script.string()));
    EXPECT_TRUE(fs::exists(script.replace_extension(".pcap")));
    std::string text = read(script.replace_extension(".txt"));
    std::replace(text.begin(), text.end(), '\n', ' ');
    EXPECT_THAT(text, HasSubstr("of 10 plays."));
    EXPECT_THAT(text, HasSubstr("│ CLOSED"));
  }
  // What is there is known the next time, and left as it is.
  const Ran second = run(command("out"));
  for (const fs::path& script : scripts) {
    EXPECT_TRUE(fs::exists(script));
    EXPECT_THAT(second.out, testing::Not(HasSubstr(script.string())));
  }
}

TEST_F(Fuzzing, ASeedGivesTheSameFindings) {
  run(command("a"));
  run(command("b"));
  ASSERT_EQ(names("a"), names("b"));
  for (const fs::path& script : scripts_below(folder_.path() + "/a")) {
    const std::string other = read(folder_.path() + "/b/" + script.filename().string());
    EXPECT_EQ(read(script).substr(read(script).find("\n\n")), other.substr(other.find("\n\n")));
  }
}

TEST_F(Fuzzing, FindsNothingInTheReference) {
  const Ran ran = run({"fuzz", "--out", folder_.path() + "/out", "--programs", "300", "--for", "1h",
                       "--specs", std::string(SYNFIN_SOURCE_DIR) + "/specs"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_TRUE(names("out").empty());
}

TEST_F(Fuzzing, IsInterruptedWithoutHarm) {
  const int status = stop_when_found("out", SIGINT);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  expect_whole_findings("out");
}

TEST_F(Fuzzing, AKillLeavesWhatWasFound) {
  const int status = stop_when_found("out", SIGKILL);
  ASSERT_TRUE(WIFSIGNALED(status));
  expect_whole_findings("out");
  // The next one knows it.
  const auto before = scripts_below(folder_.path() + "/out");
  const Ran again = run(command("out"));
  EXPECT_EQ(again.err, "");
  for (const fs::path& script : before) {
    EXPECT_THAT(again.out, testing::Not(HasSubstr(script.string())));
  }
}

TEST_F(Fuzzing, RefusesWhatMakesNoSense) {
  EXPECT_EQ(run({"fuzz", "--stack", "lwip"}).code, 2);
  const std::string file = folder_.write("file", "");
  const Ran ran = run({"fuzz", "--stack", "lwip", "--out", file + "/x"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("--out " + file + "/x: "));
  for (const std::string wrong : {"10", "m", "10d", "-1m", "1.5h"}) {
    EXPECT_EQ(run({"fuzz", "--out", folder_.path(), "--for", wrong}).code, 2) << wrong;
  }
}

TEST_F(Fuzzing, AFullDiskLeavesWhatWasFound) {
  fs::create_directories(folder_.path() + "/disk");
  const auto ran = run_on_disk(folder_.path() + "/disk", "40k", command("disk", "2000"),
                               folder_.path() + "/kept");
  if (!ran) GTEST_SKIP() << "this machine gives no disk of one's own in a user namespace";
  EXPECT_EQ(ran->code, 3);
  EXPECT_THAT(ran->err, testing::StartsWith("synfin: " + folder_.path() + "/disk/"));
  EXPECT_THAT(ran->err, testing::EndsWith(": cannot be written: No space left on device\n"));
  expect_whole_findings("kept");
  EXPECT_THAT(names("kept"), testing::Not(testing::Contains(testing::EndsWith(".part"))));
}

// Kernels side by side (-j) keep theirs in one folder, and may find the same at the same moment.
TEST_F(Fuzzing, FindingsOfOneMomentHaveNamesOfTheirOwn) {
  constexpr int kWriters = 8;
  constexpr int kEach = 20;
  const std::string out = folder_.path() + "/out";
  fs::create_directories(out);
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      Finding finding;
      finding.signature = {shrink::Objector::kRules, "SM-ACK-3", "LISTEN", "a RST", "nothing"};
      finding.program.add_steps()->set_nothing(true);
      for (int i = 0; i < kEach; ++i) {
        const std::string own = std::to_string(writer * kEach + i);
        const auto kept = keep_finding(finding, out, {}, {}, "--seed " + own);
        ASSERT_TRUE(kept) << kept.error().message;
        // Both are this one's, and nobody put others in their place.
        const std::string repeat = "synfin replay " + *kept + " --seed " + own + "\n";
        EXPECT_THAT(read(*kept), HasSubstr(repeat));
        EXPECT_THAT(read(fs::path(*kept).replace_extension(".txt")), HasSubstr(repeat));
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(scripts_below(out).size(), std::size_t{kWriters * kEach});
  EXPECT_EQ(names("out").size(), 2U * kWriters * kEach);
}

// As a full disk is: what was written before stays, and nothing is left of what was not whole.
TEST_F(Fuzzing, AFullDiskLeavesWhatIsThere) {
  Finding finding;
  finding.signature = {shrink::Objector::kRules, "SM-ACK-3", "LISTEN", "a RST", "nothing"};
  finding.program.add_steps()->set_nothing(true);
  const std::string out = folder_.path() + "/out";
  fs::create_directories(out);
  const auto first = keep_finding(finding, out, {}, {}, "--stack lwip");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(*first, out + "/SM-ACK-3-in-LISTEN.pkt");
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit none{20, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &none);
  const auto second = keep_finding(finding, out, {}, {}, "--stack lwip");
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("cannot be written: File too large"));
  EXPECT_EQ(names("out"),
            (std::vector<std::string>{"SM-ACK-3-in-LISTEN.pkt", "SM-ACK-3-in-LISTEN.txt"}));
  EXPECT_TRUE(script::parse_file(*first));
}

}  // namespace
}  // namespace synfin::cli
