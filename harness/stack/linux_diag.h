// sock_diag: the state of a connection by its 4-tuple, and its end. Sees what no descriptor can:
// request sockets (SYN-RECEIVED), orphans, and the small sockets of FIN-WAIT-2 and TIME-WAIT.
#pragma once

#include <libmnl/libmnl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "engine/state.h"
#include "harness/link/call_row.h"
#include "harness/wire/address.h"
#include "harness/wire/error.h"

namespace synfin::stack {

// In the network namespace that the thread was in when it was opened. No allocation after that.
class LinuxDiag {
 public:
  // `in_rows`: system calls are dear, and made together where the kernel can.
  static Result<LinuxDiag> open(bool in_rows = false);

  // What the kernel has for the 4-tuple: a connection's state, kListen for a listener on the local
  // port instead, kClosed for nothing.
  Result<State> state(const wire::FourTuple& tuple);
  bool in_rows() const { return row_.has_value(); }
  // Only where in_rows(): the same once `packet` was written to the descriptor `device`, in one
  // call. An error of the write is an error here, too.
  Result<State> state_after(int device, std::span<const uint8_t> packet,
                            const wire::FourTuple& tuple);
  // Ends what the kernel has for the 4-tuple, be it a listener on the local port. Nothing there is
  // no error.
  void destroy(const wire::FourTuple& tuple);
  // Why the kernel cannot tell states or end connections, if it cannot: tried on a listener of
  // ours.
  Result<void> self_check(const wire::Endpoint& local);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  using Socket = std::unique_ptr<mnl_socket, Close>;

  LinuxDiag(Socket questions, Socket orders);
  Result<State> ask(const wire::FourTuple& tuple, int device, std::span<const uint8_t> packet);

  std::optional<link::CallRow> row_;
  Socket questions_;
  Socket orders_;  // of its own, so that nobody has to read the answers
  uint32_t sequence_ = 0;
};

// TCP_ESTABLISHED and so on, as the kernel numbers them.
std::optional<State> state_of_kernel(unsigned state);

}  // namespace synfin::stack
