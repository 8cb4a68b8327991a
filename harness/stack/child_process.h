// A child process that talks with its owner over one descriptor.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "harness/link/fd.h"
#include "harness/stack/zygote.h"
#include "harness/wire/error.h"

namespace synfin::stack {

class ChildProcess {
 public:
  // Runs the zygote's work with these octets in a process of its own, which has its end of the
  // conversation. What it prints is kept; it dies with the owner. The zygote must outlive it.
  static Result<std::unique_ptr<ChildProcess>> start(Zygote& zygote,
                                                     std::span<const uint8_t> given);
  // Ends the process.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  int fd() const { return talk_.get(); }
  // Ends the process where it still runs, and tells how it has ended and the last that it printed.
  std::string last_words();

 private:
  ChildProcess(Zygote& zygote, pid_t pid, link::Fd talk, link::Fd printed);
  // How it ended, once it has.
  std::string wait();

  Zygote& zygote_;
  pid_t pid_;
  link::Fd talk_;
  link::Fd printed_;
};

}  // namespace synfin::stack
