#include "harness/kernel/confine.h"

#include <cpuid.h>
#include <elf.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>

#include "harness/kernel/version.h"
#include "harness/link/error.h"

namespace synfin::kernel {
namespace {

constexpr std::size_t kRoomForRegisters = 2696;
constexpr int kLastOurs = 6;  // of the descriptors that Confinement places

// The low half of a system call's argument.
constexpr uint32_t argument(unsigned i) {
  return offsetof(seccomp_data, args) + i * sizeof(seccomp_data::args[0]);
}

// - getrandom(2) fails: the kernel then has what its command line gives it, and no more.
// - fcntl(2) sets no flags of the descriptors that are ours, and says that it did: the kernel's
// consoles wait for who
//   reads them, while its clock stands, in place of being interrupted by them at some moment.
// - Without xstate, ptrace(PTRACE_GETREGSET, …, NT_X86_XSTATE, …) fails as on a machine that has
//   none.
bool restrict_calls(bool without_xstate) {
  constexpr uint32_t kNone = ~0U;  // no system call
  std::array filter = {
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 11, 0),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fcntl, 5, 0),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, without_xstate ? SYS_ptrace : kNone, 0, 8),
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument(0)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PTRACE_GETREGSET, 0, 6),
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument(2)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NT_X86_XSTATE, 5, 4),
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument(0)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, kLastOurs, 2, 0),
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument(1)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, F_SETFL, 2, 0),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0)};
  const sock_fprog program{.len = filter.size(), .filter = filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// Descriptors 1 to 6, whatever numbers they have now.
bool place(const Confinement& confinement) {
  const int program = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  const std::array wanted = {confinement.log,   confinement.log,   confinement.out,
                             confinement.error, confinement.board, program};
  std::array<int, wanted.size()> high{};
  for (std::size_t i = 0; i < high.size(); ++i) {
    high[i] = ::fcntl(wanted[i], F_DUPFD_CLOEXEC, 16);
    if (high[i] < 0) return false;
  }
  bool placed = ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), 0) == 0;
  for (std::size_t i = 0; i < high.size(); ++i) {
    const int fd = static_cast<int>(i) + 1;
    placed = placed && ::dup2(high[i], fd) == fd;
  }
  return placed;
}

void keep_to(int cpu) {
  if (cpu < 0 || cpu >= CPU_SETSIZE) return;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  (void)::sched_setaffinity(0, sizeof(one), &one);  // what fails is slower, and no less right
}

[[noreturn]] void become(const std::vector<std::string>& command, const Confinement& confinement,
                         pid_t owner) {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != owner) _exit(127);  // it has gone already
  keep_to(::sched_getcpu());             // which was free enough for a new process
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  // Addresses and environment are the same each time. The kernel's memory is a file without a name.
  std::string memory = "TMPDIR=";
  const char* folder = std::getenv("TMPDIR");
  if (folder != nullptr) memory += folder;
  std::string path = "PATH=/usr/bin:/bin";
  std::array<char*, 3> environment = {path.data(), folder == nullptr ? nullptr : memory.data(),
                                      nullptr};
  if (::personality(ADDR_NO_RANDOMIZE) < 0 || !place(confinement) ||
      !restrict_calls(confinement.without_xstate)) {
    _exit(126);
  }
  ::execve(argv[0], argv.data(), environment.data());
  _exit(127);
}

}  // namespace

bool needs_no_xstate(std::string_view version) {
  unsigned size = 0;
  unsigned a = 0;
  unsigned c = 0;
  unsigned d = 0;
  // Leaf 13: what the state takes of all that the system has switched on.
  const bool known = __get_cpuid_count(13, 0, &a, &size, &c, &d) != 0;
  return known && size > kRoomForRegisters && older(version, "6.13");
}

void keep_to_cpu(std::size_t number) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  number %= static_cast<std::size_t>(CPU_COUNT(&allowed));
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed) && number-- == 0) return keep_to(cpu);
  }
}

Result<pid_t> start_confined(const std::vector<std::string>& command,
                             const Confinement& confinement) {
  const pid_t owner = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return link::fail_errno("a process for a kernel");
  if (pid == 0) become(command, confinement, owner);
  return pid;
}

}  // namespace synfin::kernel
