#include "harness/stack/socket_layer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace synfin::stack {
namespace {

bool is_live(const std::unique_ptr<Reference>& tcp) {
  return tcp != nullptr && tcp->state() != State::kClosed;
}

}  // namespace

PeerKey key_of(const wire::FourTuple& tuple) {
  PeerKey key;
  auto* out = key.octets.data();
  for (const wire::Endpoint* end : {&tuple.local, &tuple.remote}) {
    std::memcpy(out, end->address.octets.data(), 16);
    out[16] = static_cast<uint8_t>(end->port >> 8U);
    out[17] = static_cast<uint8_t>(end->port);
    out[18] = end->address.v6 ? 1 : 0;
    out += 20;
  }
  return key;
}

wire::FourTuple tuple_of(const PeerKey& key) {
  wire::FourTuple tuple;
  const auto* in = key.octets.data();
  for (wire::Endpoint* end : {&tuple.local, &tuple.remote}) {
    std::memcpy(end->address.octets.data(), in, 16);
    end->port = static_cast<uint16_t>(in[16] << 8U | in[17]);
    end->address.v6 = in[18] != 0;
    in += 20;
  }
  return tuple;
}

SocketLayer::SocketLayer(const Profile& profile, ClauseSet* coverage, Output& output)
    : profile_(profile), coverage_(coverage), output_(output) {}

// --- look-ups
// --------------------------------------------------------------------------------------

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

SocketLayer::Socket* SocketLayer::socket_at(const wire::FourTuple& tuple) {
  for (auto& socket : sockets_) {
    if (is_live(socket->tcp) && socket->tuple == tuple) return socket.get();
  }
  return nullptr;
}

SocketLayer::Socket* SocketLayer::listener_at(const wire::Endpoint& local) {
  for (auto& socket : sockets_) {
    if (socket->listener != nullptr && socket->fd >= 0 && socket->local &&
        socket->local->port == local.port) {
      return socket.get();
    }
  }
  return nullptr;
}

SocketLayer::Socket& SocketLayer::make_socket(int fd, const Profile& profile) {
  // A program may give a number again that a call which it did not expect to fail still holds.
  if (Socket* old = find(fd); old != nullptr) old->fd = -1;
  auto socket = std::make_unique<Socket>();
  socket->id = next_id_++;
  socket->fd = fd;
  socket->profile = &profile;
  socket->set.keepalive_idle = profile.keepalive_idle;
  socket->set.keepalive_interval = profile.keepalive_interval;
  socket->set.keepalive_probes = profile.keepalive_probes;
  return *sockets_.emplace_back(std::move(socket));
}

State SocketLayer::state(const wire::FourTuple& tuple) const {
  bool listens = false;
  for (const auto& socket : sockets_) {
    if (is_live(socket->tcp) && socket->tuple == tuple) return socket->tcp->state();
    if (socket->listener == nullptr || socket->fd < 0 || !socket->local ||
        socket->local->port != tuple.local.port) {
      continue;
    }
    listens = true;
    const auto child = socket->listener->state(key_of(tuple));
    if (child && *child != State::kClosed) return *child;
  }
  return listens ? State::kListen : State::kClosed;
}

// --- segments and time
// -----------------------------------------------------------------------------

void SocketLayer::on_segment(Time now, const wire::FourTuple& tuple, const Segment& segment) {
  Socket* listening = listener_at(tuple.local);
  Seq iss = listening != nullptr ? output_.iss(tuple) : Seq(0);
  if (Socket* socket = socket_at(tuple); socket != nullptr) {
    const State before = socket->tcp->state();
    const Seq used = socket->tcp->rules().tcb().snd.nxt;
    Admission admission;
    admission.syn = listening != nullptr && listening->listener->has_room();
    socket->tcp->on_segment(now, segment, admission);
    const bool reopened = before == State::kTimeWait && socket->tcp->state() == State::kSynReceived;
    if (!reopened) {
      hear_signals(*socket, before);
      return settle(now);
    }
    // MAY-2: the listener takes over, with an ISS beyond all that was used before.
    if (!iss.after(used)) iss = used + 65537;
    socket->tcp.reset();
  }
  if (listening != nullptr) {
    listening->listener->on_segment(now, key_of(tuple), segment, iss);
  } else {
    answer_closed(now, tuple, segment);
  }
  settle(now);
}

