#include "harness/play/shell.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "harness/link/error.h"

extern char** environ;

namespace synfin::play {
namespace {

constexpr int kStatuses = 9;  // the shell's descriptor for them, out of the way of its commands
constexpr int kGone = 127;

// 'it'\''s': a word that the shell takes as it is.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

struct Pipe {
  link::Fd read;
  link::Fd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return link::fail_errno("cannot make a pipe");
  return Pipe{link::Fd(ends[0]), link::Fd(ends[1])};
}

}  // namespace

Shell::Shell(pid_t pid, link::Fd commands, link::Fd statuses)
    : pid_(pid), commands_(std::move(commands)), statuses_(std::move(statuses)) {}

Shell::~Shell() {
  commands_.reset();  // at its end the shell ends
  ::kill(-pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

Result<std::unique_ptr<Shell>> Shell::open(const std::string& directory) {
  auto commands = make_pipe();
  auto statuses = make_pipe();
  if (!commands) return tl::make_unexpected(commands.error());
  if (!statuses) return tl::make_unexpected(statuses.error());
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  posix_spawn_file_actions_adddup2(&actions, commands->read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, statuses->write.get(), kStatuses);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  const sched_param ordinary{.sched_priority = 0};
  posix_spawnattr_setschedpolicy(&attributes, SCHED_OTHER);
  posix_spawnattr_setschedparam(&attributes, &ordinary);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSCHEDULER);
  std::string name = "sh";
  std::array<char*, 2> arguments = {name.data(), nullptr};
  pid_t pid = 0;
  const int error =
      ::posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return link::fail_errno("cannot start /bin/sh in " + directory, error);
  ::fcntl(statuses->read.get(), F_SETFL, O_NONBLOCK);
  std::unique_ptr<Shell> shell(
      new Shell(pid, std::move(commands->write), std::move(statuses->read)));
  return shell;
}

Result<void> Shell::start(const std::string& command) {
  const std::string line =
      "PACKETDRILL_PID=$$ /bin/sh -c " + quoted(command) + " </dev/null 9>&-; echo $? >&9\n";
  std::size_t written = 0;
  while (written < line.size()) {
    const ssize_t size = ::write(commands_.get(), line.data() + written, line.size() - written);
    if (size < 0 && errno != EINTR) return link::fail_errno("the shell is gone");
    written += static_cast<std::size_t>(std::max<ssize_t>(size, 0));
  }
  return {};
}

std::optional<int> Shell::ended() {
  std::array<char, 16> octets{};
  const ssize_t size = ::read(statuses_.get(), octets.data(), octets.size());
  if (size == 0) return kGone;
  if (size > 0) status_.append(octets.data(), static_cast<std::size_t>(size));
  if (!status_.ends_with('\n')) return std::nullopt;
  const int status = std::atoi(status_.c_str());
  status_.clear();
  return status;
}

}  // namespace synfin::play
