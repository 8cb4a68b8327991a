// Network namespaces without names: they live as long as a thread or a descriptor is in them, so
// nothing is left behind, whatever ends the process.
//
// A namespace belongs to a thread. The thread that makes a stack enters the stack's namespace and
// stays there; other threads, and sockets that were opened before, keep theirs. As root the
// original namespace can be entered again (Netns::home()->enter()); from a user
// namespace there is no way back, which is why an ordinary user's thread stays in the last one.
#pragma once

#include <cstdint>
#include <string>

#include "harness/link/fd.h"
#include "harness/wire/error.h"

namespace synfin::link {

enum class Privilege { kRoot, kRootless };

// Makes the process able to create network namespaces: as it is when it has CAP_SYS_ADMIN,
// CAP_NET_ADMIN and CAP_NET_RAW, else by entering a user namespace of its own (uid and gid stay
// what they are), for which the process must have one thread only. The error is one sentence that
// says what forbids it and what to change.
Result<Privilege> acquire_privilege();

// The sentence for an unshare() that failed with `error` while entering a user namespace
// (error 0: it succeeded but gave no capabilities). `proc` is where /proc is mounted.
std::string explain_user_namespace(int error, const std::string& proc = "/proc");

class Netns {
 public:
  // The namespace that the calling thread is in.
  static Result<Netns> current();
  // The one that the calling thread was in when it first asked; null when that cannot be told.
  static const Netns* home();
  // A new one; the calling thread is in it afterwards.
  static Result<Netns> create();

  // Moves the calling thread into it; costs nothing when it is there already.
  Result<void> enter() const;
  int fd() const { return fd_.get(); }
  // The number by which /proc/*/ns/net shows it.
  uint64_t inode() const { return inode_; }

 private:
  Netns(Fd fd, uint64_t inode) : fd_(std::move(fd)), inode_(inode) {}

  Fd fd_;
  uint64_t inode_ = 0;
};

}  // namespace synfin::link
