#include "harness/stack/zygote.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>

#include "harness/link/error.h"

namespace synfin::stack {
namespace {

constexpr std::size_t kDescriptors = 2;

// What the owner asks: a child (0), or how a child has ended.
struct Request {
  pid_t wait_for = 0;
  uint32_t size = 0;
  std::array<uint8_t, Zygote::kMostGiven> given{};
};

// The number of a new child or the status of one that has ended; `error`: there is none.
struct Answer {
  int value = 0;
  int error = 0;
};

union Ancillary {
  cmsghdr header;
  std::array<char, CMSG_SPACE(kDescriptors * sizeof(int))> octets;
};

bool send_request(int control, const Request& request, std::span<const int> descriptors) {
  Request copy = request;
  iovec part{&copy, sizeof copy};
  Ancillary ancillary{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = ancillary.octets.data();
    message.msg_controllen = ancillary.octets.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  ssize_t sent = 0;
  do {
    sent = sendmsg(control, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(sizeof copy);
}

// False when the owner is gone.
bool receive_request(int control, Request& request, std::array<link::Fd, kDescriptors>& given) {
  iovec part{&request, sizeof request};
  Ancillary ancillary{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = ancillary.octets.data();
  message.msg_controllen = ancillary.octets.size();
  ssize_t got = 0;
  do {
    got = recvmsg(control, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof request)) return false;
  if (const cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr) {
    std::array<int, kDescriptors> descriptors{};
    std::memcpy(descriptors.data(), CMSG_DATA(header), sizeof descriptors);
    for (std::size_t i = 0; i < kDescriptors; ++i) given[i] = link::Fd(descriptors[i]);
  }
  return true;
}

// A child: what it prints is kept, a crash is told, not dumped.
[[noreturn]] void become(int talk, int printed, pid_t zygote, const Zygote::Work& work,
                         const Request& request) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != zygote) _exit(0);  // it has gone already
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const rlimit little{Zygote::kMostPrinted, Zygote::kMostPrinted};
  setrlimit(RLIMIT_FSIZE, &little);
  dup2(printed, STDOUT_FILENO);
  dup2(printed, STDERR_FILENO);
  work(talk, std::span(request.given).first(request.size));
  _exit(0);
}

Answer wait_for(pid_t child) {
  Answer answer;
  while (waitpid(child, &answer.value, 0) < 0) {
    if (errno == EINTR) continue;
    answer.error = errno;
    break;
  }
  return answer;
}

// Until the owner has gone.
[[noreturn]] void serve(int control, const Zygote::Work& work) {
  // Ctrl-C is the owner's, who ends this process.
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, SIG_DFL);
  const pid_t self = getpid();
  for (;;) {
    Request request;
    std::array<link::Fd, kDescriptors> given;
    if (!receive_request(control, request, given)) _exit(0);
    Answer answer;
    if (request.wait_for != 0) {
      answer = wait_for(request.wait_for);
    } else {
      answer.value = fork();
      answer.error = answer.value < 0 ? errno : 0;
      if (answer.value == 0) {
        close(control);
        become(given[0].get(), given[1].get(), self, work, request);
      }
    }
    if (send(control, &answer, sizeof answer, MSG_NOSIGNAL) < 0) _exit(0);
  }
}

Result<int> ask(int control, const Request& request, std::span<const int> descriptors) {
  Answer answer;
  ssize_t got = -1;
  if (send_request(control, request, descriptors)) {
    do {
      got = recv(control, &answer, sizeof answer, 0);
    } while (got < 0 && errno == EINTR);
  }
  if (got != static_cast<ssize_t>(sizeof answer)) {
    return fail("the process that bears child processes is gone");
  }
  if (answer.error != 0) return link::fail_errno("a child process", answer.error);
  return answer.value;
}

}  // namespace

Result<std::unique_ptr<Zygote>> Zygote::make(const Work& work) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return link::fail_errno("a socket pair for a child process");
  }
  link::Fd mine(ends[0]);
  link::Fd its(ends[1]);
  std::fflush(nullptr);  // else it is printed twice
  const pid_t pid = fork();
  if (pid < 0) return link::fail_errno("a child process");
  if (pid == 0) {
    mine.reset();
    serve(its.get(), work);
  }
  return std::unique_ptr<Zygote>(new Zygote(pid, std::move(mine)));
}

Zygote::~Zygote() {
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<pid_t> Zygote::start(int talk, int printed, std::span<const uint8_t> given) {
  Request request;
  request.size = static_cast<uint32_t>(std::min(given.size(), kMostGiven));
  std::copy_n(given.begin(), request.size, request.given.begin());
  const std::array<int, kDescriptors> descriptors = {talk, printed};
  return ask(control_.get(), request, descriptors);
}

Result<int> Zygote::wait(pid_t child) {
  Request request;
  request.wait_for = child;
  return ask(control_.get(), request, {});
}

}  // namespace synfin::stack
