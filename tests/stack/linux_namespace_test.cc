// What the Linux stack does to the system it runs on: nothing, and it leaves nothing behind. Each
// test that is about a process has one of its own.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "harness/link/device.h"
#include "tests/stack/linux_helper.h"

namespace synfin::stack {
namespace {

constexpr uid_t kNobody = 65534;

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::set<std::string> interfaces() {
  std::ifstream file("/proc/net/dev");
  std::set<std::string> names;
  for (std::string line; std::getline(file, line);) {
    if (const auto colon = line.find(':'); colon != std::string::npos) {
      names.insert(line.substr(0, colon));
    }
  }
  return names;
}

uint64_t own_namespace() {
  struct stat status {};
  return ::stat("/proc/thread-self/ns/net", &status) == 0 ? status.st_ino : 0;
}

// Whether any process is in the network namespace, or a mount keeps it.
bool namespace_lives(uint64_t inode) {
  const std::string name = "net:[" + std::to_string(inode) + "]";
  if (read_file("/proc/self/mountinfo").find(name) != std::string::npos) return true;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto target = std::filesystem::read_symlink(entry.path() / "ns/net", error);
    if (!error && target == name) return true;
  }
  return false;
}

// A function in a process of its own, and the line that it says.
class Child {
 public:
  // The text goes to the parent at once; `stay`: the process then waits to be killed.
  Child(const std::function<std::string()>& say, bool stay) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const std::string text = say() + "\n";
      (void)!::write(ends[1], text.data(), text.size());
      while (stay) ::pause();
      ::_exit(0);
    }
    ::close(ends[1]);
    for (char octet = 0; ::read(ends[0], &octet, 1) == 1 && octet != '\n';) text_ += octet;
    ::close(ends[0]);
  }
  ~Child() { end(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  const std::string& text() const { return text_; }
  void kill() {
    ::kill(pid_, SIGKILL);
    end();
  }

 private:
  void end() {
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  pid_t pid_ = -1;
  std::string text_;
};

// A handshake on a stack that is made here; "ok", or what went wrong.
std::string shake_hands(const LinuxOptions& options, std::unique_ptr<Stack>& stack) {
  auto made = make_linux_stack(options);
  if (!made) return made.error().message;
  stack = std::move(*made);
  const auto id = stack->open({});
  if (!id) return id.error().message;
  Hand hand(*stack, *id);
  hand.open_passively();
  return hand.state() == "ESTABLISHED" ? "ok" : hand.state();
}

bool is_forbidden(const std::string& text) { return text.find("forbids") != std::string::npos; }

void become_nobody() {
  if (::geteuid() == 0) {
    (void)!::syscall(SYS_setgroups, 0, nullptr);
    (void)!::setresgid(kNobody, kNobody, kNobody);
    (void)!::setresuid(kNobody, kNobody, kNobody);
  }
  ::prctl(PR_SET_DUMPABLE, 1);  // as after exec(); /proc/self is root's otherwise
}

TEST(LinuxNamespaceTest, KilledItLeavesNothingBehind) {
  // An ordinary user's test before this one may have left us where an interface is just going.
  const auto before = interfaces();
  const auto nothing_added = [&] {
    const auto now = interfaces();
    return std::includes(before.begin(), before.end(), now.begin(), now.end());
  };
  const uint64_t ours = own_namespace();
  const std::string mounts = read_file("/proc/self/mountinfo");
  const std::string metrics = read_file("/proc/sys/net/ipv4/tcp_no_metrics_save");
  std::unique_ptr<Stack> stack;
  Child child(
      [&] {
        const std::string result = shake_hands({}, stack);
        return result == "ok" ? std::to_string(own_namespace()) : result;
      },
      true);
  if (is_forbidden(child.text())) GTEST_SKIP() << child.text();
  const uint64_t theirs = std::stoull("0" + child.text());
  ASSERT_NE(theirs, 0U) << child.text();
  EXPECT_NE(theirs, ours);
  EXPECT_TRUE(namespace_lives(theirs));
  // Nothing of it can be seen here, alive or dead.
  EXPECT_TRUE(nothing_added());
  EXPECT_EQ(read_file("/proc/sys/net/ipv4/tcp_no_metrics_save"), metrics);
  child.kill();
  EXPECT_FALSE(namespace_lives(theirs));
  EXPECT_TRUE(nothing_added());
  EXPECT_EQ(read_file("/proc/self/mountinfo"), mounts);
  EXPECT_EQ(own_namespace(), ours);
}

TEST(LinuxNamespaceTest, RootComesBackToItsNamespace) {
  if (::geteuid() != 0) GTEST_SKIP() << "an ordinary user cannot come back";
  const uint64_t ours = own_namespace();
  {
    auto stack = make_linux_stack({});
    if (!stack) GTEST_SKIP() << stack.error().message;
    EXPECT_NE(own_namespace(), ours);
  }
  EXPECT_EQ(own_namespace(), ours);
  // Also when it fails.
  EXPECT_FALSE(make_linux_stack({.set = {{"net.ipv4.no_such_thing", "1"}}}));
  EXPECT_EQ(own_namespace(), ours);
}

TEST(LinuxNamespaceTest, WorksForAnOrdinaryUser) {
  std::unique_ptr<Stack> stack;
  const Child child(
      [&] {
        become_nobody();
        const std::string result = shake_hands({}, stack);
        return result == "ok" ? stack->identity().privilege : result;
      },
      false);
  if (is_forbidden(child.text())) GTEST_SKIP() << child.text();
  EXPECT_EQ(child.text(), "rootless");
}

TEST(LinuxNamespaceTest, SaysWhenTunIsClosed) {
  struct stat status {};
  if (::stat("/dev/net/tun", &status) == 0 && (status.st_mode & S_IWOTH) != 0) {
    GTEST_SKIP() << "/dev/net/tun is open to everybody";
  }
  std::unique_ptr<Stack> stack;
  const Child child(
      [&] {
        become_nobody();
        return shake_hands({.link = LinuxLink::kTun}, stack);
      },
      false);
  if (is_forbidden(child.text())) GTEST_SKIP() << child.text();
  EXPECT_NE(child.text().find("/dev/net/tun"), std::string::npos) << child.text();
  EXPECT_NE(child.text().find("veth"), std::string::npos) << child.text();
}

// Makes unshare() fail in this process as a container's seccomp profile does.
bool forbid_unshare() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = 4, .filter = code};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(LinuxNamespaceTest, SaysWhenNamespacesAreForbidden) {
  for (const bool root : {false, true}) {
    if (root && ::geteuid() != 0) continue;
    std::unique_ptr<Stack> stack;
    const Child child(
        [&] {
          if (!root) become_nobody();
          if (!forbid_unshare()) return std::string("skip");
          return shake_hands({}, stack);
        },
        false);
    if (child.text() == "skip") GTEST_SKIP() << "no seccomp here";
    EXPECT_TRUE(is_forbidden(child.text())) << child.text();
    EXPECT_NE(child.text().find("run as root"), std::string::npos) << child.text();
  }
}

TEST(LinuxNamespaceTest, SaysWhenThereAreThreads) {
  if (::geteuid() != 0 && read_file("/proc/self/uid_map").find("4294967295") == std::string::npos) {
    GTEST_SKIP() << "the process is in a user namespace of its own already";
  }
  const Child child(
      [&] {
        become_nobody();
        std::string text;
        std::thread other([] { std::this_thread::sleep_for(std::chrono::seconds(1)); });
        auto stack = make_linux_stack({});
        text = stack ? "made" : stack.error().message;
        other.join();
        return text;
      },
      false);
  EXPECT_NE(child.text().find("thread"), std::string::npos) << child.text();
}

class LinuxSettingsTest : public ::testing::Test {
 protected:
  void make(const LinuxOptions& options) {
    auto made = make_linux_stack(options);
    if (!made) GTEST_SKIP() << made.error().message;
    stack_ = std::move(*made);
  }
  Hand open(const std::vector<std::pair<std::string, std::string>>& sysctls = {}) {
    const auto id = stack_->open({.ipv6 = false, .connections = 1, .sysctls = sysctls});
    EXPECT_TRUE(id) << id.error().message;
    return Hand(*stack_, id.value_or(0));
  }
  // The namespace of a case: where its sockets are made.
  uint64_t namespace_of(Hand& hand) {
    EXPECT_EQ(hand.call(socket_call(9)).value, 9);
    return own_namespace();
  }

  std::unique_ptr<Stack> stack_;
};

TEST_F(LinuxSettingsTest, AreReported) {
  make({.set = {{"tcp_sack", "0"}}});
  const auto& settings = stack_->identity().settings;
  EXPECT_EQ(settings.at("net.ipv4.tcp_no_metrics_save"), "1");
  EXPECT_EQ(settings.at("net.ipv4.tcp_invalid_ratelimit"), "0");
  EXPECT_EQ(settings.at("net.ipv4.tcp_early_retrans"), "0");
  EXPECT_EQ(settings.at("net.ipv4.tcp_sack"), "0");
  EXPECT_EQ(settings.at("offloads"), "off");
  EXPECT_EQ(stack_->identity().name, "linux");
  EXPECT_FALSE(stack_->identity().version.empty());
}

TEST_F(LinuxSettingsTest, ACaseThatNeedsOthersHasItsOwnNamespace) {
  make({});
  Hand plain = open();
  Hand first = open({{"net.ipv4.tcp_timestamps", "0"}});
  Hand second = open({{"tcp_timestamps", "0"}});
  Hand third = open({{"tcp_timestamps", "0"}, {"tcp_sack", "0"}});
  const uint64_t usual = namespace_of(plain);
  const uint64_t own = namespace_of(first);
  EXPECT_EQ(link::get_sysctl("tcp_timestamps").value_or("?"), "0");
  EXPECT_NE(own, usual);
  EXPECT_EQ(namespace_of(second), own);
  EXPECT_NE(namespace_of(third), own);
  EXPECT_EQ(namespace_of(plain), usual);
  EXPECT_NE(link::get_sysctl("tcp_timestamps").value_or("?"), "0");
  // All at once, each with its own answers.
  for (Hand* hand : {&plain, &first, &second, &third}) hand->open_passively();
  for (Hand* hand : {&plain, &first, &second, &third}) EXPECT_EQ(hand->state(), "ESTABLISHED");
}

TEST_F(LinuxSettingsTest, NamespacesOfManySettingsAreNotKept) {
  make({});
  for (int i = 0; i < 40; ++i) {
    Hand hand = open({{"tcp_syn_retries", std::to_string(1 + i)}});
    hand.open_passively();
    stack_->close(hand.id());
  }
  Hand again = open({{"tcp_syn_retries", "1"}});
  again.open_passively();
  EXPECT_EQ(stack_->dropped(), 0U);
}

TEST_F(LinuxSettingsTest, WhatIsNotOfANamespaceIsRefused) {
  make({});
  const std::string same = read_file("/proc/sys/net/core/rmem_max");
  for (const char* name : {"kernel.hostname", "net.ipv4.no_such_thing", "net.ipv4/../core.x",
                           "net.core.rmem_max", "vm.swappiness"}) {
    const auto id = stack_->open({.ipv6 = false, .connections = 1, .sysctls = {{name, same}}});
    ASSERT_FALSE(id) << name;
    EXPECT_NE(id.error().message.find(name), std::string::npos) << id.error().message;
  }
  Hand still = open();
  still.open_passively();
  EXPECT_EQ(still.state(), "ESTABLISHED");
}

TEST_F(LinuxSettingsTest, TwoStacksAtOnce) {
  make({});
  auto other = make_linux_stack({});
  ASSERT_TRUE(other) << other.error().message;
  Hand here = open();
  Hand there(**other, (*other)->open({}).value());
  here.open_passively();
  there.open_passively();
  EXPECT_EQ(here.state(), "ESTABLISHED");
  other->reset();
  EXPECT_EQ(here.state(), "ESTABLISHED");
  Hand more = open();
  more.open_passively();
  EXPECT_EQ(more.state(), "ESTABLISHED");
}

}  // namespace
}  // namespace synfin::stack
