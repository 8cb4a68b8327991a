// Several system calls at the price of one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "harness/wire/error.h"

struct io_uring;
struct io_uring_sqe;

namespace synfin::link {

// A row of calls that the kernel makes one after the other (io_uring). In User-Mode Linux a system
// call is dear whatever it does: for each, two processes of the host take turns.
class CallRow {
 public:
  static constexpr std::size_t kMost = 4;

  // An error where the kernel has no io_uring, or this process may not use it.
  static Result<CallRow> open();

  // Adds a call, at most kMost: it is made when those before it have done all that they were asked
  // to. The octets are in use until run() is over.
  void write(int fd, std::span<const uint8_t> octets);
  void send(int fd, std::span<const uint8_t> octets);
  void receive(int fd, std::span<uint8_t> octets);

  // Makes the calls, and begins a new row. What each has returned, an errno below 0: -ECANCELED for
  // those behind one that failed. Good until the next run().
  std::span<const int> run();

 private:
  struct Close {
    void operator()(io_uring* ring) const;
  };
  explicit CallRow(std::unique_ptr<io_uring, Close> ring) : ring_(std::move(ring)) {}
  io_uring_sqe* next();
  void add(io_uring_sqe* call);

  std::unique_ptr<io_uring, Close> ring_;
  io_uring_sqe* last_ = nullptr;
  std::size_t count_ = 0;
  std::array<int, kMost> results_{};
};

}  // namespace synfin::link
