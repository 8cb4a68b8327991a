// The calls that move octets, and those that ask whether they could.
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harness/stack/pattern.h"
#include "harness/stack/socket_layer.h"

namespace synfin::stack {
namespace {

// How much is moved at once. A call may name a length of megabytes where little is there.
constexpr std::size_t kPiece = 4096;

bool opens(State state) { return state == State::kSynSent || state == State::kSynReceived; }

void store(int32_t value, std::vector<uint8_t>& out) {
  out.resize(sizeof value);
  std::memcpy(out.data(), &value, sizeof value);
}

}  // namespace

// Brings the octets that can be read now, up to `wanted`, into `peeked`.
std::size_t SocketLayer::fill(Time now, Socket& socket, std::size_t wanted, CallStatus& status) {
  status = CallStatus::kOk;
  // A read stops at the mark of urgent text, as sockets do: SIOCATMARK can tell it there.
  if (const std::size_t most = socket.tcp->status().readable_before_mark; most > 0) {
    wanted = std::min(wanted, socket.peeked.size() + most);
  }
  while (socket.peeked.size() < wanted) {
    const std::size_t had = socket.peeked.size();
    std::size_t got = 0;
    socket.peeked.resize(std::min(wanted, had + kPiece));
    status = socket.tcp->receive(now, std::span(socket.peeked).subspan(had), got);
    socket.peeked.resize(had + got);
    if (got == 0) break;
  }
  return std::min(socket.peeked.size(), wanted);
}

SocketLayer::Attempt SocketLayer::do_read(Time now, Call& call, Socket& socket) {
  const script::CallSpec& spec = *call.spec;
  if (socket.tcp == nullptr) return failed(ENOTCONN);
  // RFC 9293 has urgent text in line (§3.8.5); there is nothing out of band to read.
  if ((spec.flags & MSG_OOB) != 0) return failed(EINVAL);
  const bool opening = opens(socket.tcp->state());
  CallStatus status = CallStatus::kOk;
  const std::size_t got = opening ? 0 : fill(now, socket, spec.length, status);
  const bool all = (spec.flags & MSG_WAITALL) != 0 && status == CallStatus::kOk;
  if (got > 0 && (!all || got == spec.length || socket.nonblocking)) {
    const auto end = socket.peeked.begin() + static_cast<std::ptrdiff_t>(got);
    buffer_.assign(socket.peeked.begin(), end);
    if ((spec.flags & MSG_PEEK) == 0) socket.peeked.erase(socket.peeked.begin(), end);
    return Done{static_cast<int64_t>(got), 0, buffer_};
  }
  if (spec.length == 0) return Done{};
  if (const int error = take_error(socket); error != 0) return failed(error);
  if (!opening && status != CallStatus::kOk) return Done{};  // the peer's FIN, or all is over
  if (socket.read_shut) return Done{};
  if (socket.nonblocking || (spec.flags & MSG_DONTWAIT) != 0) return failed(EAGAIN);
  return {};
}

SocketLayer::Attempt SocketLayer::do_write(Time now, Call& call, Socket& socket) {
  const script::CallSpec& spec = *call.spec;
  if (error_of(socket) != 0 && call.progress == 0) return failed(take_error(socket));
  if (socket.tcp == nullptr) return failed(EPIPE);
  if (spec.name == script::CallName::kSendto && spec.address) return failed(EISCONN);
  if ((spec.flags & MSG_OOB) != 0 && !host_.has_urgent()) return failed(EOPNOTSUPP);
  const bool blocks = !socket.nonblocking && (spec.flags & MSG_DONTWAIT) == 0;
  const bool opening = opens(socket.tcp->state());
  if (opening && !blocks) return failed(EAGAIN);
  CallStatus status = CallStatus::kOk;
  while (!opening && call.progress < spec.length) {
    const std::size_t size = std::min<std::size_t>(kPiece, spec.length - call.progress);
    std::span<const uint8_t> octets;
    if (spec.data.empty()) {
      buffer_.resize(size);
      fill_pattern(socket.written, buffer_);
      octets = buffer_;
    } else {
      octets = std::span(spec.data).subspan(call.progress, size);
    }
    std::size_t taken = 0;
    const bool last = call.progress + size == spec.length;
    const SendFlags flags{.urgent = last && (spec.flags & MSG_OOB) != 0,
                          .push = (spec.flags & MSG_MORE) == 0};
    status = socket.tcp->send(now, octets, taken, flags);
    call.progress += static_cast<uint32_t>(taken);
    socket.written += static_cast<uint32_t>(taken);
    host_.transmit(now);
    if (taken < size) break;
  }
  if (!opening && call.progress == spec.length) {
    return Done{static_cast<int64_t>(call.progress), 0, {}};
  }
  const bool over =
      status == CallStatus::kConnectionClosing || status == CallStatus::kConnectionDoesNotExist;
  if (over && call.progress == 0) return failed(EPIPE);
  if (over || (!blocks && call.progress > 0)) {
    return Done{static_cast<int64_t>(call.progress), 0, {}};
  }
  if (!blocks) return failed(EAGAIN);
  return {};
}

// --- poll(), ioctl() -----------------------------------------------------------------------------

int32_t SocketLayer::ready_events(const Socket& socket) {
  int32_t events = 0;
  if (socket.listener != nullptr) return socket.listener->waiting() > 0 ? POLLIN | POLLRDNORM : 0;
  if (error_of(socket) != 0) events |= POLLERR;
  if (socket.tcp == nullptr) return events | POLLOUT | POLLWRNORM | POLLHUP;
  const TcpStatus status = socket.tcp->status();
  if (opens(status.state)) return events;
  const bool closed = status.state == State::kClosed;
  const bool ended = closed || status.peer_closed || socket.read_shut;
  if (ended) events |= POLLIN | POLLRDNORM | POLLRDHUP;
  if (status.readable > 0 || !socket.peeked.empty()) events |= POLLIN | POLLRDNORM;
  if (status.urgent_pending) events |= POLLPRI;
  if (closed || (ended && status.fin_queued)) events |= POLLHUP;
  if (closed || status.fin_queued || status.send_room > 0) events |= POLLOUT | POLLWRNORM;
  return events;
}

SocketLayer::Attempt SocketLayer::do_poll(Time now, Call& call) {
  const script::CallSpec& spec = *call.spec;
  if (call.first && spec.argument >= 0) {
    call.deadline = now + std::chrono::milliseconds(spec.argument);
  }
  Socket* socket = find(spec.fd);
  const int32_t always = POLLERR | POLLHUP;
  const int32_t ready =
      socket == nullptr ? POLLNVAL : ready_events(*socket) & (spec.events | always);
  if (ready == 0 && now < call.deadline) return {};
  store(ready, buffer_);
  return Done{ready != 0 ? 1 : 0, 0, buffer_};
}

SocketLayer::Done SocketLayer::do_ioctl(const Call& call, Socket& socket) {
  if (socket.listener != nullptr || socket.tcp == nullptr) return failed(EINVAL);
  const TcpStatus status = socket.tcp->status();
  switch (call.spec->flags) {
    case SIOCINQ:
      store(static_cast<int32_t>(status.readable + socket.peeked.size()), buffer_);
      break;
    case SIOCOUTQ:
      store(static_cast<int32_t>(status.unacked), buffer_);
      break;
    case SIOCATMARK:
      store(status.at_urgent_mark && socket.peeked.empty() ? 1 : 0, buffer_);
      break;
    default:
      return failed(ENOTTY);
  }
  return {0, 0, buffer_};
}

}  // namespace synfin::stack
