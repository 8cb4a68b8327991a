// Options and flags of sockets.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "harness/stack/socket_layer.h"

namespace synfin::stack {
namespace {

std::optional<int32_t> number(std::span<const uint8_t> value) {
  if (value.size() < sizeof(int32_t)) return std::nullopt;
  int32_t result = 0;
  std::memcpy(&result, value.data(), sizeof result);
  return result;
}

std::vector<uint8_t> octets_of(int32_t value) {
  std::vector<uint8_t> octets(sizeof value);
  std::memcpy(octets.data(), &value, sizeof value);
  return octets;
}

// MAY-9: the control message that tells of it, as Linux has it.
std::vector<uint8_t> diffserv_message(uint8_t diffserv) {
  const int32_t value = diffserv << 2;
  cmsghdr head{};
  head.cmsg_len = CMSG_LEN(sizeof value);
  head.cmsg_level = IPPROTO_IP;
  head.cmsg_type = IP_TOS;
  std::vector<uint8_t> octets(CMSG_SPACE(sizeof value));
  std::memcpy(octets.data(), &head, sizeof head);
  std::memcpy(octets.data() + CMSG_LEN(0), &value, sizeof value);
  return octets;
}

// tcpi_state, as <netinet/tcp.h> counts.
uint8_t linux_state(State state) {
  constexpr std::array<uint8_t, kStateCount> kStates = {
      TCP_CLOSE,     TCP_LISTEN,     TCP_SYN_SENT, TCP_SYN_RECV, TCP_ESTABLISHED, TCP_FIN_WAIT1,
      TCP_FIN_WAIT2, TCP_CLOSE_WAIT, TCP_CLOSING,  TCP_LAST_ACK, TCP_CLOSE};
  return kStates[static_cast<std::size_t>(state)];
}

}  // namespace

// The socket's own copy of its profile. A connection that exists keeps the one that it was made
// with, so sizes have to be set before.
Profile& SocketLayer::own_profile(Socket& socket) {
  if (socket.own_profile == nullptr) {
    socket.own_profile = &profiles_.emplace_back(*socket.profile);
    socket.profile = socket.own_profile;
  }
  return *socket.own_profile;
}

void SocketLayer::apply_options(Time now, Socket& socket) {
  const Settings& set = socket.set;
  if (socket.listener != nullptr) socket.listener->set_ip(set.ip);
  if (socket.tcp == nullptr) return;
  TcpConnection& tcp = *socket.tcp;
  tcp.set_ip(set.ip);
  tcp.set_nagle(socket.profile->nagle && !set.nodelay);
  if (set.quickack) tcp.set_delayed_ack(false);
  if (set.user_timeout > Duration{0}) tcp.set_user_timeout(now, set.user_timeout);
  if (set.keepalive.on) tcp.set_keepalive(now, set.keepalive);
}

int SocketLayer::set_socket_option(int option, std::span<const uint8_t> value, Socket& socket) {
  const auto first = number(value);
  if (!first) return EINVAL;
  switch (option) {
    case SO_REUSEADDR:
      socket.set.reuse_address = *first != 0;
      return 0;
    case SO_LINGER: {
      if (value.size() < sizeof(struct linger)) return EINVAL;
      const auto seconds = number(value.subspan(sizeof(int32_t)));
      socket.set.lingers = *first != 0;
      socket.set.linger = std::chrono::seconds(seconds.value_or(0));
      return 0;
    }
    case SO_RCVBUF:
      own_profile(socket).receive_buffer = static_cast<uint32_t>(std::max(*first, 1));
      return 0;
    case SO_SNDBUF:
      own_profile(socket).send_buffer = static_cast<uint32_t>(std::max(*first, 1));
      return 0;
    case SO_KEEPALIVE:
      socket.set.keepalive.on = *first != 0;
      return 0;
    case SO_OOBINLINE:  // urgent text is always in line
    case SO_REUSEPORT:
    case SO_PRIORITY:
      return 0;
    default:
      return ENOPROTOOPT;
  }
}

// The names of IPv4 and IPv6 are different numbers.
int SocketLayer::set_ip_option(int option, std::span<const uint8_t> value, Socket& socket) {
  constexpr int32_t kEcnBits = 3;  // RFC 3168 §5: these are not the user's
  const auto first = number(value);
  if (!first || *first < 0 || *first > 255) return EINVAL;
  switch (option) {
    case IP_TOS:
    case IPV6_TCLASS:
      socket.set.ip.traffic_class = static_cast<uint8_t>(*first & ~kEcnBits);
      return 0;
    case IP_TTL:
    case IPV6_UNICAST_HOPS:
      if (*first == 0) return EINVAL;
      socket.set.ip.ttl = static_cast<uint8_t>(*first);
      return 0;
    case IP_RECVERR:
    case IPV6_RECVERR:
      socket.set.ip.reports = *first != 0;
      return 0;
    case IP_RECVTOS:
      socket.set.tells_diffserv = *first != 0;
      return 0;
    default:
      return ENOPROTOOPT;
  }
}

int SocketLayer::set_tcp_option(Time now, int option, std::span<const uint8_t> value,
                                Socket& socket) {
  const auto first = number(value);
  if (!first || *first < 0) return EINVAL;
  switch (option) {
    case TCP_NODELAY:
      socket.set.nodelay = *first != 0;
      break;
    case TCP_QUICKACK:
      socket.set.quickack = *first != 0;
      if (socket.tcp != nullptr) socket.tcp->set_delayed_ack(*first == 0);
      break;
    case TCP_KEEPIDLE:
      if (*first == 0) return EINVAL;
      socket.set.keepalive.idle = std::chrono::seconds(*first);
      break;
    case TCP_KEEPINTVL:
      if (*first == 0) return EINVAL;
      socket.set.keepalive.interval = std::chrono::seconds(*first);
      break;
    case TCP_KEEPCNT:
      if (*first == 0) return EINVAL;
      socket.set.keepalive.probes = static_cast<unsigned>(*first);
      break;
    case TCP_USER_TIMEOUT:
      socket.set.user_timeout = std::chrono::milliseconds(*first);
      if (socket.tcp != nullptr) socket.tcp->set_user_timeout(now, socket.set.user_timeout);
      break;
    case TCP_MAXSEG:
      if (*first < 88 || *first > 32767) return EINVAL;
      own_profile(socket).mss = std::min(socket.profile->mss, static_cast<uint16_t>(*first));
      break;
    case TCP_SYNCNT:
      if (*first == 0 || *first > 127) return EINVAL;
      own_profile(socket).syn_retries = static_cast<unsigned>(*first);
      break;
    case TCP_LINGER2:
      own_profile(socket).fin_wait_2_timeout = std::chrono::seconds(*first);
      break;
    default:
      return ENOPROTOOPT;
  }
  return 0;
}

SocketLayer::Done SocketLayer::do_setsockopt(Time now, const Call& call, Socket& socket) {
  const script::CallSpec& spec = *call.spec;
  const bool was_keepalive = socket.set.keepalive.on;
  int error = ENOPROTOOPT;
  if (!host_.has_option(spec.level, spec.option)) return failed(error);
  if (spec.level == SOL_SOCKET) error = set_socket_option(spec.option, spec.data, socket);
  if (spec.level == IPPROTO_TCP) error = set_tcp_option(now, spec.option, spec.data, socket);
  if (spec.level == IPPROTO_IP || spec.level == IPPROTO_IPV6) {
    error = set_ip_option(spec.option, spec.data, socket);
  }
  if (error != 0) return failed(error);
  const std::pair key(spec.level, spec.option);
  std::erase_if(socket.set.values, [&](const auto& entry) { return entry.first == key; });
  socket.set.values.emplace_back(key, spec.data);
  if (socket.tcp != nullptr) {
    if (was_keepalive && !socket.set.keepalive.on) socket.tcp->set_keepalive(now, {});
  }
  apply_options(now, socket);
  return {};
}

SocketLayer::Done SocketLayer::do_getsockopt(const Call& call, Socket& socket) {
  const script::CallSpec& spec = *call.spec;
  const std::pair key(spec.level, spec.option);
  const auto set = std::find_if(socket.set.values.begin(), socket.set.values.end(),
                                [&](const auto& entry) { return entry.first == key; });
  const State state = socket.tcp != nullptr ? socket.tcp->state() : State::kClosed;
  if (key == std::pair(SOL_SOCKET, SO_ERROR)) {
    buffer_ = octets_of(take_error(socket));
  } else if (key == std::pair(SOL_SOCKET, SO_TYPE)) {
    buffer_ = octets_of(SOCK_STREAM);
  } else if (key == std::pair(SOL_SOCKET, SO_ACCEPTCONN)) {
    buffer_ = octets_of(socket.listener != nullptr ? 1 : 0);
  } else if (key == std::pair(int{IPPROTO_TCP}, TCP_INFO)) {
    buffer_.assign(sizeof(tcp_info), 0);
    buffer_[0] = socket.listener != nullptr ? uint8_t{TCP_LISTEN} : linux_state(state);
  } else if (key == std::pair(int{IPPROTO_TCP}, TCP_MAXSEG)) {
    const bool open = socket.tcp != nullptr && is_synchronized(state);
    buffer_ = octets_of(open ? socket.tcp->status().effective_mss : socket.profile->mss);
  } else if (key == std::pair(int{IPPROTO_IP}, IP_PKTOPTIONS)) {
    buffer_.clear();
    if (socket.tcp != nullptr && socket.set.tells_diffserv) {
      host_.applied(Clause::kMay9);
      buffer_ = diffserv_message(socket.tcp->status().diffserv);
    }
  } else if (set != socket.set.values.end()) {
    buffer_ = set->second;
  } else if (spec.level == SOL_SOCKET || spec.level == IPPROTO_TCP) {
    buffer_ = octets_of(0);
  } else {
    return failed(ENOPROTOOPT);
  }
  if (spec.length != 0 && buffer_.size() > spec.length) buffer_.resize(spec.length);
  return {0, 0, buffer_};
}

SocketLayer::Done SocketLayer::do_fcntl(const Call& call, Socket& socket) {
  switch (call.spec->flags) {
    case F_GETFL:
      return {O_RDWR | (socket.nonblocking ? O_NONBLOCK : 0)};
    case F_SETFL:
      socket.nonblocking = (call.spec->argument & O_NONBLOCK) != 0;
      return {};
    default:
      return failed(EINVAL);
  }
}

}  // namespace synfin::stack
