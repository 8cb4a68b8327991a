#include "harness/stack/child_process.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "harness/link/error.h"

namespace synfin::stack {
namespace {

constexpr off_t kMostPrinted = 1 << 20;
constexpr std::size_t kWords = 4096;
// Of a report that says first what it is about.
constexpr std::size_t kReportLines = 12;

// The beginning of a sanitizer's report, or else the end of all that was printed.
std::string_view telling(std::string_view printed) {
  constexpr std::array<std::string_view, 2> kReports = {"ERROR: ", "runtime error: "};
  std::size_t begin = std::string_view::npos;
  for (const std::string_view sign : kReports) begin = std::min(begin, printed.find(sign));
  if (begin == std::string_view::npos) {
    printed.remove_prefix(printed.size() - std::min(printed.size(), kWords));
  } else {
    const std::size_t line = printed.rfind('\n', begin);
    printed.remove_prefix(line == std::string_view::npos ? 0 : line + 1);
    std::size_t end = 0;
    for (std::size_t i = 0; i < kReportLines && end < printed.size(); ++i) {
      end = std::min(printed.find('\n', end), printed.size() - 1) + 1;
    }
    printed = printed.substr(0, std::min(end, kWords));
  }
  while (printed.ends_with('\n')) printed.remove_suffix(1);
  return printed;
}

[[noreturn]] void become(int talk, int printed, pid_t owner, const std::function<void(int)>& work) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != owner) _exit(0);  // it has gone already
  // Ctrl-C is the owner's, who ends this process.
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, SIG_DFL);
  // A crash is told, not dumped.
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const rlimit little{kMostPrinted, kMostPrinted};
  setrlimit(RLIMIT_FSIZE, &little);
  dup2(printed, STDOUT_FILENO);
  dup2(printed, STDERR_FILENO);
  work(talk);
  _exit(0);
}

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(const std::function<void(int)>& work) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return link::fail_errno("a socket pair for a child process");
  }
  link::Fd mine(ends[0]);
  link::Fd its(ends[1]);
  link::Fd printed(memfd_create("synfin-child", MFD_CLOEXEC));
  if (!printed) return link::fail_errno("memory for what a child process prints");
  std::fflush(nullptr);  // else it is printed twice
  const pid_t owner = getpid();
  const pid_t pid = fork();
  if (pid < 0) return link::fail_errno("a child process");
  if (pid == 0) {
    mine.reset();
    become(its.get(), printed.get(), owner, work);
  }
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, std::move(mine), std::move(printed)));
}

ChildProcess::ChildProcess(pid_t pid, link::Fd talk, link::Fd printed)
    : pid_(pid), talk_(std::move(talk)), printed_(std::move(printed)) {}

ChildProcess::~ChildProcess() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  wait();
}

std::string ChildProcess::wait() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  if (WIFSIGNALED(status)) {
    return fmt::format("ended by {} ({})",
                       sigabbrev_np(WTERMSIG(status)) != nullptr
                           ? fmt::format("SIG{}", sigabbrev_np(WTERMSIG(status)))
                           : fmt::format("signal {}", WTERMSIG(status)),
                       sigdescr_np(WTERMSIG(status)));
  }
  return fmt::format("ended with status {}", WEXITSTATUS(status));
}

std::string ChildProcess::last_words() {
  // One whose end of the conversation is closed is ending already, which this leaves as it is.
  kill(pid_, SIGKILL);
  const std::string end = wait();
  const off_t size = lseek(printed_.get(), 0, SEEK_END);
  std::string printed(static_cast<std::size_t>(std::clamp<off_t>(size, 0, kMostPrinted)), '\0');
  const ssize_t got = pread(printed_.get(), printed.data(), printed.size(), 0);
  printed.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  const std::string_view words = telling(printed);
  return words.empty() ? end : fmt::format("{}: {}", end, words);
}

}  // namespace synfin::stack
