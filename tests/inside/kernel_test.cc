// synfin inside a kernel of its own. Needs one: where none is cached, SYNFIN_KERNEL_TESTS=1 builds
// it from Debian's linux-source-6.12, which takes minutes.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "harness/kernel/cache.h"

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class InKernel : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "synfin-test-XXXXXX";
    folder_ = mkdtemp(name.data());
    const auto cache = synfin::kernel::cache_folder("");
    if (!cache) GTEST_SKIP() << cache.error().message;
    const auto found = synfin::kernel::find_kernel(*cache, "6.12");
    const char* asked = std::getenv("SYNFIN_KERNEL_TESTS");
    if (!found && (asked == nullptr || std::string(asked) != "1")) {
      GTEST_SKIP() << found.error().message << ", or SYNFIN_KERNEL_TESTS=1 has the tests build it";
    }
    if (!found) {
      ASSERT_EQ(wait(start({"kernel", "build", "6.12"})), 0) << read(folder_ / "err");
    }
  }
  void TearDown() override { fs::remove_all(folder_); }

  // The program, with what it writes in the files out and err of the folder.
  pid_t start(const std::vector<std::string>& arguments) const {
    const pid_t child = fork();
    if (child != 0) return child;
    std::freopen((folder_ / "out").c_str(), "w", stdout);
    std::freopen((folder_ / "err").c_str(), "w", stderr);
    std::vector<std::string> words = {program_};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  static int wait(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  int run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "run");
    arguments.insert(arguments.end(), {"--kernel", "6.12", "--specs", SYNFIN_SOURCE_DIR "/specs"});
    return wait(start(arguments));
  }
  std::string out() const { return read(folder_ / "out"); }
  std::string err() const { return read(folder_ / "err"); }

  fs::path folder_;
  fs::path program_ = SYNFIN_BINARY;
};

TEST_F(InKernel, OneSeedGivesOneRunToTheByte) {
  const fs::path json = folder_ / "run.json";
  const auto play = [&](const std::string& seed) {
    EXPECT_EQ(run({"handshake/*", "close/*", "--keep-traces", "--json", json, "--seed", seed}), 0)
        << err();
    return read(json);
  };
  const std::string first = play("7");
  EXPECT_GT(first.size(), 100000U);
  EXPECT_TRUE(first == play("7")) << "two runs with one seed differ";
  EXPECT_FALSE(first == play("8")) << "the seed makes no difference";
  program_ = folder_ / "a copy of it";
  fs::copy_file(SYNFIN_BINARY, program_);
  EXPECT_TRUE(first == play("7")) << "where the program is makes a difference";
}

TEST_F(InKernel, TheExitCodeComesOut) {
  EXPECT_EQ(run({"no/such"}), 4);
  std::ofstream(folder_ / "wrong.pkt") << "//@ requires MUST-10\n"
                                          "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
                                          "+0 bind(3, ..., ...) = 0\n"
                                          "+0 listen(3, 1) = 0\n"
                                          "+0 < S 0:0(0) win 65535 <mss 1460>\n"
                                          "+0 > S. 0:0(0) ack 2 <...>\n";
  EXPECT_EQ(run({folder_ / "wrong.pkt", "-4"}), 1) << err();
}

TEST_F(InKernel, ResultsOnStandardOutputAreNothingElse) {
  ASSERT_EQ(run({"handshake/mss-passive", "-4", "--json", "-"}), 0) << err();
  EXPECT_TRUE(out().starts_with("{")) << out();
  EXPECT_TRUE(out().ends_with("}\n")) << out();
  EXPECT_NE(err().find("target linux 6.12"), std::string::npos) << err();
}

TEST_F(InKernel, NothingButTheFoldersOfResultsIsWritable) {
  const fs::path script = folder_ / "in" / "writes.pkt";
  fs::create_directories(script.parent_path());
  std::ofstream(script) << "`touch " << (folder_ / "in" / "touched").string() << "`\n"
                        << "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n";
  const fs::path results = folder_ / "results";
  fs::create_directories(results);
  run({script, "-4", "--allow-shell", "--json", results / "run.json"});
  EXPECT_FALSE(fs::exists(folder_ / "in" / "touched"));
  EXPECT_TRUE(fs::exists(results / "run.json"));
}

// Hours of the kernel's clock; the summary tells how long the user waited.
TEST_F(InKernel, HoursOfTheKernelTakeNone) {
  ASSERT_EQ(run({"time-wait/*", "keep-alive/*"}), 0) << out() << err();
  EXPECT_EQ(out().find(" min\n"), std::string::npos) << out();
}

// RFC 9293 §3.8.6.1, SHLD-29 and SHLD-30. The reference probes with an octet of text, Linux
// without, so this is no case for all stacks. A first round trip of 0.5 s makes RTO = 1.5 s (RFC
// 6298 §2.2).
constexpr const char* kProbes = R"(+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1000>
+0 > S. 0:0(0) ack 1 <...>                     //@ state SYN-RECEIVED
+.5 < . 1:1(0) ack 1 win 0                     //@ state ESTABLISHED
+0 accept(3, ..., ...) = 4
+0 write(4, ..., 100) = 100
+1.5 > . 0:0(0) ack 1
+0 < . 1:1(0) ack 1 win 0
+3 > . 0:0(0) ack 1
+0 < . 1:1(0) ack 1 win 0
+6 > . 0:0(0) ack 1
+0 < . 1:1(0) ack 1 win 0
+12 > . 0:0(0) ack 1                           //@ state ESTABLISHED
+0 < . 1:1(0) ack 1 win 0
)";

TEST_F(InKernel, AClosedWindowIsProbedAfterTheTimeoutAndThenLessOften) {
  std::ofstream(folder_ / "probes.pkt") << kProbes;
  EXPECT_EQ(run({folder_ / "probes.pkt"}), 0) << out() << err();
}

// The processes of a group, as /proc has them.
std::size_t processes_of(pid_t group) {
  std::size_t count = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string stat = read(entry.path() / "stat");
    const std::size_t after = stat.rfind(')');
    long parent = 0;
    long of = 0;
    char state = 0;
    if (after == std::string::npos) continue;
    if (std::sscanf(stat.c_str() + after + 1, " %c %ld %ld", &state, &parent, &of) != 3) continue;
    if (of == group && state != 'Z') ++count;
  }
  return count;
}

// The process group of the kernel that a process has booted; 0 while there is none.
pid_t kernel_of(pid_t parent) {
  std::ifstream children("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) +
                         "/children");
  pid_t child = 0;
  return children >> child && getpgid(child) == child ? child : 0;
}

TEST_F(InKernel, HoweverItEndsNothingIsLeft) {
  for (const int signal : {SIGINT, SIGTERM, SIGKILL}) {
    const pid_t child = start({"run", "--kernel", "6.12", "--specs", SYNFIN_SOURCE_DIR "/specs"});
    pid_t kernel = 0;
    while (kernel == 0 && waitpid(child, nullptr, WNOHANG) == 0) {
      kernel = kernel_of(child);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ASSERT_NE(kernel, 0) << err();
    kill(child, signal);
    EXPECT_EQ(wait(child), signal == SIGKILL ? 137 : 130);
    for (int tried = 0; tried < 1000 && processes_of(kernel) > 0; ++tried) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(processes_of(kernel), 0U) << "after signal " << signal;
  }
}

}  // namespace
