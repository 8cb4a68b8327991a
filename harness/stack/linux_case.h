// A case of the Linux stack: its addresses and its descriptors.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "harness/link/fd.h"
#include "harness/stack/linux_info.h"
#include "harness/stack/linux_world.h"
#include "harness/stack/stack.h"
#include "harness/wire/address.h"

namespace synfin::stack {

// Calls after which the kernel knows of no connection or listener of their socket yet.
inline bool only_prepares(script::CallName name) {
  using enum script::CallName;
  return name == kSocket || name == kBind || name == kSetsockopt;
}

// Calls after which the kernel knows of no connection that it did not know of before.
inline bool only_looks(script::CallName name) {
  using enum script::CallName;
  return name == kAccept || name == kRead || name == kRecv || name == kGetsockopt || name == kPoll;
}

// A socket by the program's number.
struct LinuxSocket {
  static constexpr int kNoNumber = std::numeric_limits<int>::min();  // the program has lost it
  int number = -1;
  link::Fd fd;
  int domain = 0;
  bool nonblocking = false;  // as the program sees it
  bool bound = false;        // has a local port
  bool listening = false;
  bool lingers = false;         // SO_LINGER: close() may wait
  bool opens_by_write = false;  // TCP_FASTOPEN_CONNECT: the first octets are the SYN's
  uint32_t written = 0;         // octets that the application wrote so far
};

inline bool may_connect(const LinuxSocket& socket) {
  return socket.domain != 0 && !socket.listening;
}

struct LinuxConnection {
  bool active = false;  // connect() was called for it
  uint16_t local_port = 0;
};

struct LinuxCase {
  CaseId id = 0;  // 0: the slot is free
  LinuxWorld* world = nullptr;
  bool ipv6 = false;
  // The kernel may know of a connection that does not end with the sockets.
  bool touched = false;
  bool begun = false;           // a call was made that listens or opens, or may
  bool low_water = false;       // SO_RCVLOWAT was set on one of its sockets
  bool socket_is_done = false;  // it has no connection any more, and only a call gives it one
  // A state that was read, which holds until the next packet or call, and for a moment of the
  // clock.
  struct Reading {
    unsigned connection;
    uint64_t moment;
    State state;
  };
  std::optional<Reading> reading;
  unsigned waiting = 0;         // calls that wait on a thread
  unsigned listened = 0;        // sockets that became listeners
  unsigned sockets_closed = 0;  // by the program: their connections may go on
  uint16_t first_port = 0;
  uint16_t port_count = 0;
  std::vector<LinuxSocket> sockets;
  std::vector<LinuxConnection> connections;
  // What MSG_ZEROCOPY sends: the kernel reads it when it sends it again.
  std::vector<std::vector<uint8_t>> zero_copied;

  LinuxSocket* find(int number) {
    for (LinuxSocket& socket : sockets) {
      if (socket.number == number) return &socket;
    }
    return nullptr;
  }

  // The newest socket that is a connection's; null when there is none.
  const LinuxSocket* last_connected() const {
    const auto newest = std::find_if(sockets.rbegin(), sockets.rend(), may_connect);
    if (newest != sockets.rend()) return &*newest;
    return sockets.empty() ? nullptr : &sockets.front();
  }

  // Sockets that are, or may be, a connection's.
  std::ptrdiff_t connected() const {
    return std::count_if(sockets.begin(), sockets.end(), may_connect);
  }

  // Gives the kernel a packet. Where system calls are dear it tells at once, in the same one, what
  // state that led to.
  Result<void> inject(std::span<const uint8_t> packet, uint64_t moment) {
    touched = true;
    reading.reset();
    const int fd = world->link().plain_fd(packet.size());
    if (fd < 0 || !begun || connections.size() != 1 || !world->diag().in_rows()) {
      return world->link().send(packet);
    }
    const auto told = world->diag().state_after(fd, packet, tuple(0));
    if (!told) return tl::make_unexpected(told.error());
    world->link().collect();
    reading = {0, moment, *told};
    return {};
  }

