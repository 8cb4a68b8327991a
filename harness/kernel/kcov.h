// Which code of the kernel this thread runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_set>
#include <vector>

#include "harness/link/fd.h"
#include "harness/wire/error.h"

namespace synfin::kernel {

// KCOV, for the thread that opens it. It tells of the files that the kernel was built so for
// (make_arguments()), and of what runs in the thread's own system calls: a packet that is written
// to a TUN is handled there, one that comes over veth is not.
class Kcov {
 public:
  // The error says that this kernel has none.
  static Result<Kcov> open();
  Kcov(Kcov&& other) noexcept;
  Kcov& operator=(Kcov&&) = delete;
  ~Kcov();

  // From now on what runs is noted anew.
  void clear();
  // The places that were passed since clear(), the first kMost of them, each time that they were.
  std::span<const uint64_t> places() const;
  static constexpr std::size_t kMost = (1U << 18U) - 1;  // with their number they fill pages

 private:
  Kcov(link::Fd fd, uint64_t* memory) : fd_(std::move(fd)), memory_(memory) {}

  link::Fd fd_;
  uint64_t* memory_;  // how many there are, and then they
};

// The different places that were passed so far. Thousands are passed with each program, hardly one
// of them for the first time.
class Places {
 public:
  // Whether one is new.
  bool add(std::span<const uint64_t> passed);
  std::size_t count() const { return all_.size(); }

 private:
  static constexpr unsigned kBits = 16;

  std::unordered_set<uint64_t> all_;
  // Each place where its number sends it, until another takes that place: looked at first.
  std::vector<uint64_t> lately_ = std::vector<uint64_t>(std::size_t{1} << kBits);
};

}  // namespace synfin::kernel
