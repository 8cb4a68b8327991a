#include "harness/script/symbols.h"

#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string>
#include <vector>

#include "harness/script/text.h"

namespace synfin::script {
namespace {

template <typename T>
struct Entry {
  std::string_view name;
  T value;
};

// clang-format off
#define SYNFIN_NAME(name) \
  { #name, name }

constexpr Entry<int64_t> kConstants[] = {
    {"NULL", 0},
    // Families, types, protocols.
    SYNFIN_NAME(AF_INET), SYNFIN_NAME(AF_INET6), SYNFIN_NAME(AF_UNSPEC), SYNFIN_NAME(PF_INET),
    SYNFIN_NAME(PF_INET6), SYNFIN_NAME(SOCK_STREAM), SYNFIN_NAME(SOCK_DGRAM),
    SYNFIN_NAME(SOCK_RAW), SYNFIN_NAME(SOCK_NONBLOCK), SYNFIN_NAME(SOCK_CLOEXEC),
    SYNFIN_NAME(IPPROTO_IP), SYNFIN_NAME(IPPROTO_IPV6), SYNFIN_NAME(IPPROTO_TCP),
    SYNFIN_NAME(IPPROTO_UDP), SYNFIN_NAME(IPPROTO_ICMP), {"IPPROTO_MPTCP", 262},
    // Levels.
    SYNFIN_NAME(SOL_SOCKET), SYNFIN_NAME(SOL_IP), SYNFIN_NAME(SOL_IPV6), SYNFIN_NAME(SOL_TCP),
    // Socket options.
    SYNFIN_NAME(SO_ACCEPTCONN), SYNFIN_NAME(SO_BINDTODEVICE), SYNFIN_NAME(SO_BROADCAST),
    SYNFIN_NAME(SO_BUSY_POLL), SYNFIN_NAME(SO_DOMAIN), SYNFIN_NAME(SO_DONTROUTE),
    SYNFIN_NAME(SO_ERROR), SYNFIN_NAME(SO_INCOMING_CPU), SYNFIN_NAME(SO_KEEPALIVE),
    SYNFIN_NAME(SO_LINGER), SYNFIN_NAME(SO_MARK), SYNFIN_NAME(SO_MAX_PACING_RATE),
    SYNFIN_NAME(SO_OOBINLINE), SYNFIN_NAME(SO_PRIORITY), SYNFIN_NAME(SO_PROTOCOL),
    SYNFIN_NAME(SO_RCVBUF), SYNFIN_NAME(SO_RCVBUFFORCE), SYNFIN_NAME(SO_RCVLOWAT),
    SYNFIN_NAME(SO_RCVTIMEO), SYNFIN_NAME(SO_REUSEADDR), SYNFIN_NAME(SO_REUSEPORT),
    SYNFIN_NAME(SO_SNDBUF), SYNFIN_NAME(SO_SNDBUFFORCE), SYNFIN_NAME(SO_SNDLOWAT),
    SYNFIN_NAME(SO_SNDTIMEO), SYNFIN_NAME(SO_TIMESTAMP), SYNFIN_NAME(SO_TIMESTAMPING),
    SYNFIN_NAME(SO_TXTIME), SYNFIN_NAME(SO_TYPE), SYNFIN_NAME(SO_ZEROCOPY),
    // IP options.
    SYNFIN_NAME(IP_MTU), SYNFIN_NAME(IP_MTU_DISCOVER), SYNFIN_NAME(IP_OPTIONS),
    SYNFIN_NAME(IP_PKTOPTIONS),
    SYNFIN_NAME(IP_PMTUDISC_DO), SYNFIN_NAME(IP_PMTUDISC_DONT), SYNFIN_NAME(IP_PMTUDISC_INTERFACE),
    SYNFIN_NAME(IP_PMTUDISC_OMIT), SYNFIN_NAME(IP_PMTUDISC_PROBE), SYNFIN_NAME(IP_PMTUDISC_WANT),
    SYNFIN_NAME(IP_RECVERR), SYNFIN_NAME(IP_RECVTOS), SYNFIN_NAME(IP_RECVTTL), SYNFIN_NAME(IP_TOS),
    SYNFIN_NAME(IP_TTL), SYNFIN_NAME(IP_MINTTL), SYNFIN_NAME(IP_BIND_ADDRESS_NO_PORT),
    SYNFIN_NAME(IP_FREEBIND), SYNFIN_NAME(IP_TRANSPARENT),
    SYNFIN_NAME(IPV6_MTU), SYNFIN_NAME(IPV6_MTU_DISCOVER), SYNFIN_NAME(IPV6_RECVERR),
    SYNFIN_NAME(IPV6_TCLASS), SYNFIN_NAME(IPV6_UNICAST_HOPS), SYNFIN_NAME(IPV6_V6ONLY),
    // TCP options.
    SYNFIN_NAME(TCP_CONGESTION), SYNFIN_NAME(TCP_CORK), SYNFIN_NAME(TCP_DEFER_ACCEPT),
    SYNFIN_NAME(TCP_FASTOPEN), SYNFIN_NAME(TCP_FASTOPEN_CONNECT), SYNFIN_NAME(TCP_FASTOPEN_KEY),
    SYNFIN_NAME(TCP_FASTOPEN_NO_COOKIE), SYNFIN_NAME(TCP_INFO), SYNFIN_NAME(TCP_INQ),
    SYNFIN_NAME(TCP_KEEPCNT), SYNFIN_NAME(TCP_KEEPIDLE), SYNFIN_NAME(TCP_KEEPINTVL),
    SYNFIN_NAME(TCP_LINGER2), SYNFIN_NAME(TCP_MAXSEG), SYNFIN_NAME(TCP_MD5SIG),
    SYNFIN_NAME(TCP_NODELAY), SYNFIN_NAME(TCP_NOTSENT_LOWAT), SYNFIN_NAME(TCP_QUEUE_SEQ),
    SYNFIN_NAME(TCP_QUICKACK), SYNFIN_NAME(TCP_REPAIR), SYNFIN_NAME(TCP_REPAIR_OPTIONS),
    SYNFIN_NAME(TCP_REPAIR_QUEUE), SYNFIN_NAME(TCP_SAVED_SYN), SYNFIN_NAME(TCP_SAVE_SYN),
    SYNFIN_NAME(TCP_SYNCNT), SYNFIN_NAME(TCP_THIN_DUPACK), SYNFIN_NAME(TCP_THIN_LINEAR_TIMEOUTS),
    SYNFIN_NAME(TCP_TIMESTAMP), SYNFIN_NAME(TCP_TX_DELAY), SYNFIN_NAME(TCP_ULP),
    SYNFIN_NAME(TCP_USER_TIMEOUT), SYNFIN_NAME(TCP_WINDOW_CLAMP),
    SYNFIN_NAME(TCP_ZEROCOPY_RECEIVE),
    // Flags of send() and recv().
    SYNFIN_NAME(MSG_CONFIRM), SYNFIN_NAME(MSG_CTRUNC), SYNFIN_NAME(MSG_DONTROUTE),
    SYNFIN_NAME(MSG_DONTWAIT), SYNFIN_NAME(MSG_EOR), SYNFIN_NAME(MSG_ERRQUEUE),
    SYNFIN_NAME(MSG_FASTOPEN), SYNFIN_NAME(MSG_MORE), SYNFIN_NAME(MSG_NOSIGNAL),
    SYNFIN_NAME(MSG_OOB), SYNFIN_NAME(MSG_PEEK), SYNFIN_NAME(MSG_TRUNC), SYNFIN_NAME(MSG_WAITALL),
    SYNFIN_NAME(MSG_WAITFORONE), SYNFIN_NAME(MSG_ZEROCOPY),
    // shutdown(), fcntl(), ioctl(), poll().
    SYNFIN_NAME(SHUT_RD), SYNFIN_NAME(SHUT_WR), SYNFIN_NAME(SHUT_RDWR), SYNFIN_NAME(F_GETFL),
    SYNFIN_NAME(F_SETFL), SYNFIN_NAME(F_GETFD), SYNFIN_NAME(F_SETFD), SYNFIN_NAME(O_RDONLY),
    SYNFIN_NAME(O_WRONLY), SYNFIN_NAME(O_RDWR), SYNFIN_NAME(O_NONBLOCK), {"SIOCINQ", FIONREAD},
    {"SIOCOUTQ", TIOCOUTQ}, SYNFIN_NAME(TIOCOUTQ), SYNFIN_NAME(FIONREAD), SYNFIN_NAME(FIONBIO),
    {"SIOCOUTQNSD", 0x894B}, {"SIOCATMARK", 0x8905}, SYNFIN_NAME(POLLIN), SYNFIN_NAME(POLLPRI),
    SYNFIN_NAME(POLLOUT), SYNFIN_NAME(POLLERR), SYNFIN_NAME(POLLHUP), SYNFIN_NAME(POLLNVAL),
    SYNFIN_NAME(POLLRDNORM), SYNFIN_NAME(POLLRDBAND), SYNFIN_NAME(POLLWRNORM),
    SYNFIN_NAME(POLLWRBAND), {"POLLRDHUP", 0x2000},
    // epoll.
    SYNFIN_NAME(EPOLL_CTL_ADD), SYNFIN_NAME(EPOLL_CTL_MOD), SYNFIN_NAME(EPOLL_CTL_DEL),
    SYNFIN_NAME(EPOLLIN), SYNFIN_NAME(EPOLLPRI), SYNFIN_NAME(EPOLLOUT), SYNFIN_NAME(EPOLLERR),
    SYNFIN_NAME(EPOLLHUP), SYNFIN_NAME(EPOLLRDHUP), SYNFIN_NAME(EPOLLRDNORM),
    SYNFIN_NAME(EPOLLRDBAND), SYNFIN_NAME(EPOLLWRNORM), SYNFIN_NAME(EPOLLWRBAND),
    SYNFIN_NAME(EPOLLMSG), SYNFIN_NAME(EPOLLONESHOT), SYNFIN_NAME(EPOLLEXCLUSIVE),
    {"EPOLLET", 0x80000000}, SYNFIN_NAME(EPOLLWAKEUP),
    // Control messages and the error queue.
    SYNFIN_NAME(SCM_TIMESTAMPING), SYNFIN_NAME(SCM_TIMESTAMPING_OPT_STATS),
    SYNFIN_NAME(TCP_CM_INQ),
    SYNFIN_NAME(SO_EE_ORIGIN_NONE), SYNFIN_NAME(SO_EE_ORIGIN_LOCAL),
    SYNFIN_NAME(SO_EE_ORIGIN_ICMP), SYNFIN_NAME(SO_EE_ORIGIN_ICMP6),
    SYNFIN_NAME(SO_EE_ORIGIN_TIMESTAMPING), SYNFIN_NAME(SO_EE_ORIGIN_ZEROCOPY),
    SYNFIN_NAME(SO_EE_CODE_ZEROCOPY_COPIED), SYNFIN_NAME(SCM_TSTAMP_SND),
    SYNFIN_NAME(SCM_TSTAMP_SCHED), SYNFIN_NAME(SCM_TSTAMP_ACK),
    SYNFIN_NAME(SOF_TIMESTAMPING_TX_HARDWARE), SYNFIN_NAME(SOF_TIMESTAMPING_TX_SOFTWARE),
    SYNFIN_NAME(SOF_TIMESTAMPING_RX_HARDWARE), SYNFIN_NAME(SOF_TIMESTAMPING_RX_SOFTWARE),
    SYNFIN_NAME(SOF_TIMESTAMPING_SOFTWARE), SYNFIN_NAME(SOF_TIMESTAMPING_SYS_HARDWARE),
    SYNFIN_NAME(SOF_TIMESTAMPING_RAW_HARDWARE), SYNFIN_NAME(SOF_TIMESTAMPING_OPT_ID),
    SYNFIN_NAME(SOF_TIMESTAMPING_TX_SCHED), SYNFIN_NAME(SOF_TIMESTAMPING_TX_ACK),
    SYNFIN_NAME(SOF_TIMESTAMPING_OPT_CMSG), SYNFIN_NAME(SOF_TIMESTAMPING_OPT_TSONLY),
    SYNFIN_NAME(SOF_TIMESTAMPING_OPT_STATS), SYNFIN_NAME(SOF_TIMESTAMPING_OPT_PKTINFO),
    SYNFIN_NAME(SOF_TIMESTAMPING_OPT_TX_SWHW),
    // splice().
    SYNFIN_NAME(SPLICE_F_MOVE), SYNFIN_NAME(SPLICE_F_NONBLOCK), SYNFIN_NAME(SPLICE_F_MORE),
    // The families' own names for what the runners of such scripts define for one version at a
    // time; the stack takes them for that of the case.
    {"CMSG_LEVEL_IP", SOL_IP}, {"CMSG_TYPE_RECVERR", IP_RECVERR},
};

constexpr Entry<int> kErrors[] = {
    SYNFIN_NAME(EPERM), SYNFIN_NAME(ENOENT), SYNFIN_NAME(EINTR), SYNFIN_NAME(EIO),
    SYNFIN_NAME(EBADF), SYNFIN_NAME(EAGAIN), SYNFIN_NAME(EWOULDBLOCK), SYNFIN_NAME(ENOMEM),
    SYNFIN_NAME(EACCES), SYNFIN_NAME(EFAULT), SYNFIN_NAME(EBUSY), SYNFIN_NAME(ENODEV),
    SYNFIN_NAME(EINVAL), SYNFIN_NAME(EMFILE), SYNFIN_NAME(ENOTTY), SYNFIN_NAME(EPIPE),
    SYNFIN_NAME(EPROTO), SYNFIN_NAME(ENOTSOCK), SYNFIN_NAME(EDESTADDRREQ), SYNFIN_NAME(EMSGSIZE),
    SYNFIN_NAME(EPROTOTYPE), SYNFIN_NAME(ENOPROTOOPT), SYNFIN_NAME(EPROTONOSUPPORT),
    SYNFIN_NAME(ESOCKTNOSUPPORT), SYNFIN_NAME(EOPNOTSUPP), SYNFIN_NAME(EPFNOSUPPORT),
    SYNFIN_NAME(EAFNOSUPPORT), SYNFIN_NAME(EADDRINUSE), SYNFIN_NAME(EADDRNOTAVAIL),
    SYNFIN_NAME(ENETDOWN), SYNFIN_NAME(ENETUNREACH), SYNFIN_NAME(ENETRESET),
    SYNFIN_NAME(ECONNABORTED), SYNFIN_NAME(ECONNRESET), SYNFIN_NAME(ENOBUFS),
    SYNFIN_NAME(EISCONN), SYNFIN_NAME(ENOTCONN), SYNFIN_NAME(ESHUTDOWN), SYNFIN_NAME(ETIMEDOUT),
    SYNFIN_NAME(ECONNREFUSED), SYNFIN_NAME(EHOSTDOWN), SYNFIN_NAME(EHOSTUNREACH),
    SYNFIN_NAME(EALREADY), SYNFIN_NAME(EINPROGRESS), SYNFIN_NAME(ESTALE), SYNFIN_NAME(ECANCELED),
    SYNFIN_NAME(ENOMSG),
};

#undef SYNFIN_NAME
// clang-format on

constexpr Entry<CallName> kCalls[] = {
    {"socket", CallName::kSocket},
    {"bind", CallName::kBind},
    {"listen", CallName::kListen},
    {"accept", CallName::kAccept},
    {"connect", CallName::kConnect},
    {"read", CallName::kRead},
    {"write", CallName::kWrite},
    {"send", CallName::kSend},
    {"recv", CallName::kRecv},
    {"sendto", CallName::kSendto},
    {"recvfrom", CallName::kRecvfrom},
    {"shutdown", CallName::kShutdown},
    {"close", CallName::kClose},
    {"setsockopt", CallName::kSetsockopt},
    {"getsockopt", CallName::kGetsockopt},
    {"fcntl", CallName::kFcntl},
    {"ioctl", CallName::kIoctl},
    {"poll", CallName::kPoll},
    {"readv", CallName::kReadv},
    {"writev", CallName::kWritev},
    {"sendmsg", CallName::kSendmsg},
    {"recvmsg", CallName::kRecvmsg},
    {"epoll_create", CallName::kEpollCreate},
    {"epoll_ctl", CallName::kEpollCtl},
    {"epoll_wait", CallName::kEpollWait},
    {"pipe", CallName::kPipe},
    {"open", CallName::kOpen},
    {"splice", CallName::kSplice},
    {"sendfile", CallName::kSendfile},
};

constexpr std::string_view kForeignCalls[] = {
    "cap_set", "psp_rx_assoc", "psp_tx_assoc", "accept4", "select",
};

struct IcmpType {
  std::string_view name;
  int v4;  // -1: there is none
  int v6;
};

constexpr IcmpType kIcmpTypes[] = {
    {"unreachable", 3, 1},    {"source_quench", 4, -1},     {"redirect", 5, -1},
    {"time_exceeded", 11, 3}, {"parameter_problem", 12, 4}, {"packet_too_big", -1, 2},
};

struct IcmpCode {
  std::string_view type;
  std::string_view name;
  int v4;
  int v6;
};

constexpr IcmpCode kIcmpCodes[] = {
    {"unreachable", "net_unreachable", 0, 0},
    {"unreachable", "host_unreachable", 1, -1},
    {"unreachable", "protocol_unreachable", 2, -1},
    {"unreachable", "port_unreachable", 3, 4},
    {"unreachable", "frag_needed", 4, -1},
    {"unreachable", "source_route_failed", 5, -1},
    {"unreachable", "net_unknown", 6, -1},
    {"unreachable", "host_unknown", 7, -1},
    {"unreachable", "source_host_isolated", 8, -1},
    {"unreachable", "net_prohibited", 9, -1},
    {"unreachable", "host_prohibited", 10, -1},
    {"unreachable", "net_unreachable_for_tos", 11, -1},
    {"unreachable", "host_unreachable_for_tos", 12, -1},
    {"unreachable", "packet_filtered", 13, -1},
    {"unreachable", "precedence_violation", 14, -1},
    {"unreachable", "precedence_cutoff", 15, -1},
    {"unreachable", "no_route", -1, 0},
    {"unreachable", "admin_prohibited", -1, 1},
    {"unreachable", "not_neighbour", -1, 2},
    {"unreachable", "address_unreachable", -1, 3},
    {"time_exceeded", "exceeded_hop_limit", -1, 0},
    {"time_exceeded", "exceeded_frag_time", -1, 1},
    {"parameter_problem", "header_field", -1, 0},
    {"parameter_problem", "unknown_next_header", -1, 1},
    {"parameter_problem", "unknown_option", -1, 2},
};

template <typename Table>
auto find(const Table& table, std::string_view name) -> std::optional<decltype(table[0].value)> {
  const auto at = std::find_if(std::begin(table), std::end(table),
                               [&](const auto& entry) { return entry.name == name; });
  if (at == std::end(table)) return std::nullopt;
  return at->value;
}

template <typename Table>
std::string_view nearest_name(const Table& table, std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& entry : table) names.push_back(entry.name);
  return nearest(name, names);
}

// type_3, code_1: the number after the prefix.
std::optional<int> numbered(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  const std::string_view digits = name.substr(prefix.size());
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0 || value > 255) {
    return std::nullopt;
  }
  return value;
}

std::optional<IcmpSpec::Code> pair_of(int type, int code) {
  if (type < 0 || code < 0) return std::nullopt;
  return IcmpSpec::Code{static_cast<uint8_t>(type), static_cast<uint8_t>(code)};
}

}  // namespace

