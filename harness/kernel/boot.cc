#include "harness/kernel/boot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <regex>
#include <sstream>

#include "harness/kernel/board.h"
#include "harness/kernel/confine.h"
#include "harness/kernel/guest.h"
#include "harness/link/error.h"
#include "harness/link/fd.h"

namespace synfin::kernel {
namespace {

constexpr std::size_t kMostLog = 1U << 18U;
constexpr int kLookEveryMs = 100;
constexpr unsigned kMemory = 1024;
constexpr unsigned kMemoryWithKasan = 2048;  // an eighth of it is shadow, and freed memory rests
// Enough for the inside never to wait for the outside, which would cost it time on its own clock.
constexpr int kPipeSize = 1 << 20;

struct Pipe {
  link::Fd mine;
  link::Fd its;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return link::fail_errno("a pipe for a kernel");
  ::fcntl(ends[0], F_SETPIPE_SZ, kPipeSize);  // an ordinary user may be refused more than 64 KiB
  return Pipe{link::Fd(ends[0]), link::Fd(ends[1])};
}

// With the descriptors that start_confined() gives it. All of it is the same for one seed: the
// kernel mixes its command line into its randomness (random_init_early()).
std::vector<std::string> command_line(const Kernel& kernel, const BootOptions& options) {
  const unsigned memory = options.memory_mb != 0 ? options.memory_mb
                          : kernel.variant.kasan ? kMemoryWithKasan
                                                 : kMemory;
  std::vector<std::string> words = {
      kernel.image().string(), fmt::format("mem={}M", memory), "root=/dev/root",
      "rootfstype=hostfs", "rootflags=/", "ro", "time-travel=inf-cpu",
      fmt::format("time-travel-start={}", kFirstMoment), "con=null", "con0=null,fd:3",
      "con1=null,fd:4", "con2=null,fd:1", "console=tty2", "loglevel=8",
      // Where it would keep a file with its number: a folder that takes none.
      "uml_dir=/proc/self", "umid=synfin", "iomem=mmapper,/proc/self/fd/5",
      fmt::format("synfin.seed={:#x}", options.seed),
      // This program: its root is the host's, /proc included.
      "init=/proc/self/fd/6"};
  if (kernel.variant.kasan) words.emplace_back("kasan.fault=panic");  // what it finds is a finding
  if (needs_no_xstate(kernel.version)) words.emplace_back(kNoWideRegisters);
  words.insert(words.end(), {"--", std::string(kGuestWord)});
  return words;
}

// One stream from the kernel to one descriptor of ours.
struct Stream {
  int from;
  int to;
  std::string* log;
  bool inside = false;  // the log has said that the program is about to run
  bool open = true;
};

void hand_on(Stream& stream) {
  static constexpr std::size_t kMost = 65536;
  std::array<char, kMost> buffer;
  const ssize_t got = ::read(stream.from, buffer.data(), buffer.size());
  if (got < 0 && errno == EINTR) return;
  if (got <= 0) {
    stream.open = false;
    return;
  }
  const std::string_view text(buffer.data(), static_cast<std::size_t>(got));
  if (stream.log == nullptr) return link::write_all(stream.to, text);
  stream.log->append(text);
  stream.inside = stream.inside || stream.log->find(kInsideMark) != std::string::npos;
  if (stream.log->size() > kMostLog) stream.log->erase(0, stream.log->size() - kMostLog);
}

// Until all streams have ended. False when it was to end before.
bool pump(std::array<Stream, 3>& streams, const std::function<bool()>& go_on) {
  while (true) {
    std::array<pollfd, 3> waiting{};
    for (std::size_t i = 0; i < streams.size(); ++i) {
      waiting[i] = {.fd = streams[i].open ? streams[i].from : -1, .events = POLLIN, .revents = 0};
    }
    if (std::none_of(streams.begin(), streams.end(), [](const Stream& s) { return s.open; })) {
      return true;
    }
    if (!go_on()) return false;
    if (::poll(waiting.data(), waiting.size(), kLookEveryMs) <= 0) continue;
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (waiting[i].revents != 0) hand_on(streams[i]);
    }
  }
}

// The kernel and the processes in which its programs run are one process group.
int end_group(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  ::kill(-pid, SIGKILL);
  return status;
}

}  // namespace

Result<BootResult> boot(const Kernel& kernel, const BootOptions& options,
                        const std::function<bool()>& go_on) {
  const auto board = Board::make(options.job);
  if (!board) return tl::make_unexpected(board.error());
  auto log = make_pipe();
  auto out = make_pipe();
  auto error = make_pipe();
  for (const auto* pipe : {&log, &out, &error}) {
    if (!*pipe) return tl::make_unexpected(pipe->error());
  }
  const auto pid = start_confined(command_line(kernel, options),
                                  {.log = log->its.get(),
                                   .out = out->its.get(),
                                   .error = error->its.get(),
                                   .board = board->fd(),
                                   .without_xstate = needs_no_xstate(kernel.version)});
  if (!pid) return tl::make_unexpected(pid.error());
  for (Pipe* pipe : {&*log, &*out, &*error}) pipe->its.reset();

  BootResult result;
  std::array<Stream, 3> streams = {Stream{log->mine.get(), -1, &result.log},
                                   Stream{out->mine.get(), STDOUT_FILENO, nullptr},
                                   Stream{error->mine.get(), STDERR_FILENO, nullptr}};
  const auto look = [&] {
    board->tell_time();
    return go_on();
  };
  if (!pump(streams, look)) ::kill(-*pid, SIGKILL);
  const int status = end_group(*pid);
  if (go_on() && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
    return fail("the kernel's process was killed from outside: is there memory enough?");
  }
  result.panicked = !WIFEXITED(status) && go_on();
  result.note = board->note();
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  if (!streams[0].inside && go_on()) {
    return fail(
        fmt::format("Linux {} does not boot: {}", kernel.name(), reason_of_panic(result.log)));
  }
  return result;
}

std::string reason_of_panic(const std::string& log) {
  static constexpr std::array kBad = {
      "Kernel panic", "BUG:", "KASAN:", "WARNING:", "Oops", "kernel BUG at", "general protection"};
  const std::regex time(R"(^\[ *[0-9]+\.[0-9]+\] )");
  std::istringstream lines(log);
  std::string reason;
  std::string last;
  std::string line;
  while (std::getline(lines, line)) {
    while (!line.empty() && line.back() == '\r') line.pop_back();
    line = std::regex_replace(line, time, "");
    if (!line.empty()) last = line;
    const bool bad = std::any_of(kBad.begin(), kBad.end(), [&](const char* word) {
      return line.find(word) != std::string::npos;
    });
    if (bad || !reason.empty()) reason += line + "\n";
  }
  return reason.empty() ? last : reason;
}

}  // namespace synfin::kernel
