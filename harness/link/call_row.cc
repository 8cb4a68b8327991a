#include "harness/link/call_row.h"

#include <liburing.h>

#include <cerrno>
#include <utility>

#include "harness/link/error.h"

namespace synfin::link {

void CallRow::Close::operator()(io_uring* ring) const {
  ::io_uring_queue_exit(ring);
  delete ring;
}

Result<CallRow> CallRow::open() {
  auto ring = std::make_unique<io_uring>();
  if (const int made = ::io_uring_queue_init(kMost, ring.get(), 0); made < 0) {
    return fail_errno("cannot make a ring of system calls", -made);
  }
  return CallRow(std::unique_ptr<io_uring, Close>(ring.release()));
}

void CallRow::write(int fd, std::span<const uint8_t> octets) {
  constexpr auto kWhereItStands = static_cast<uint64_t>(-1);
  io_uring_sqe* const call = next();
  ::io_uring_prep_write(call, fd, octets.data(), static_cast<unsigned>(octets.size()),
                        kWhereItStands);
  add(call);
}

void CallRow::send(int fd, std::span<const uint8_t> octets) {
  io_uring_sqe* const call = next();
  ::io_uring_prep_send(call, fd, octets.data(), octets.size(), 0);
  add(call);
}

void CallRow::receive(int fd, std::span<uint8_t> octets) {
  io_uring_sqe* const call = next();
  ::io_uring_prep_recv(call, fd, octets.data(), octets.size(), 0);
  add(call);
}

// There is always room: a row is no longer than the ring, and run() empties it.
io_uring_sqe* CallRow::next() { return ::io_uring_get_sqe(ring_.get()); }

void CallRow::add(io_uring_sqe* call) {
  call->flags |= IOSQE_IO_LINK;
  call->user_data = count_++;
  last_ = call;
}

std::span<const int> CallRow::run() {
  const std::size_t count = std::exchange(count_, 0);
  if (count == 0) return {};
  last_->flags &= static_cast<uint8_t>(~IOSQE_IO_LINK);
  results_.fill(-ECANCELED);
  std::size_t submitted = 0;
  while (submitted < count) {
    const int more = ::io_uring_submit_and_wait(ring_.get(), static_cast<unsigned>(count));
    if (more < 0 && more != -EINTR) break;
    submitted += more > 0 ? static_cast<std::size_t>(more) : 0;
  }
  for (std::size_t done = 0; done < submitted; ++done) {
    io_uring_cqe* result = nullptr;
    while (::io_uring_wait_cqe(ring_.get(), &result) == -EINTR) {
    }
    if (result == nullptr) break;
    results_.at(result->user_data) = result->res;
    ::io_uring_cqe_seen(ring_.get(), result);
  }
  return std::span(results_).first(count);
}

}  // namespace synfin::link
