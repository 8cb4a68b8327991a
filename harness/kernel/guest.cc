#include "harness/kernel/guest.h"

#include <fcntl.h>
#include <linux/random.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "harness/kernel/board.h"
#include "harness/kernel/job.h"
#include "harness/link/fd.h"

namespace synfin::kernel {
namespace {

constexpr const char* kInsideVariable = "SYNFIN_INSIDE";
constexpr int kBroken = 3;

void write_to(const char* path, const std::string& text) {
  const link::Fd file(::open(path, O_WRONLY | O_CLOEXEC));
  if (file) link::write_all(file.get(), text);
}

// A console that carries octets as they are.
link::Fd open_console(const char* path, unsigned columns) {
  link::Fd console(::open(path, O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios settings{};
  if (console && ::tcgetattr(console.get(), &settings) == 0) {
    ::cfmakeraw(&settings);
    ::tcsetattr(console.get(), TCSANOW, &settings);
  }
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  if (console) ::ioctl(console.get(), TIOCSWINSZ, &size);
  return console;
}

// The kernel has no randomness of the host's to wait for; that there is enough is taken on its
// word.
void be_seeded() {
  struct {  // a rand_pool_info with its octets
    int entropy_count = 512;
    int buf_size = 64;
    std::array<uint32_t, 16> buf{};
  } pool;
  const link::Fd random(::open("/dev/urandom", O_RDWR | O_CLOEXEC));
  if (random) ::ioctl(random.get(), RNDADDENTROPY, &pool);
}

// The folder of the host as it is, in place of what is read-only.
bool make_writable(const std::string& folder) {
  return ::mount("none", folder.c_str(), "hostfs", 0, folder.c_str()) == 0;
}

// A kernel that has just booted is in states that no other is in: its clock's seconds are 0, which
// TCP takes for "no timestamp was seen", and its ticks overflow five minutes later. The wait costs
// nothing.
void grow_up() {
  const timespec time{.tv_sec = 400, .tv_nsec = 0};
  ::nanosleep(&time, nullptr);
}

// What the kernel leaves to ksoftirqd (RCU wakes it) is done before the program goes on: no time
// passes in which the scheduler would give it its turn, and before 6.4 the handling of packets
// waits for it too.
void let_softirqs_go_first() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    std::ifstream file(entry.path() / "comm");
    std::string command;
    if (!std::getline(file, command) || !command.starts_with("ksoftirqd/")) continue;
    const sched_param first{.sched_priority = 1};
    ::sched_setscheduler(static_cast<pid_t>(std::atoi(name.c_str())), SCHED_FIFO, &first);
  }
}

struct Ends {
  link::Fd mine;
  link::Fd its;
};

// Where the program writes to: the console, or a pipe that leads there where it would take the
// console for a terminal.
Ends way_out(const link::Fd& console, bool terminal) {
  std::array<int, 2> ends = {-1, -1};
  if (terminal || ::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return {link::Fd(), link::Fd(::dup(console.get()))};
  }
  return {link::Fd(ends[0]), link::Fd(ends[1])};
}

void hand_on(const std::array<std::pair<int, int>, 2>& ways) {
  std::array<pollfd, 2> waiting{};
  for (std::size_t i = 0; i < ways.size(); ++i) waiting[i] = {ways[i].first, POLLIN, 0};
  while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
    if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
    for (std::size_t i = 0; i < ways.size(); ++i) {
      if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
      std::array<char, 4096> buffer;
      const ssize_t got = ::read(waiting[i].fd, buffer.data(), buffer.size());
      if (got <= 0) {
        waiting[i].fd = -1;
      } else {
        link::write_all(ways[i].second, {buffer.data(), static_cast<std::size_t>(got)});
      }
    }
  }
}

[[noreturn]] void run(const Job& job, const Program& program, const Ends& out, const Ends& error) {
  ::dup2(out.its.get(), STDOUT_FILENO);
  ::dup2(error.its.get(), STDERR_FILENO);
  for (const std::string& variable : job.environment) {
    const std::size_t equals = variable.find('=');
    ::setenv(variable.substr(0, equals).c_str(), variable.substr(equals + 1).c_str(), 1);
  }
  ::setenv(kInsideVariable, "1", 1);
  std::vector<const char*> arguments;
  for (const std::string& argument : job.arguments) arguments.push_back(argument.c_str());
  if (::chdir(job.folder.c_str()) != 0) _exit(kBroken);
  const int code = program(arguments);
  std::fflush(nullptr);
  _exit(code);
}

int run_and_wait(const Job& job, const Program& program) {
  const link::Fd tty0 = open_console("/dev/tty0", job.columns);
  const link::Fd tty1 = open_console("/dev/tty1", job.columns);
  for (const std::string& folder : job.writable) {
    if (make_writable(folder)) continue;
    link::write_all(tty1.get(),
                    "synfin: cannot write to " + folder + ": " + std::strerror(errno) + "\n");
    return kBroken;
  }
  Ends out = way_out(tty0, job.out_is_terminal);
  Ends error = way_out(tty1, job.error_is_terminal);
  const pid_t pid = ::fork();
  if (pid < 0) return kBroken;
  if (pid == 0) run(job, program, out, error);
  out.its.reset();
  error.its.reset();
  hand_on({{{out.mine.get(), tty0.get()}, {error.mine.get(), tty1.get()}}});
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  ::tcdrain(tty0.get());
  ::tcdrain(tty1.get());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

bool inside() { return std::getenv(kInsideVariable) != nullptr; }

int be_first_process(const Program& program) {
  if (::getpid() != 1) return kBroken;
  ::mount("none", "/proc", "proc", 0, nullptr);
  ::mount("none", "/sys", "sysfs", 0, nullptr);
  ::mount("none", "/sys/kernel/debug", "debugfs", 0, nullptr);  // KCOV is there
  be_seeded();
  let_softirqs_go_first();
  grow_up();
  write_to("/dev/kmsg", std::string(kInsideMark) + "\n");
  const auto job = read_job();
  const int code = job ? run_and_wait(*job, program) : kBroken;
  write_to("/proc/exitcode", std::to_string(code) + "\n");
  ::reboot(RB_POWER_OFF);
  return kBroken;  // turned off it is not
}

}  // namespace synfin::kernel
