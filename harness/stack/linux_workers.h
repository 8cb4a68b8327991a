// Threads for calls that block, made when one does.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "harness/link/fd.h"
#include "harness/script/flat.h"
#include "harness/stack/linux_address.h"
#include "harness/stack/stack.h"

namespace synfin::stack {

// One blocking call. It has a descriptor of its own for the socket, as a call inside the kernel
// has: closing the program's does not end it.
struct LinuxJob {
  CaseId id = 0;
  Ticket ticket = 0;
  unsigned connection = 0;
  script::CallName name = script::CallName::kRead;
  int number = -1;  // the program's, of the socket
  int domain = 0;
  int new_fd = -1;
  link::Fd fd;
  link::Fd other;  // poll of nothing: keeps its pair open
  int flags = 0;
  int events = 0;  // poll
  int timeout = 0;
  SocketAddress address;      // connect, sendto
  std::vector<uint8_t> data;  // to write, or read
  std::size_t written = 0;    // octets of data that were taken before the call blocked
  // In place of what the name says: returns the value, and leaves errno as the call does.
  std::function<int64_t(LinuxJob&)> call;

  int64_t value = 0;
  int error = 0;
  int64_t returned_ns = 0;  // CLOCK_MONOTONIC
};

class LinuxWorkers {
 public:
  explicit LinuxWorkers(unsigned most_threads);
  ~LinuxWorkers();
  LinuxWorkers(const LinuxWorkers&) = delete;
  LinuxWorkers& operator=(const LinuxWorkers&) = delete;

  // Does the call as soon as there is a thread for it.
  void run(std::unique_ptr<LinuxJob> job);
  // Moves the calls that have returned to the end of `done`.
  void take_done(std::vector<std::unique_ptr<LinuxJob>>& done);
  // Readable while there may be something to take.
  int fd() const;
  // Ends the case's calls and forgets them. False when one would not end within two seconds: its
  // thread is then lost, and the case's port must not be used again.
  bool cancel(CaseId id);

 private:
  struct Shared;
  static void work(const std::shared_ptr<Shared>& shared);

  std::shared_ptr<Shared> shared_;  // with the threads, as one that hangs outlives this
  unsigned most_threads_;
  std::vector<std::thread> threads_;
};

}  // namespace synfin::stack
