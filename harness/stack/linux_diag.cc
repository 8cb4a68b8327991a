#include "harness/stack/linux_diag.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "harness/link/error.h"
#include "harness/link/fd.h"
#include "harness/stack/linux_address.h"

namespace synfin::stack {
namespace {

constexpr unsigned kNewSynReceived = 12;  // TCP_NEW_SYN_RECV, which no header exports

struct Question {
  nlmsghdr header;
  inet_diag_req_v2 request;
};

Question make_question(const wire::FourTuple& tuple, uint16_t type, uint32_t sequence) {
  Question question{};
  question.header.nlmsg_len = sizeof(Question);
  question.header.nlmsg_type = type;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.header.nlmsg_seq = sequence;
  inet_diag_req_v2& request = question.request;
  request.sdiag_family = tuple.local.address.v6 ? AF_INET6 : AF_INET;
  request.sdiag_protocol = IPPROTO_TCP;
  request.idiag_states = ~0U;
  request.id.idiag_sport = htons(tuple.local.port);
  request.id.idiag_dport = htons(tuple.remote.port);
  const std::size_t size = tuple.local.address.v6 ? 16 : 4;
  std::memcpy(request.id.idiag_src, tuple.local.address.octets.data(), size);
  std::memcpy(request.id.idiag_dst, tuple.remote.address.octets.data(), size);
  request.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return question;
}

Result<State> read_answer(const nlmsghdr* header, const Question& question) {
  if (header->nlmsg_type == NLMSG_ERROR) {
    const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(header));
    if (error->error == -ENOENT) return State::kClosed;
    return link::fail_errno("sock_diag", -error->error);
  }
  const auto* found = static_cast<const inet_diag_msg*>(mnl_nlmsg_get_payload(header));
  const auto state = state_of_kernel(found->idiag_state);
  if (!state) return fail("sock_diag names a state that is unknown");
  // On a miss it answers with the listener, whose remote port is 0.
  const bool same = found->id.idiag_sport == question.request.id.idiag_sport &&
                    found->id.idiag_dport == question.request.id.idiag_dport;
  if (!same && *state != State::kListen) return State::kClosed;
  return *state;
}

Result<mnl_socket*> open_socket() {
  mnl_socket* socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
  if (socket == nullptr) {
    return link::fail_errno(
        "cannot open a sock_diag socket (is the kernel built with "
        "CONFIG_INET_DIAG?)");
  }
  if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
    mnl_socket_close(socket);
    return link::fail_errno("cannot bind a sock_diag socket");
  }
  // A socket that is connected to the kernel needs no address with each question.
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (::connect(mnl_socket_get_fd(socket),
                static_cast<const sockaddr*>(static_cast<const void*>(&kernel)),
                sizeof(kernel)) != 0) {
    mnl_socket_close(socket);
    return link::fail_errno("cannot connect a sock_diag socket");
  }
  return socket;
}

}  // namespace

std::optional<State> state_of_kernel(unsigned state) {
  switch (state) {
    case TCP_ESTABLISHED:
      return State::kEstablished;
    case TCP_SYN_SENT:
      return State::kSynSent;
    case TCP_SYN_RECV:
    case kNewSynReceived:
      return State::kSynReceived;
    case TCP_FIN_WAIT1:
      return State::kFinWait1;
    case TCP_FIN_WAIT2:
      return State::kFinWait2;
    case TCP_TIME_WAIT:
      return State::kTimeWait;
    case TCP_CLOSE:
      return State::kClosed;
    case TCP_CLOSE_WAIT:
      return State::kCloseWait;
    case TCP_LAST_ACK:
      return State::kLastAck;
    case TCP_LISTEN:
      return State::kListen;
    case TCP_CLOSING:
      return State::kClosing;
    default:
      return std::nullopt;
  }
}

LinuxDiag::LinuxDiag(Socket questions, Socket orders)
    : questions_(std::move(questions)), orders_(std::move(orders)) {}

Result<LinuxDiag> LinuxDiag::open(bool in_rows) {
  auto questions = open_socket();
  if (!questions) return tl::make_unexpected(questions.error());
  Socket first(*questions);
  auto orders = open_socket();
  if (!orders) return tl::make_unexpected(orders.error());
  const int small = 1;  // answers beyond it are thrown away
  ::setsockopt(mnl_socket_get_fd(*orders), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
  LinuxDiag diag(std::move(first), Socket(*orders));
  if (in_rows) {
    if (auto row = link::CallRow::open()) diag.row_.emplace(std::move(*row));
  }
  return diag;
}

Result<State> LinuxDiag::state(const wire::FourTuple& tuple) { return ask(tuple, -1, {}); }

Result<State> LinuxDiag::state_after(int device, std::span<const uint8_t> packet,
                                     const wire::FourTuple& tuple) {
  return ask(tuple, device, packet);
}

Result<State> LinuxDiag::ask(const wire::FourTuple& tuple, int device,
                             std::span<const uint8_t> packet) {
  const Question question = make_question(tuple, SOCK_DIAG_BY_FAMILY, ++sequence_);
  const std::span octets(static_cast<const uint8_t*>(static_cast<const void*>(&question)),
                         sizeof(question));
  alignas(nlmsghdr) std::array<uint8_t, 8192> answer;
  const int fd = mnl_socket_get_fd(questions_.get());
  ssize_t size = 0;
  if (row_) {
    if (!packet.empty()) row_->write(device, packet);
    row_->send(fd, octets);
    row_->receive(fd, answer);
    for (const int result : row_->run()) {
      if (result < 0) return link::fail_errno("cannot inject a packet or ask sock_diag", -result);
      size = result;
    }
  } else {
    if (::send(fd, octets.data(), octets.size(), 0) < 0) {
      return link::fail_errno("cannot ask sock_diag");
    }
    size = ::recv(fd, answer.data(), answer.size(), 0);
  }
  const auto* header = static_cast<const nlmsghdr*>(static_cast<const void*>(answer.data()));
  for (;; size = ::recv(fd, answer.data(), answer.size(), 0)) {
    if (size < 0) return link::fail_errno("no answer from sock_diag");
    if (!mnl_nlmsg_ok(header, static_cast<int>(size))) {
      return fail("an answer cut off by sock_diag");
    }
    if (header->nlmsg_seq == sequence_) return read_answer(header, question);
  }
}

void LinuxDiag::destroy(const wire::FourTuple& tuple) {
  const Question question = make_question(tuple, SOCK_DESTROY, ++sequence_);
  (void)!::send(mnl_socket_get_fd(orders_.get()), &question, sizeof(question), 0);
}

Result<void> LinuxDiag::self_check(const wire::Endpoint& local) {
  const link::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const SocketAddress address = socket_address(local, AF_INET);
  if (!listener || ::bind(listener.get(), address.get(), address.size) != 0 ||
      ::listen(listener.get(), 1) != 0) {
    return link::fail_errno("cannot listen in a namespace of our own");
  }
  const wire::FourTuple tuple{.local = local, .remote = {.address = local.address, .port = 1}};
  const auto before = state(tuple);
  if (!before) return tl::make_unexpected(before.error());
  if (*before != State::kListen) {
    return fail(
        "sock_diag does not see TCP sockets: load the module tcp_diag, or build the kernel "
        "with CONFIG_INET_DIAG");
  }
  destroy(tuple);
  const auto after = state(tuple);
  if (!after) return tl::make_unexpected(after.error());
  if (*after != State::kClosed) {
    return fail("sock_diag cannot end connections: build the kernel with CONFIG_INET_DIAG_DESTROY");
  }
  return {};
}

}  // namespace synfin::stack
