// A child process that talks with its owner over one descriptor.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include "harness/link/fd.h"
#include "harness/wire/error.h"

namespace synfin::stack {

class ChildProcess {
 public:
  // Runs `work` in a process of its own, with its end of the conversation. What it prints is kept;
  // it dies with the owner.
  static Result<std::unique_ptr<ChildProcess>> start(const std::function<void(int fd)>& work);
  // Ends the process.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  int fd() const { return talk_.get(); }
  // Ends the process where it still runs, and tells how it has ended and the last that it printed.
  std::string last_words();

 private:
  ChildProcess(pid_t pid, link::Fd talk, link::Fd printed);
  // How it ended, once it has.
  std::string wait();

  pid_t pid_;
  link::Fd talk_;
  link::Fd printed_;
};

}  // namespace synfin::stack
