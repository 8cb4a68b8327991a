// Memory that the outside and the inside of a kernel share. The job goes in by it, so that the
// kernel's command line, from which its randomness comes, is the same for all jobs; a note comes
// out, which outlives a panic.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "harness/kernel/job.h"
#include "harness/link/fd.h"
#include "harness/wire/error.h"

namespace synfin::kernel {

// The outside's end.
class Board {
 public:
  // An error where the job is too long.
  static Result<Board> make(const Job& job);
  Board(Board&& other) noexcept;
  Board& operator=(Board&&) = delete;
  ~Board();

  int fd() const { return fd_.get(); }
  // What the inside noted last.
  std::string note() const;
  // Tells the inside how late it is here.
  void tell_time() const;

 private:
  Board(link::Fd fd, char* memory) : fd_(std::move(fd)), memory_(memory) {}

  link::Fd fd_;
  char* memory_;
};

// The inside's end: User-Mode Linux's /dev/mmapper.
Result<Job> read_job();

// Leaves a note outside, in place of the last one: a store to memory, seen there whatever happens
// next. Nothing where this process runs in no kernel of ours. At most kLongestNote octets.
void note(std::string_view text);
inline constexpr std::size_t kLongestNote = (1U << 18U) - 8;

// How late it is for who waits: inside a kernel of ours, outside of it, to a tenth of a second.
std::chrono::steady_clock::time_point time_outside();

}  // namespace synfin::kernel