// Half-open connections of a listener are not told: nobody waits for them.
void SocketLayer::on_icmp(Time now, const wire::IcmpNotice& notice) {
  Socket* socket = socket_at(notice.about);
  if (socket == nullptr) return;
  const State before = socket->tcp->state();
  socket->tcp->on_icmp(now, notice.error, notice.seq);
  hear_signals(*socket, before);
  settle(now);
}

void SocketLayer::answer_closed(Time now, const wire::FourTuple& tuple, const Segment& segment) {
  Reference closed(profile_, coverage_);
  closed.on_segment(now, segment);
  Segment answer;
  while (closed.poll_transmit(now, answer)) output_.send(tuple, answer);
}

void SocketLayer::on_time(Time now) {
  for (auto& socket : sockets_) {
    if (socket->tcp != nullptr && socket->tcp->next_deadline() <= now) {
      const State before = socket->tcp->state();
      socket->tcp->on_time(now);
      hear_signals(*socket, before);
    }
    if (socket->listener != nullptr) socket->listener->on_time(now);
  }
  settle(now);
}

Time SocketLayer::next_deadline() const {
  Time earliest = kNever;
  for (const auto& socket : sockets_) {
    if (socket->tcp != nullptr) earliest = std::min(earliest, socket->tcp->next_deadline());
    if (socket->listener != nullptr) {
      earliest = std::min(earliest, socket->listener->next_deadline());
    }
  }
  for (const Call& call : calls_) earliest = std::min(earliest, call.deadline);
  return earliest;
}

void SocketLayer::hear_signals(Socket& socket, State before) {
  while (const auto signal = socket.tcp->poll_signal()) {
    switch (*signal) {
      case Signal::kConnectionRefused:
      case Signal::kHardError:
        socket.error = ECONNREFUSED;
        break;
      case Signal::kConnectionReset:
        socket.error = before == State::kSynSent     ? ECONNREFUSED
                       : before == State::kCloseWait ? EPIPE
                                                     : ECONNRESET;
        break;
      case Signal::kUserTimeout:
        socket.error = ETIMEDOUT;
        break;
      case Signal::kEstablished:
      case Signal::kConnectionClosing:
      case Signal::kSoftError:
      case Signal::kUrgent:
        break;
    }
  }
}

// Sends what is to go and ends the calls that can end, until nothing moves any more.
void SocketLayer::settle(Time now) {
  bool moved = true;
  while (moved) {
    moved = transmit(now);
    moved = retry_calls(now) || moved;
  }
  std::erase_if(sockets_, [](const std::unique_ptr<Socket>& socket) {
    return socket->fd < 0 && !is_live(socket->tcp);
  });
}

bool SocketLayer::transmit(Time now) {
  bool any = false;
  Segment segment;
  for (auto& socket : sockets_) {
    if (socket->tcp != nullptr) {
      while (socket->tcp->poll_transmit(now, segment)) {
        output_.send(socket->tuple, segment);
        any = true;
      }
    }
    if (socket->listener == nullptr) continue;
    PeerKey peer;
    while (socket->listener->poll_transmit(now, peer, segment)) {
      output_.send(tuple_of(peer), segment);
      any = true;
    }
  }
  return any;
}

// --- calls
// -----------------------------------------------------------------------------------------

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
    case CallName::kSocket:
    case CallName::kPoll:
      break;
  }
  return failed(ENOSYS);
}

}  // namespace synfin::stack
