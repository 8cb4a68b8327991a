#include "harness/stack/linux_calls.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "harness/stack/pattern.h"

namespace synfin::stack {
namespace {

using script::CallName;
using script::CallSpec;

constexpr int kNotOpen = 1 << 30;  // a number that is no descriptor's: EBADF, also from poll()

// Where a call binds or connects to: `own` is the case's.
wire::Endpoint where(const CallSpec& call, const wire::Endpoint& own) {
  wire::Endpoint end = call.address.value_or(own);
  if (call.own_port) end.port = own.port;
  return end;
}

// In a place of its own a case has all ports, and one connection after another.
int bind_to_new_port(LinuxCase& owner, LinuxSocket& socket, unsigned connection) {
  wire::Endpoint local = owner.tuple(connection).local;
  local.port = 0;
  const SocketAddress address = socket_address(local, socket.domain);
  const int result = ::bind(socket.fd.get(), address.get(), address.size);
  if (result != 0) return result;
  socket.bound = true;
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  ::getsockname(socket.fd.get(), static_cast<sockaddr*>(static_cast<void*>(&bound)), &size);
  sockaddr_in6 any{};  // the port stands at the same place in both versions
  std::memcpy(&any, &bound, sizeof(any));
  owner.connections[connection].local_port = ntohs(any.sin6_port);
  return result;
}

// Binds to a port of the case. Its connections share one, as a listener and several connections
// with different peers can; a connection that is opened while the case listens there cannot, and
// gets one of the ports in reserve. One that is there already stays where it is.
int bind_to_own_port(LinuxCase& owner, LinuxSocket& socket, unsigned connection) {
  if (connection >= owner.connections.size()) return 0;
  if (owner.world->own()) return bind_to_new_port(owner, socket, connection);
  const int on = 1;
  ::setsockopt(socket.fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (owner.listens() && owner.port_count > 1 && owner.read_state(connection) == State::kListen) {
    owner.connections[connection].local_port =
        static_cast<uint16_t>(owner.first_port + 1 + connection);
  }
  const SocketAddress address = socket_address(owner.tuple(connection).local, socket.domain);
  const int result = ::bind(socket.fd.get(), address.get(), address.size);
  if (result == 0) socket.bound = true;
  return result;
}

}  // namespace

CallOutcome outcome(int64_t value) {
  return {.value = value, .error = value < 0 ? errno : 0, .job = nullptr};
}

int fd_of(const LinuxSocket* socket) { return socket == nullptr ? kNotOpen : socket->fd.get(); }

bool ready(int fd, short events) {
  pollfd asked{.fd = fd, .events = events, .revents = 0};
  return ::poll(&asked, 1, 0) > 0;
}

std::unique_ptr<LinuxJob> new_job(const CallSpec& call, const LinuxSocket& socket) {
  auto job = std::make_unique<LinuxJob>();
  job->name = call.name;
  job->number = socket.number;
  job->domain = socket.domain;
  job->new_fd = call.new_fd;
  job->flags = call.flags;
  job->fd = link::Fd(::fcntl(socket.fd.get(), F_DUPFD_CLOEXEC, 0));
  return job->fd ? std::move(job) : nullptr;
}

CallOutcome wait_with(std::unique_ptr<LinuxJob> job) {
  if (!job) return outcome(-1);
  return {.value = 0, .error = 0, .job = std::move(job)};
}

LinuxSocket& add_socket(LinuxCase& owner, int number, int fd, int domain, bool nonblocking,
                        bool bound) {
  // A program may give a number again that is still held: that socket goes on without one.
  if (LinuxSocket* old = owner.find(number); old != nullptr) old->number = LinuxSocket::kNoNumber;
  LinuxSocket& added = owner.sockets.emplace_back();
  added.number = number;
  added.fd = link::Fd(fd);
  added.domain = domain;
  added.nonblocking = nonblocking;
  added.bound = bound;
  return added;
}

CallOutcome LinuxCalls::make(LinuxCase& owner, unsigned connection, const CallSpec& call,
                             std::vector<uint8_t>& data) {
  switch (call.name) {
    case CallName::kSocket:
      return socket(owner, call);
    case CallName::kBind:
      return bind(owner, call);
    case CallName::kListen:
      return listen(owner, call);
    case CallName::kAccept:
      return accept(owner, call);
    case CallName::kConnect:
      return connect(owner, connection, call);
    case CallName::kRead:
    case CallName::kRecv:
    case CallName::kRecvfrom:
      return read(owner, call, data);
    case CallName::kWrite:
    case CallName::kSend:
    case CallName::kSendto:
      return write(owner, connection, call);
    case CallName::kShutdown:
      return outcome(::shutdown(fd_of(owner.find(call.fd)), call.flags));
    case CallName::kClose:
      return close(owner, call);
    case CallName::kSetsockopt:
      return setsockopt(owner, call);
    case CallName::kGetsockopt:
      return getsockopt(owner, call, data);
    case CallName::kFcntl:
      return fcntl(owner, call);
    case CallName::kIoctl:
      return ioctl(owner, call, data);
    case CallName::kPoll:
      return poll(owner, call, data);
    case CallName::kWritev:
    case CallName::kSendmsg:
      return send_message(owner, connection, call);
    case CallName::kReadv:
    case CallName::kRecvmsg:
      return receive_message(owner, call, data);
    case CallName::kEpollCreate:
    case CallName::kEpollCtl:
    case CallName::kEpollWait:
      return epoll(owner, call, data);
    case CallName::kPipe:
    case CallName::kOpen:
    case CallName::kSplice:
    case CallName::kSendfile:
      return file(owner, call);
  }
  errno = ENOSYS;
  return outcome(-1);
}

void LinuxCalls::finish(LinuxCase& owner, LinuxJob& job) {
  if (job.value < 0) return;
  switch (job.name) {
    case CallName::kAccept:
      add_socket(owner, job.new_fd, static_cast<int>(job.value), job.domain,
                 (job.flags & SOCK_NONBLOCK) != 0, true);
      job.value = job.new_fd;
      break;
    case CallName::kWrite:
    case CallName::kSend:
    case CallName::kSendto:
      if (LinuxSocket* socket = owner.find(job.number)) {
        socket->written += static_cast<uint32_t>(job.value);
      }
      break;
    default:
      break;
  }
}

CallOutcome LinuxCalls::socket(LinuxCase& owner, const CallSpec& call) {
  const int domain = call.domain == AF_INET && owner.ipv6 ? AF_INET6 : call.domain;
  const int fd = ::socket(domain, call.type | SOCK_CLOEXEC, call.protocol);
  if (fd < 0) return outcome(-1);
  add_socket(owner, call.new_fd, fd, domain, (call.type & SOCK_NONBLOCK) != 0, false);
  return outcome(call.new_fd);
}

CallOutcome LinuxCalls::bind(LinuxCase& owner, const CallSpec& call) {
  LinuxSocket* socket = owner.find(call.fd);
  if (socket == nullptr) return outcome(::bind(kNotOpen, nullptr, 0));
  const int on = 1;
  ::setsockopt(socket->fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const SocketAddress address = socket_address(where(call, owner.tuple(0).local), socket->domain);
  const int result = ::bind(socket->fd.get(), address.get(), address.size);
  if (result == 0) socket->bound = true;
  return outcome(result);
}

CallOutcome LinuxCalls::listen(LinuxCase& owner, const CallSpec& call) {
  LinuxSocket* socket = owner.find(call.fd);
  // By itself the kernel would choose a port that no segment of the case is for.
  if (socket != nullptr && !socket->bound) {
    CallOutcome bound = bind(owner, call);
    if (bound.value != 0) return bound;
  }
  const int result = ::listen(fd_of(socket), static_cast<int>(call.argument));
  if (result == 0 && !socket->listening) ++owner.listened;
  if (result == 0) socket->listening = true;
  return outcome(result);
}

CallOutcome LinuxCalls::accept(LinuxCase& owner, const CallSpec& call) {
  LinuxSocket* socket = owner.find(call.fd);
  const int flags = call.flags | SOCK_CLOEXEC;
  if (socket != nullptr && !socket->nonblocking &&
      (owner.waiting > 0 || !ready(socket->fd.get(), POLLIN))) {
    return wait_with(new_job(call, *socket));
  }
  const int fd = ::accept4(fd_of(socket), nullptr, nullptr, flags);
  if (fd < 0) return outcome(-1);
  add_socket(owner, call.new_fd, fd, socket->domain, (call.flags & SOCK_NONBLOCK) != 0, true);
  return outcome(call.new_fd);
}

CallOutcome LinuxCalls::connect(LinuxCase& owner, unsigned connection, const CallSpec& call) {
  LinuxSocket* socket = owner.find(call.fd);
  if (socket == nullptr) return outcome(::connect(kNotOpen, nullptr, 0));
  if (!socket->bound && bind_to_own_port(owner, *socket, connection) != 0) return outcome(-1);
  if (connection < owner.connections.size()) owner.connections[connection].active = true;
  const SocketAddress address =
      socket_address(where(call, owner.tuple(connection).remote), socket->domain);
  const int fd = socket->fd.get();
  // Another connection than the socket had before begins its text anew.
  const auto attempt = [&] {
    const int result = ::connect(fd, address.get(), address.size);
    if (result < 0 && errno == EINPROGRESS) socket->written = 0;
    return result;
  };
  if (socket->nonblocking) return outcome(attempt());

  // The SYN goes out now, whenever a thread comes to wait for the answer: connect() again waits.
  const int mode = ::fcntl(fd, F_GETFL);
  ::fcntl(fd, F_SETFL, mode | O_NONBLOCK);
  const int result = attempt();
  const int error = errno;
  ::fcntl(fd, F_SETFL, mode);
  errno = error;
  if (result == 0 || error != EINPROGRESS) return outcome(result);
  auto job = new_job(call, *socket);
  if (job) job->address = address;
  return wait_with(std::move(job));
}

CallOutcome LinuxCalls::read(LinuxCase& owner, const CallSpec& call, std::vector<uint8_t>& data) {
  LinuxSocket* socket = owner.find(call.fd);
  // read() of nothing returns at once; recv() of nothing may wait.
  if (call.name == CallName::kRead && call.length == 0) {
    return outcome(::read(fd_of(socket), data.data(), 0));
  }
  const int flags = call.name == CallName::kRead ? 0 : call.flags;
  const bool may_wait = socket != nullptr && !socket->nonblocking && (flags & MSG_DONTWAIT) == 0;
  const auto wait = [&] {
    auto job = new_job(call, *socket);
    if (job) {
      job->flags = flags;
      job->data.resize(call.length);
    }
    return wait_with(std::move(job));
  };
  // Only poll() knows whether SO_RCVLOWAT is met; MSG_WAITALL is known to nobody but the call
  // itself.
  if (may_wait && (flags & MSG_WAITALL) != 0) return wait();
  if (may_wait && owner.low_water && !ready(socket->fd.get(), POLLIN)) return wait();
  const std::size_t start = data.size();
  data.resize(start + call.length);
  const ssize_t size = ::recv(fd_of(socket), call.no_buffer ? nullptr : data.data() + start,
                              call.length, flags | (may_wait ? MSG_DONTWAIT : 0));
  const int error = errno;
  data.resize(start + static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  if (size < 0 && may_wait && error == EAGAIN) return wait();
  errno = error;
  return outcome(size);
}

Result<SocketAddress> open_fast(LinuxCase& owner, LinuxSocket& socket, unsigned connection,
                                const CallSpec& call) {
  if ((call.flags & MSG_FASTOPEN) != 0) {
    if (!socket.bound && bind_to_own_port(owner, socket, connection) != 0) {
      return fail("no port is left");
    }
    if (connection < owner.connections.size()) owner.connections[connection].active = true;
  }
  SocketAddress address =
      socket_address(call.address ? *call.address : owner.tuple(connection).remote, socket.domain);
  if (call.no_family) address.storage.ss_family = AF_UNSPEC;
  return address;
}

std::span<const uint8_t> octets_to_write(LinuxCase& owner, uint32_t written, const CallSpec& call,
                                         std::vector<uint8_t>& buffer) {
  const bool pinned = call.name != CallName::kWrite && (call.flags & MSG_ZEROCOPY) != 0;
  if (!call.data.empty() && !pinned) return call.data;
  std::vector<uint8_t>& octets = pinned ? owner.zero_copied.emplace_back() : buffer;
  if (!call.data.empty()) {
    octets = call.data;
  } else {
    octets.resize(call.length);
    fill_pattern(written, octets);
  }
  return octets;
}

CallOutcome LinuxCalls::write(LinuxCase& owner, unsigned connection, const CallSpec& call) {
  LinuxSocket* socket = owner.find(call.fd);
  const uint32_t position = socket != nullptr ? socket->written : 0;
  const std::span<const uint8_t> octets = octets_to_write(owner, position, call, octets_);
  const int flags = (call.name == CallName::kWrite ? 0 : call.flags) | MSG_NOSIGNAL;
  const bool may_wait = socket != nullptr && !socket->nonblocking && (flags & MSG_DONTWAIT) == 0;

  SocketAddress address;
  if (socket != nullptr && call.name == CallName::kSendto) {
    const auto where = open_fast(owner, *socket, connection, call);
    if (!where) return outcome(-1);
    address = *where;
  }
  const auto wait = [&](std::size_t taken) {
    auto job = new_job(call, *socket);
    if (job) {
      job->flags = flags;
      job->address = address;
      job->data.assign(octets.begin(), octets.end());
      job->written = taken;
    }
    return wait_with(std::move(job));
  };
  // A fast open that was begun without waiting cannot be waited for by the same call.
  const bool opens = socket != nullptr && std::exchange(socket->opens_by_write, false);
  if (may_wait && (opens || (flags & MSG_FASTOPEN) != 0)) return wait(0);
  const ssize_t size = ::sendto(fd_of(socket), call.no_buffer ? nullptr : octets.data(),
                                octets.size(), flags | (may_wait ? MSG_DONTWAIT : 0),
                                address.size > 0 ? address.get() : nullptr, address.size);
  const int error = errno;
  const std::size_t taken = static_cast<std::size_t>(std::max<ssize_t>(size, 0));
  if (may_wait && (size < 0 ? error == EAGAIN : taken < octets.size())) return wait(taken);
  if (socket != nullptr) socket->written += static_cast<uint32_t>(taken);
  errno = error;
  return outcome(size);
}

CallOutcome LinuxCalls::close(LinuxCase& owner, const CallSpec& call) {
  LinuxSocket* socket = owner.find(call.fd);
  if (socket == nullptr) return outcome(::close(kNotOpen));
  link::Fd fd = std::move(socket->fd);
  const bool waits = socket->lingers;
  const int domain = socket->domain;
  std::erase_if(owner.sockets, [&](const LinuxSocket& old) { return old.number == call.fd; });
  ++owner.sockets_closed;
  if (!waits) return outcome(::close(fd.release()));
  auto job = std::make_unique<LinuxJob>();
  job->name = call.name;
  job->domain = domain;
  job->fd = std::move(fd);
  return wait_with(std::move(job));
}

CallOutcome LinuxCalls::setsockopt(LinuxCase& owner, const CallSpec& call) {
  LinuxSocket* socket = owner.find(call.fd);
  const int result = ::setsockopt(fd_of(socket), call.level, call.option, call.data.data(),
                                  static_cast<socklen_t>(call.data.size()));
  if (result == 0 && call.level == SOL_SOCKET && call.option == SO_LINGER) {
    linger value{};
    std::memcpy(&value, call.data.data(), std::min(sizeof(value), call.data.size()));
    socket->lingers = value.l_onoff != 0 && value.l_linger > 0;
  }
  if (result == 0 && call.level == SOL_TCP && call.option == TCP_FASTOPEN_CONNECT) {
    socket->opens_by_write = true;
  }
  if (call.level == SOL_SOCKET && call.option == SO_RCVLOWAT) owner.low_water = true;
  return outcome(result);
}

CallOutcome LinuxCalls::getsockopt(LinuxCase& owner, const CallSpec& call,
                                   std::vector<uint8_t>& data) {
  const std::size_t start = data.size();
  auto size = static_cast<socklen_t>(call.length);
  data.resize(start + size);
  const int result =
      ::getsockopt(fd_of(owner.find(call.fd)), call.level, call.option, data.data() + start, &size);
  const int error = errno;
  data.resize(result == 0 ? start + size : start);
  errno = error;
  return outcome(result);
}

CallOutcome LinuxCalls::fcntl(LinuxCase& owner, const CallSpec& call) {
  LinuxSocket* socket = owner.find(call.fd);
  const int result = ::fcntl(fd_of(socket), call.flags, call.argument);
  if (result < 0) return outcome(result);
  if (call.flags == F_SETFL) socket->nonblocking = (call.argument & O_NONBLOCK) != 0;
  if (call.flags == F_DUPFD || call.flags == F_DUPFD_CLOEXEC) {
    const int number = call.new_fd >= 0 ? call.new_fd : result;
    add_socket(owner, number, result, socket->domain, socket->nonblocking, socket->bound);
    return outcome(number);
  }
  return outcome(result);
}

CallOutcome LinuxCalls::ioctl(LinuxCase& owner, const CallSpec& call, std::vector<uint8_t>& data) {
  LinuxSocket* socket = owner.find(call.fd);
  auto value = static_cast<int>(call.argument);
  const auto request = static_cast<unsigned long>(static_cast<uint32_t>(call.flags));
  const int result = ::ioctl(fd_of(socket), request, &value);
  if (result >= 0) {
    if (request == FIONBIO) socket->nonblocking = value != 0;
    const auto* octets = static_cast<const uint8_t*>(static_cast<const void*>(&value));
    data.insert(data.end(), octets, octets + sizeof(value));
  }
  return outcome(result);
}

CallOutcome LinuxCalls::poll(LinuxCase& owner, const CallSpec& call, std::vector<uint8_t>& data) {
  pollfd asked{.fd = call.fd < 0 ? -1 : fd_of(owner.find(call.fd)),
               .events = static_cast<short>(call.events),
               .revents = 0};
  const int count = ::poll(&asked, 1, 0);
  if (count != 0 || call.argument == 0) {
    const int32_t revents = asked.revents;
    const auto* octets = static_cast<const uint8_t*>(static_cast<const void*>(&revents));
    data.insert(data.end(), octets, octets + sizeof(revents));
    return outcome(count);
  }
  LinuxSocket nothing;  // a poll of no descriptor waits on a pair that nobody else knows
  LinuxSocket* socket = owner.find(call.fd);
  link::Fd other;
  if (socket == nullptr) {
    int pair[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return outcome(-1);
    nothing.fd = link::Fd(pair[0]);
    other = link::Fd(pair[1]);
    socket = &nothing;
  }
  auto job = new_job(call, *socket);
  if (job) {
    job->events = socket == &nothing ? 0 : call.events;
    job->timeout = static_cast<int>(call.argument);
    job->other = std::move(other);
  }
  return wait_with(std::move(job));
}

}  // namespace synfin::stack
