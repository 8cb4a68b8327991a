#include "harness/judge/sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harness/stack/pattern.h"

namespace synfin::judge {
namespace {

using script::CallName;

// Profile::receive_buffer_is_memory: programs are short, and more than this no segments of theirs
// need.
constexpr int kTightBuffer = 1 << 15;
constexpr std::size_t kUsualDescriptors = 4;

int as_int(std::span<const uint8_t> octets, std::size_t index = 0) {
  int value = 0;
  if (octets.size() >= (index + 1) * sizeof value) {
    std::memcpy(&value, octets.data() + index * sizeof value, sizeof value);
  }
  return value;
}

bool is_half_open(const Shadow& shadow) {
  return shadow.state() == State::kSynReceived && shadow.rules().passive();
}

bool writes(CallName name) {
  return name == CallName::kWrite || name == CallName::kSend || name == CallName::kSendto;
}

bool reads(CallName name) {
  return name == CallName::kRead || name == CallName::kRecv || name == CallName::kRecvfrom;
}

}  // namespace

void Sockets::begin() {
  descriptors_.clear();
  descriptors_.reserve(kUsualDescriptors);
  connections_.assign(shadows_->size(), {});
  accept_queue_.clear();
}

std::vector<Sockets::Descriptor>::iterator Sockets::place_of(int32_t fd) {
  return std::lower_bound(descriptors_.begin(), descriptors_.end(), fd,
                          [](const Descriptor& one, int32_t other) { return one.fd < other; });
}

Sockets::Descriptor& Sockets::descriptor(int32_t fd) {
  const auto place = place_of(fd);
  if (place != descriptors_.end() && place->fd == fd) return *place;
  return *descriptors_.insert(place, Descriptor{fd, 0, {}});
}

Sockets::Socket& Sockets::make(int32_t fd) {
  std::optional<Socket>& socket = descriptor(fd).socket;
  return socket ? *socket : socket.emplace(Socket{});
}

Sockets::Socket* Sockets::find(int32_t fd) {
  const auto place = place_of(fd);
  const bool there = place != descriptors_.end() && place->fd == fd && place->socket;
  return there ? &*place->socket : nullptr;
}

Shadow* Sockets::connected(int32_t fd) {
  const Socket* socket = find(fd);
  if (socket == nullptr || socket->kind != Socket::Kind::kConnected) return nullptr;
  Shadow& shadow = *(*shadows_)[socket->connection];
  return shadow.incarnation() == socket->incarnation ? &shadow : nullptr;
}

const Sockets::Socket* Sockets::listening() const {
  for (const Descriptor& one : descriptors_) {
    if (one.socket && one.socket->kind == Socket::Kind::kListening) return &*one.socket;
  }
  return nullptr;
}

void Sockets::ready(uint16_t connection) {
  const unsigned incarnation = (*shadows_)[connection]->incarnation();
  // One in TIME-WAIT that comes back was accepted long ago.
  unsigned& last = connections_[connection].ready;
  if (incarnation <= last) return;
  last = incarnation;
  // accept() may have told before what the rules and the target's state tell now.
  const bool accepted =
      std::any_of(descriptors_.begin(), descriptors_.end(), [&](const Descriptor& each) {
        return each.socket && each.socket->kind == Socket::Kind::kConnected &&
               each.socket->connection == connection && each.socket->incarnation == incarnation;
      });
  if (!accepted) accept_queue_.push_back({connection, incarnation});
}

std::size_t Sockets::count_half_open() const {
  return static_cast<std::size_t>(
      std::count_if(shadows_->begin(), shadows_->end(),
                    [](const auto& shadow) { return is_half_open(*shadow); }));
}

bool Sockets::is_crowded() const {
  constexpr int64_t kLeast = 8;
  const Socket* listener = listening();
  const int64_t room = listener == nullptr ? kLeast : std::max(listener->backlog, kLeast);
  return 2 * static_cast<int64_t>(count_half_open()) > room;
}

Admission Sockets::admission(uint16_t connection) const {
  // Only what came from a listener needs room in its queues.
  const bool passive = (*shadows_)[connection]->rules().passive();
  const Socket* listener = listening();
  if (listener == nullptr) return {.syn = false, .third_ack = !passive};
  const auto backlog = static_cast<std::size_t>(std::max<int64_t>(listener->backlog, 0));
  const Shadow& own = *(*shadows_)[connection];
  const std::size_t half_open = count_half_open() - (is_half_open(own) ? 1 : 0);
  const bool accept_room = accept_queue_.size() < backlog + profile_->accept_queue_slack;
  return {.syn = accept_room &&
                 half_open < std::max<std::size_t>(backlog + profile_->syn_queue_slack, 1),
          .third_ack = accept_room || !passive};
}

// --- calls ---------------------------------------------------------------------------------------

// What a call does, it does while it runs: its segments may be seen before it returns.
void Sockets::call_starts(Time now, const script::CallSpec& call, uint16_t connection) {
  if (call.name != CallName::kClose) ++descriptor(call.fd).under_way;
  switch (call.name) {
    case CallName::kConnect: {
      Socket* const made = find(call.fd);
      if (made == nullptr) return;
      Socket& socket = *made;
      // It asks how the first one went, unless that is over; and of a listener sockets do not make
      // an active opener, as OPEN might (RFC 9293 §3.10.1).
      if (socket.kind == Socket::Kind::kListening) return;
      if (const Shadow* first = connected(call.fd);
          first != nullptr && first->state() > State::kListen) {
        return;
      }
      // MUST-46: it has to fail, and nothing is sent.
      if (call.address && !wire::names_one_host(call.address->address)) return;
      if (!(*shadows_)[connection]->open_active(now)) return;
      socket.kind = Socket::Kind::kConnected;
      socket.connection = connection;
      connections_[connection].written = 0;
      socket.incarnation = (*shadows_)[connection]->incarnation();
      tell_options(call.fd);
      // Which of two attempts that wait is told of which end is the socket layer's affair.
      if (descriptor(call.fd).under_way > 1) (*shadows_)[connection]->is_unclear();
      return;
    }
    case CallName::kShutdown:
      if (Socket* const shut = find(call.fd); shut != nullptr && call.flags != SHUT_WR) {
        shut->read_shut = true;
      }
      if (Shadow* shadow = connected(call.fd); shadow != nullptr && call.flags != SHUT_RD) {
        shadow->close(now, CloseKind::kSending);
      }
      return;
    case CallName::kClose:
      close_starts(now, call.fd);
      return;
    default:
      if (writes(call.name)) write_starts(now, call);
      return;
  }
}

void Sockets::call_returns(Time now, const script::CallSpec& call, uint16_t connection,
                           int64_t value, int error, std::span<const uint8_t> data) {
  if (call.name != CallName::kClose) {
    unsigned& under_way = descriptor(call.fd).under_way;
    if (under_way > 0) --under_way;
  }
  switch (call.name) {
    case CallName::kSocket:
      // close() forgets a number, so one that is known has been put to use already.
      if (value >= 0) make(static_cast<int32_t>(value));
      return;
    case CallName::kListen:
      if (value != 0) return;
      make(call.fd).kind = Socket::Kind::kListening;
      make(call.fd).backlog = call.argument;
      for (auto& shadow : *shadows_) shadow->listener(now, true);
      tell_options(call.fd);
      return;
    case CallName::kSetsockopt:
      if (value == 0) set_option(now, call);
      return;
    case CallName::kAccept:
      accept_returns(value, connection);
      return;
    case CallName::kConnect:
      if (value < 0 && error == ETIMEDOUT) {
        if (Shadow* shadow = connected(call.fd)) shadow->gave_up(now);
      }
      if (value < 0 && error != EINPROGRESS && error != EALREADY) {
        if (Shadow* shadow = connected(call.fd)) shadow->open_failed(now);
        // A socket that was connected once opens nothing any more. One that was shut down while it
        // opened may not, and keeps the connection that it has.
        const Shadow* first = connected(call.fd);
        const bool there = first != nullptr && first->state() > State::kListen;
        if (error == EISCONN || (error == EINVAL && there)) return;
        // The attempt has ended, and its socket may be used for another.
        Socket* const failed = find(call.fd);
        if (failed != nullptr && failed->kind == Socket::Kind::kConnected) {
          failed->kind = Socket::Kind::kFresh;
        }
      }
      return;
    default:
      if (writes(call.name)) write_returns(call, value);
      if (reads(call.name)) read_returns(now, call, value, error, data);
      return;
  }
}

void Sockets::accept_returns(int64_t value, uint16_t connection) {
  if (value < 0) return;
  Waiting taken{connection, (*shadows_)[connection]->incarnation()};
  if (!accept_queue_.empty()) {
    taken = accept_queue_.front();
    accept_queue_.erase(accept_queue_.begin());
  }
  const Socket* listener = listening();
  Socket socket;
  if (listener != nullptr) {
    socket.keepalive = listener->keepalive;
    socket.keepalive_idle = listener->keepalive_idle;
    socket.tight = listener->tight;
  }
  socket.kind = Socket::Kind::kConnected;
  socket.connection = taken.connection;
  socket.incarnation = taken.incarnation;
  descriptor(static_cast<int32_t>(value)).socket = socket;
  connections_[taken.connection].written = 0;
  tell_options(static_cast<int32_t>(value));
}

void Sockets::close_starts(Time now, int32_t fd) {
  Descriptor& closed = descriptor(fd);
  if (!closed.socket) return;
  const Socket socket = *closed.socket;
  Shadow* shadow = connected(fd);
  // Whether a call that waits holds the connection open is the socket layer's affair.
  if (shadow != nullptr && closed.under_way > 0) shadow->is_unclear();
  closed.socket.reset();
  if (socket.kind == Socket::Kind::kListening) {
    for (auto& each : *shadows_) each->listener(now, false);
    // Connections that nobody will ever accept are aborted.
    for (const Waiting& waiting : accept_queue_) {
      Shadow& forgotten = *(*shadows_)[waiting.connection];
      if (forgotten.incarnation() == waiting.incarnation) forgotten.forget(now);
    }
    accept_queue_.clear();
  } else if (shadow != nullptr && socket.reset_on_close) {
    shadow->abort(now);
  } else if (shadow != nullptr) {
    shadow->close(now, CloseKind::kBoth);
  }
}

// All that is offered counts as sent by the user until the call says how much it took.
void Sockets::write_starts(Time now, const script::CallSpec& call) {
  Shadow* shadow = connected(call.fd);
  if (shadow == nullptr) return;
  Socket& socket = *find(call.fd);
  // Of two that wait, either may be the first to go on.
  if (++socket.writing > 1) shadow->is_unclear();
  uint32_t& position = connections_[socket.connection].written;
  std::span<const uint8_t> octets = call.data;
  if (octets.empty()) {
    if (pattern_.size() < call.length) pattern_.resize(call.length);
    const std::span<uint8_t> pattern = std::span(pattern_).first(call.length);
    stack::fill_pattern(position, pattern);
    octets = pattern;
  }
  const SendFlags flags{.urgent = (call.flags & MSG_OOB) != 0,
                        .push = (call.flags & MSG_MORE) == 0};
  socket.offered = shadow->send(now, octets, flags);
  position += static_cast<uint32_t>(socket.offered);
}

void Sockets::write_returns(const script::CallSpec& call, int64_t value) {
  Shadow* shadow = connected(call.fd);
  if (shadow == nullptr) return;
  Socket& socket = *find(call.fd);
  if (socket.writing > 0) --socket.writing;
  const auto taken = static_cast<std::size_t>(std::max<int64_t>(value, 0));
  const std::size_t rest = socket.offered - std::min(taken, socket.offered);
  shadow->send_ended(static_cast<uint32_t>(rest));
  connections_[socket.connection].written -= static_cast<uint32_t>(rest);
}

void Sockets::read_returns(Time now, const script::CallSpec& call, int64_t value, int error,
                           std::span<const uint8_t> data) {
  Shadow* shadow = connected(call.fd);
  if (shadow == nullptr || (call.flags & (MSG_PEEK | MSG_OOB)) != 0) return;
  if (value > 0) shadow->received(now, data);
  if (value == 0 && call.length > 0 && !find(call.fd)->read_shut) shadow->received_end(now);
  if (value < 0 && error == ETIMEDOUT) shadow->gave_up(now);
}

void Sockets::set_option(Time now, const script::CallSpec& call) {
  Socket* const found = find(call.fd);
  if (found == nullptr) return;
  Socket& socket = *found;
  const int value = as_int(call.data);
  Shadow* shadow = connected(call.fd);
  if (call.level == SOL_SOCKET && call.option == SO_LINGER) {
    socket.reset_on_close = value != 0 && as_int(call.data, 1) == 0;
  } else if (call.level == SOL_SOCKET && call.option == SO_KEEPALIVE) {
    socket.keepalive = value != 0;
    tell_options(call.fd);
  } else if (call.level == IPPROTO_TCP && call.option == TCP_KEEPIDLE) {
    socket.keepalive_idle = std::chrono::seconds(value);
    tell_options(call.fd);
  } else if (call.level == SOL_SOCKET && call.option == SO_RCVBUF) {
    socket.tight = value < kTightBuffer;
    tell_options(call.fd);
    if (shadow == nullptr) return;
    // For what was told before there may be no room any more.
    const auto told = shadow->rules().readable() + shadow->rules().tcb().rcv.wnd();
    if (value < 0 || static_cast<std::size_t>(value) < told) shadow->is_unclear();
  } else if (shadow == nullptr) {
    return;
  } else if (call.level == IPPROTO_TCP && call.option == TCP_NODELAY) {
    shadow->set_nagle(value == 0);
  } else if (call.level == IPPROTO_TCP && call.option == TCP_USER_TIMEOUT) {
    shadow->set_user_timeout(now, std::chrono::milliseconds(value));
  }
}

// Who listens has connections that nobody has accepted yet.
void Sockets::tell_options(int32_t fd) {
  const Socket* const found = find(fd);
  if (found == nullptr) return;
  const Socket& socket = *found;
  if (socket.kind == Socket::Kind::kListening) {
    for (auto& shadow : *shadows_) shadow->set_tight(socket.tight);
  }
  Shadow* shadow = connected(fd);
  if (shadow == nullptr) return;
  shadow->set_keepalive(socket.keepalive, socket.keepalive_idle.value_or(profile_->keepalive_idle));
  shadow->set_tight(socket.tight);
}

}  // namespace synfin::judge
