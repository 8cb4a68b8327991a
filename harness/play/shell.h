// Shell commands of a program.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "harness/link/fd.h"
#include "harness/wire/error.h"

namespace synfin::play {

// One shell for a program, whose commands are its children one after another: to all of them $PPID
// is the same number, which no other program's have, and PACKETDRILL_PID is that number too. It and
// they live in the network namespace that the thread was in when it was made.
class Shell {
 public:
  static Result<std::unique_ptr<Shell>> open(const std::string& directory);
  ~Shell();
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;

  // Starts a command; the one before has to have ended.
  Result<void> start(const std::string& command);
  // The exit status of the command, once it has ended; 127 when the shell is gone.
  std::optional<int> ended();

 private:
  Shell(pid_t pid, link::Fd commands, link::Fd statuses);

  pid_t pid_;
  link::Fd commands_;
  link::Fd statuses_;
  std::string status_;  // what has been read of a line
};

}  // namespace synfin::play