  Result<State> state(unsigned connection, uint64_t moment) {
    if (reading && reading->connection == connection && reading->moment == moment) {
      return reading->state;
    }
    const auto told = read_state(connection);
    if (told) reading = {connection, moment, *told};
    return told;
  }

  // As the kernel has it: the socket tells it where there is no other connection than its own, and
  // sock_diag else.
  Result<State> read_state(unsigned connection) {
    // A socket that neither listens nor was connected is in none of the tables that sock_diag
    // reads.
    if (!begun) return State::kClosed;
    if (!socket_is_done && connections.size() == 1 && connected() == 1 && listened <= 1) {
      if (const auto told = read_tcp_state(last_connected()->fd.get())) return *told;
      socket_is_done = true;
    }
    return world->diag().state(tuple(connection));
  }

  bool listens() const {
    for (const LinuxSocket& socket : sockets) {
      if (socket.listening) return true;
    }
    return false;
  }

  // Another case takes the place of the last one; its addresses are set by the caller.
  void start_anew(bool over_ipv6) {
    ipv6 = over_ipv6;
    touched = begun = low_water = socket_is_done = false;
    waiting = listened = sockets_closed = 0;
    reading.reset();
    zero_copied.clear();
  }

  void begins(script::CallName name) {
    touched |= !only_looks(name);
    if (!only_looks(name)) reading.reset();
    begun |= !only_prepares(name);
    socket_is_done &= only_looks(name) && name != script::CallName::kAccept;
  }

  // Whether close() leaves nothing of the case's connection, which is in `state`: there is none, or
  // its socket is at hand, which SO_LINGER has reset. A TIME-WAIT has no socket any more.
  bool ends_with_its_socket(State state) const {
    if (connections.size() != 1 || waiting > 0) return false;
    if (state == State::kListen || state == State::kClosed) return true;
    return state != State::kTimeWait && sockets_closed == 0 && connected() == 1;
  }

  wire::FourTuple tuple(unsigned connection) const {
    const LinuxAddresses& addresses = world->addresses(ipv6);
    wire::FourTuple tuple;
    tuple.local.address = addresses.target;
    tuple.local.port =
        connection < connections.size() ? connections[connection].local_port : first_port;
    tuple.remote.address = addresses.remotes;
    tuple.remote.port = static_cast<uint16_t>(kLinuxRemotePort + connection);
    if (world->own()) {
      // What comes to the next listener is no part of the connection before.
      tuple.remote.port =
          static_cast<uint16_t>(tuple.remote.port + (listened > 1 ? listened - 1 : 0));
      return tuple;
    }
    const uint32_t number = id % kLinuxRemotes;
    const std::size_t end = ipv6 ? 16 : 4;
    tuple.remote.address.octets[end - 1] |= static_cast<uint8_t>(number);
    tuple.remote.address.octets[end - 2] |= static_cast<uint8_t>(number >> 8U);
    tuple.remote.address.octets[end - 3] |= static_cast<uint8_t>(number >> 16U);
    return tuple;
  }
};

// A call that has returned, until the sink hears of it.
struct LinuxReturned {
  CaseId id = 0;
  Ticket ticket = 0;
  int64_t at_ns = 0;
  int64_t value = 0;
  int error = 0;
  std::size_t offset = 0;  // of its octets
  std::size_t size = 0;
};

// The case whose local port it is: for an answer to an address that is no case's.
inline const LinuxCase* find_linux_case(std::span<const std::unique_ptr<LinuxCase>> cases,
                                        const LinuxWorld& world, std::optional<uint16_t> port) {
  for (const auto& one : cases) {
    if (port && one->id != 0 && one->world == &world && *port >= one->first_port &&
        *port < one->first_port + one->port_count) {
      return one.get();
    }
  }
  return nullptr;
}

}  // namespace synfin::stack
