#include "harness/kernel/tool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <deque>

#include "harness/link/error.h"
#include "harness/link/fd.h"

namespace synfin::kernel {
namespace {

constexpr std::size_t kLastLines = 12;
constexpr int kLookEveryMs = 200;  // whether to go on, where the tool prints nothing

[[noreturn]] void become(const std::vector<std::string>& command, int out, pid_t owner) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != owner) _exit(127);
  const link::Fd null(::open("/dev/null", O_RDONLY));
  ::dup2(null.get(), STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::setenv("LC_ALL", "C", 1);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  _exit(127);
}

// What a tool prints, in lines; the last of them are kept.
class Lines {
 public:
  explicit Lines(const OnLine& on_line) : on_line_(on_line) {}

  bool add(std::string_view text) {
    bool go_on = true;
    for (const char c : text) {
      if (c != '\n') {
        line_ += c;
        continue;
      }
      last_.push_back(line_);
      if (last_.size() > kLastLines) last_.pop_front();
      go_on = on_line_(line_) && go_on;
      line_.clear();
    }
    return go_on;
  }

  std::string last() const {
    std::string text;
    for (const std::string& line : last_) text += "\n  " + line;
    return text;
  }

 private:
  const OnLine& on_line_;
  std::string line_;
  std::deque<std::string> last_;
};

// False when the tool was to be ended.
bool read_all(int fd, Lines& lines) {
  std::array<char, 4096> buffer{};
  while (true) {
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, kLookEveryMs);
    if (ready <= 0) {
      if (!lines.add("")) return false;
      continue;
    }
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got == 0) return true;
    if (got < 0 && errno != EINTR) return true;
    if (got > 0 && !lines.add({buffer.data(), static_cast<std::size_t>(got)})) return false;
  }
}

}  // namespace

Result<void> run_tool(const std::vector<std::string>& command, const OnLine& on_line) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return link::fail_errno("a pipe for " + command[0]);
  const link::Fd mine(ends[0]);
  link::Fd its(ends[1]);
  const pid_t owner = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return link::fail_errno("a process for " + command[0]);
  if (pid == 0) become(command, its.get(), owner);
  its.reset();
  Lines lines(on_line);
  const bool ended = read_all(mine.get(), lines);
  if (!ended) ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended) return fail(command[0] + " was stopped");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(fmt::format("{} failed{}", command[0], lines.last()));
}

std::vector<std::string> missing_tools(const std::vector<std::string>& names) {
  const char* path = std::getenv("PATH");
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    bool found = false;
    std::string_view rest = path == nullptr ? "" : path;
    while (!found && !rest.empty()) {
      const std::size_t colon = rest.find(':');
      const std::string file = std::string(rest.substr(0, colon)) + "/" + name;
      found = ::access(file.c_str(), X_OK) == 0;
      rest = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
    }
    if (!found) missing.push_back(name);
  }
  return missing;
}

}  // namespace synfin::kernel
