#include "harness/stack/child_process.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include "harness/link/error.h"

namespace synfin::stack {
namespace {

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

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(Zygote& zygote,
                                                          std::span<const uint8_t> given) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return link::fail_errno("a socket pair for a child process");
  }
  link::Fd mine(ends[0]);
  const link::Fd its(ends[1]);
  link::Fd printed(memfd_create("synfin-child", MFD_CLOEXEC));
  if (!printed) return link::fail_errno("memory for what a child process prints");
  const auto pid = zygote.start(its.get(), printed.get(), given);
  if (!pid) return tl::make_unexpected(pid.error());
  return std::unique_ptr<ChildProcess>(
      new ChildProcess(zygote, *pid, std::move(mine), std::move(printed)));
}

ChildProcess::ChildProcess(Zygote& zygote, pid_t pid, link::Fd talk, link::Fd printed)
    : zygote_(zygote), pid_(pid), talk_(std::move(talk)), printed_(std::move(printed)) {}

ChildProcess::~ChildProcess() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  wait();
}

std::string ChildProcess::wait() {
  const auto ended = zygote_.wait(std::exchange(pid_, 0));
  if (!ended) return ended.error().message;
  const int status = *ended;
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
  std::string printed(static_cast<std::size_t>(std::clamp<off_t>(size, 0, Zygote::kMostPrinted)),
                      '\0');
  const ssize_t got = pread(printed_.get(), printed.data(), printed.size(), 0);
  printed.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  const std::string_view words = telling(printed);
  return words.empty() ? end : fmt::format("{}: {}", end, words);
}

}  // namespace synfin::stack
