#include "harness/stack/socket_layer.h"

#include <algorithm>
#include <cerrno>

namespace synfin::stack {
namespace {

bool is_live(const std::shared_ptr<TcpConnection>& tcp) {
  return tcp != nullptr && tcp->state() != State::kClosed;
}

}  // namespace

int reset_error(State before) {
  if (before == State::kSynSent) return ECONNREFUSED;
  return before == State::kCloseWait ? EPIPE : ECONNRESET;
}

SocketLayer::SocketLayer(const Profile& profile, TcpHost& host, Output& output)
    : profile_(profile), host_(host), output_(output) {}

// --- look-ups ---

SocketLayer::Socket* SocketLayer::find(int fd) {
  for (auto& socket : sockets_) {
    if (socket->fd == fd) return socket.get();
  }
  return nullptr;
}

SocketLayer::Socket* SocketLayer::find_id(uint32_t id) {
  for (auto& socket : sockets_) {
    if (socket->id == id) return socket.get();
  }
  return nullptr;
}

int SocketLayer::error_of(const Socket& socket) {
  return socket.tcp != nullptr ? socket.tcp->error() : 0;
}

int SocketLayer::take_error(Socket& socket) {
  return socket.tcp != nullptr ? socket.tcp->take_error() : 0;
}

SocketLayer::Socket& SocketLayer::make_socket(int fd, const Profile& profile) {
  // A program may give a number again that a call which it did not expect to fail still holds.
  if (Socket* old = find(fd); old != nullptr) old->fd = -1;
  auto socket = std::make_unique<Socket>();
  socket->id = next_id_++;
  socket->fd = fd;
  socket->profile = &profile;
  socket->set.keepalive = {false, profile.keepalive_idle, profile.keepalive_interval,
                           profile.keepalive_probes};
  return *sockets_.emplace_back(std::move(socket));
}

Time SocketLayer::next_deadline() const {
  Time earliest = kNever;
  for (const Call& call : calls_) earliest = std::min(earliest, call.deadline);
  return earliest;
}

// Sends what is to go and ends the calls that can end, until nothing moves any more.
void SocketLayer::settle(Time now) {
  bool moved = true;
  while (moved) {
    moved = host_.transmit(now);
    moved = retry_calls(now) || moved;
  }
  std::erase_if(sockets_, [](const std::unique_ptr<Socket>& socket) {
    return socket->fd < 0 && !is_live(socket->tcp);
  });
}

// --- calls ---

void SocketLayer::call(Time now, Ticket ticket, const wire::FourTuple& tuple,
                       const script::CallSpec& spec) {
  Call call;
  call.ticket = ticket;
  call.tuple = tuple;
  call.spec = &spec;
  call.started = now;
  if (const Attempt done = attempt(now, call)) {
    output_.returned(ticket, {done->value, done->error, done->data});
  } else {
    call.first = false;
    call.copy = std::make_unique<script::CallSpec>(spec);
    call.spec = call.copy.get();
    calls_.push_back(std::move(call));
  }
  settle(now);
}

bool SocketLayer::retry_calls(Time now) {
  bool any = false;
  for (std::size_t i = 0; i < calls_.size();) {
    const Attempt done = attempt(now, calls_[i]);
    if (!done) {
      ++i;
      continue;
    }
    output_.returned(calls_[i].ticket, {done->value, done->error, done->data});
    calls_.erase(calls_.begin() + static_cast<std::ptrdiff_t>(i));
    any = true;
  }
  return any;
}

SocketLayer::Attempt SocketLayer::attempt(Time now, Call& call) {
  using script::CallName;
  const script::CallSpec& spec = *call.spec;
  if (spec.name == CallName::kSocket) return do_socket(spec);
  if (spec.name == CallName::kPoll) return do_poll(now, call);
  if (spec.name == CallName::kClose && !call.first) return wait_for_linger(now, call);
  Socket* socket = find(spec.fd);
  if (socket == nullptr || spec.fd < 0) return failed(EBADF);
  if (!call.first && socket->id != call.socket) return failed(EBADF);
  call.socket = socket->id;
  switch (spec.name) {
    case CallName::kBind:
      return do_bind(call, *socket);
    case CallName::kListen:
      return do_listen(call, *socket);
    case CallName::kAccept:
      return do_accept(call, *socket);
    case CallName::kConnect:
      return do_connect(now, call, *socket);
    case CallName::kRead:
    case CallName::kRecv:
    case CallName::kRecvfrom:
      return do_read(now, call, *socket);
    case CallName::kWrite:
    case CallName::kSend:
    case CallName::kSendto:
      return do_write(now, call, *socket);
    case CallName::kShutdown:
      return do_shutdown(now, call, *socket);
    case CallName::kClose:
      return do_close(now, call, *socket);
    case CallName::kSetsockopt:
      return do_setsockopt(now, call, *socket);
    case CallName::kGetsockopt:
      return do_getsockopt(call, *socket);
    case CallName::kFcntl:
      return do_fcntl(call, *socket);
    case CallName::kIoctl:
      return do_ioctl(call, *socket);
    default:  // the two above, and what Traits::all_calls denies
      break;
  }
  return failed(ENOSYS);
}

}  // namespace synfin::stack
