// A process that does nothing but fork. It was forked itself while its owner was small, so that a
// child costs little however large the owner has become and however many threads it has.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "harness/link/fd.h"
#include "harness/wire/error.h"

namespace synfin::stack {

class Zygote {
 public:
  // What a child does: `talk` is its end of a conversation, `given` what start() was told.
  using Work = std::function<void(int talk, std::span<const uint8_t> given)>;
  // A child that prints more ends by SIGXFSZ.
  static constexpr off_t kMostPrinted = 1 << 20;
  // As much as `given` may have.
  static constexpr std::size_t kMostGiven = 256;

  static Result<std::unique_ptr<Zygote>> make(const Work& work);
  // Ends it, and with it its children.
  ~Zygote();
  Zygote(const Zygote&) = delete;
  Zygote& operator=(const Zygote&) = delete;

  // Forks a child that has these two descriptors, the second as its output; it dumps no core and
  // dies with the zygote. The zygote alone reaps it: its number is good until wait().
  Result<pid_t> start(int talk, int printed, std::span<const uint8_t> given);
  // Waits until the child has ended; its status as waitpid() tells it. An error: the zygote is
  // gone, and so is the child.
  Result<int> wait(pid_t child);

 private:
  Zygote(pid_t pid, link::Fd control) : pid_(pid), control_(std::move(control)) {}

  pid_t pid_;
  link::Fd control_;
};

}  // namespace synfin::stack
