// The calls that make, open and close connections.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "harness/stack/socket_layer.h"

namespace synfin::stack {
namespace {

bool opens(State state) { return state == State::kSynSent || state == State::kSynReceived; }

}  // namespace

SocketLayer::Done SocketLayer::do_socket(const script::CallSpec& spec) {
  if ((spec.type & 0xf) != 0 && (spec.type & 0xf) != SOCK_STREAM) return failed(EPROTONOSUPPORT);
  Socket& socket = make_socket(spec.new_fd, profile_);
  socket.nonblocking = (spec.type & SOCK_NONBLOCK) != 0;
  return {spec.new_fd};
}

bool SocketLayer::address_in_use(const Socket& socket, const wire::Endpoint& local) const {
  return std::any_of(sockets_.begin(), sockets_.end(), [&](const auto& other) {
    if (other.get() == &socket) return false;
    const bool same = other->local ? other->local->port == local.port
                                   : other->tcp != nullptr && other->tuple.local.port == local.port;
    if (!same) return false;
    return other->listener != nullptr || !socket.set.reuse_address || !other->set.reuse_address;
  });
}

SocketLayer::Done SocketLayer::do_bind(const Call& call, Socket& socket) {
  if (socket.local || socket.tcp != nullptr) return failed(EINVAL);
  wire::Endpoint local = call.spec->address.value_or(call.tuple.local);
  if (call.spec->own_port) local.port = call.tuple.local.port;
  const auto& octets = local.address.octets;
  const bool any = std::all_of(octets.begin(), octets.end(), [](uint8_t o) { return o == 0; });
  if (!any) host_.applied(Clause::kMust43);
  if (!any && local.address != call.tuple.local.address) return failed(EADDRNOTAVAIL);
  if (address_in_use(socket, local)) return failed(EADDRINUSE);
  socket.local = local;
  return {};
}

SocketLayer::Done SocketLayer::do_listen(const Call& call, Socket& socket) {
  if (socket.tcp != nullptr) return failed(EINVAL);
  const int backlog = static_cast<int>(call.spec->argument);
  if (socket.listener != nullptr) {
    socket.listener->set_backlog(backlog);
    return {};
  }
  const wire::Endpoint local = socket.local.value_or(call.tuple.local);
  socket.listener = host_.listen(local, *socket.profile, backlog);
  if (socket.listener == nullptr) return failed(EADDRINUSE);
  socket.local = local;
  apply_options(call.started, socket);
  return {};
}

SocketLayer::Attempt SocketLayer::do_accept(const Call& call, Socket& socket) {
  if (socket.listener == nullptr) return failed(EINVAL);
  auto accepted = socket.listener->accept();
  if (!accepted) {
    if (socket.nonblocking) return failed(EAGAIN);
    return {};
  }
  Socket& child = make_socket(call.spec->new_fd, *socket.profile);
  child.tuple = accepted->tuple;
  child.tcp = std::move(accepted->tcp);
  child.nonblocking = (call.spec->flags & SOCK_NONBLOCK) != 0;
  child.set = socket.set;
  apply_options(call.started, child);
  return Done{call.spec->new_fd};
}

// --- connect() ---

SocketLayer::Attempt SocketLayer::do_connect(Time now, Call& call, Socket& socket) {
  if (socket.listener != nullptr) return failed(EISCONN);
  if (socket.tcp != nullptr) return connect_again(call, socket);
  socket.tuple = call.tuple;
  if (socket.local) socket.tuple.local.port = socket.local->port;
  // The host has one address, which stays with the connection.
  if (!socket.local) host_.applied(Clause::kMust44);
  host_.applied(Clause::kMust45);
  if (call.spec->address) socket.tuple.remote = *call.spec->address;
  if (call.spec->own_port) socket.tuple.remote.port = call.tuple.remote.port;
  socket.tcp = host_.make(socket.tuple, *socket.profile);
  if (socket.tcp == nullptr) return failed(EADDRNOTAVAIL);
  socket.connecting = true;
  apply_options(now, socket);
  host_.open(now, *socket.tcp);
  if (socket.nonblocking) return failed(EINPROGRESS);
  return {};
}

// A blocked connect() asks again, or the user of a non-blocking one.
SocketLayer::Attempt SocketLayer::connect_again(const Call& call, Socket& socket) {
  if (call.first) host_.applied(Clause::kSmOpen3);
  const bool blocks = !socket.nonblocking;
  if (opens(socket.tcp->state())) {
    if (!call.first || blocks) return {};
    return failed(EALREADY);
  }
  if (const int error = take_error(socket); error != 0) {
    socket.connecting = false;
    return failed(error);
  }
  if (!socket.connecting) {
    return failed(is_synchronized(socket.tcp->state()) ? EISCONN : ECONNABORTED);
  }
  socket.connecting = false;
  return is_synchronized(socket.tcp->state()) ? Done{} : failed(ECONNABORTED);
}

// --- the end ---

SocketLayer::Done SocketLayer::do_shutdown(Time now, const Call& call, Socket& socket) {
  const int how = call.spec->flags;
  if (how < SHUT_RD || how > SHUT_RDWR) return failed(EINVAL);
  if (socket.listener != nullptr) {
    if (how == SHUT_WR) return {};
    // It listens no more; what is under way is reset.
    socket.listener->close(now);
    socket.listener.reset();
    return {};
  }
  if (socket.tcp == nullptr || socket.tcp->state() == State::kClosed) return failed(ENOTCONN);
  if (how != SHUT_WR) socket.read_shut = true;
  if (how != SHUT_RD) socket.tcp->close(now, CloseKind::kSending);
  return {};
}

SocketLayer::Attempt SocketLayer::do_close(Time now, Call& call, Socket& socket) {
  socket.fd = -1;
  if (socket.listener != nullptr) {
    socket.listener->close(now);
    return Done{};
  }
  if (socket.tcp == nullptr) return Done{};
  if (socket.set.lingers && socket.set.linger == Duration{0}) {
    socket.tcp->abort(now);
    return Done{};
  }
  // What was peeked at was taken from the TCP already; it is unread all the same.
  if (!socket.peeked.empty()) {
    socket.tcp->abort(now);
    return Done{};
  }
  socket.tcp->close(now, CloseKind::kBoth);
  if (!socket.set.lingers || socket.nonblocking) return Done{};
  call.deadline = now + socket.set.linger;
  return {};
}

// SO_LINGER: close() returns once all text and the FIN are acknowledged, or after that time.
SocketLayer::Attempt SocketLayer::wait_for_linger(Time now, const Call& call) {
  const Socket* socket = find_id(call.socket);
  if (socket == nullptr || now >= call.deadline) return Done{};
  const bool done = socket->tcp == nullptr || socket->tcp->state() == State::kClosed ||
                    socket->tcp->status().fin_acked;
  return done ? Attempt(Done{}) : std::nullopt;
}

}  // namespace synfin::stack
