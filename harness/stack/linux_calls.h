// The socket calls of a program, made without ever waiting.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "harness/script/flat.h"
#include "harness/stack/linux_case.h"
#include "harness/stack/linux_workers.h"

namespace synfin::stack {

struct CallOutcome {
  int64_t value = 0;
  int error = 0;
  // The call waits, and this does the waiting; value and error mean nothing.
  std::unique_ptr<LinuxJob> job;
};

// Makes a call of a case. The calling thread must be in the case's namespace.
//
// Whether a call on a blocking socket would wait is found out by a form of it that does not:
// MSG_DONTWAIT, or poll() first. The program's descriptors keep the mode that it gave them.
class LinuxCalls {
 public:
  // Octets that a call reads, and a poll's revents (an int32_t), come after those in `data`;
  // recvmsg() leaves what append_message() (linux_messages.cc) writes.
  CallOutcome make(LinuxCase& owner, unsigned connection, const script::CallSpec& call,
                   std::vector<uint8_t>& data);
  // What remains to be done when a waiting call has returned.
  static void finish(LinuxCase& owner, LinuxJob& job);

 private:
  CallOutcome socket(LinuxCase& owner, const script::CallSpec& call);
  CallOutcome bind(LinuxCase& owner, const script::CallSpec& call);
  CallOutcome listen(LinuxCase& owner, const script::CallSpec& call);
  CallOutcome accept(LinuxCase& owner, const script::CallSpec& call);
  CallOutcome connect(LinuxCase& owner, unsigned connection, const script::CallSpec& call);
  CallOutcome read(LinuxCase& owner, const script::CallSpec& call, std::vector<uint8_t>& data);
  CallOutcome write(LinuxCase& owner, unsigned connection, const script::CallSpec& call);
  CallOutcome close(LinuxCase& owner, const script::CallSpec& call);
  CallOutcome setsockopt(LinuxCase& owner, const script::CallSpec& call);
  CallOutcome getsockopt(LinuxCase& owner, const script::CallSpec& call,
                         std::vector<uint8_t>& data);
  CallOutcome fcntl(LinuxCase& owner, const script::CallSpec& call);
  CallOutcome ioctl(LinuxCase& owner, const script::CallSpec& call, std::vector<uint8_t>& data);
  CallOutcome poll(LinuxCase& owner, const script::CallSpec& call, std::vector<uint8_t>& data);

  // linux_messages.cc
  CallOutcome send_message(LinuxCase& owner, unsigned connection, const script::CallSpec& call);
  CallOutcome receive_message(LinuxCase& owner, const script::CallSpec& call,
                              std::vector<uint8_t>& data);
  CallOutcome epoll(LinuxCase& owner, const script::CallSpec& call, std::vector<uint8_t>& data);
  CallOutcome file(LinuxCase& owner, const script::CallSpec& call);

  std::vector<uint8_t> octets_;  // to write; kept for its memory
};

// --- what the parts of LinuxCalls share

// The outcome of a call that has returned `value`; errno is as it left it.
CallOutcome outcome(int64_t value);
int fd_of(const LinuxSocket* socket);
bool ready(int fd, short events);
// A job for the call, with a descriptor of its own; null, with errno set, when there is none left.
std::unique_ptr<LinuxJob> new_job(const script::CallSpec& call, const LinuxSocket& socket);
CallOutcome wait_with(std::unique_ptr<LinuxJob> job);
LinuxSocket& add_socket(LinuxCase& owner, int number, int fd, int domain, bool nonblocking,
                        bool bound);
// Where a call that opens a connection by its first octets goes; binds the socket for it.
Result<SocketAddress> open_fast(LinuxCase& owner, LinuxSocket& socket, unsigned connection,
                                const script::CallSpec& call);
// The octets that a call writes: those of the program, or the pattern from what was written on.
// They stay where they are as long as the kernel may read them there.
std::span<const uint8_t> octets_to_write(LinuxCase& owner, uint32_t written,
                                         const script::CallSpec& call,
                                         std::vector<uint8_t>& buffer);

}  // namespace synfin::stack