std::optional<int64_t> find_constant(std::string_view name) {
  if (const auto constant = find(kConstants, name)) return constant;
  return find(kErrors, name);  // SO_ERROR gives one as a value
}
std::string_view nearest_constant(std::string_view name) { return nearest_name(kConstants, name); }

std::optional<int> find_error(std::string_view name) { return find(kErrors, name); }
std::string_view nearest_error(std::string_view name) { return nearest_name(kErrors, name); }

std::optional<CallName> find_call(std::string_view name) { return find(kCalls, name); }
std::string_view nearest_call(std::string_view name) { return nearest_name(kCalls, name); }

bool is_foreign_call(std::string_view name) {
  return std::find(std::begin(kForeignCalls), std::end(kForeignCalls), name) !=
         std::end(kForeignCalls);
}

std::optional<IcmpSpec> find_icmp(std::string_view type, std::string_view code) {
  int v4_type = -1, v6_type = -1, v4_code = 0, v6_code = 0;
  if (const auto number = numbered(type, "type_")) {
    v4_type = v6_type = *number;
  } else {
    const auto known = std::find_if(std::begin(kIcmpTypes), std::end(kIcmpTypes),
                                    [&](const IcmpType& entry) { return entry.name == type; });
    if (known == std::end(kIcmpTypes)) return std::nullopt;
    v4_type = known->v4;
    v6_type = known->v6;
  }
  if (const auto number = numbered(code, "code_")) {
    v4_code = v6_code = *number;
  } else if (!code.empty()) {
    const auto known = std::find_if(
        std::begin(kIcmpCodes), std::end(kIcmpCodes),
        [&](const IcmpCode& entry) { return entry.type == type && entry.name == code; });
    if (known == std::end(kIcmpCodes)) return std::nullopt;
    v4_code = known->v4;
    v6_code = known->v6;
  }
  IcmpSpec spec;
  spec.v4 = pair_of(v4_type, v4_code);
  spec.v6 = pair_of(v6_type, v6_code);
  if (!spec.v4 && !spec.v6) return std::nullopt;
  return spec;
}

}  // namespace synfin::script
