#include "harness/stack/lwip_tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

#include "harness/stack/lwip_connection.h"

namespace synfin::stack {

bool lwip_has_option(int level, int option) {
  // The window is the same for all connections of a build: TCP_WND.
  if (level == IPPROTO_IP) return option == IP_TOS || option == IP_TTL;
  if (level == IPPROTO_IPV6) return option == IPV6_TCLASS || option == IPV6_UNICAST_HOPS;
  if (level == SOL_SOCKET) return option != SO_RCVBUF;
  constexpr std::array kMissing = {TCP_QUICKACK, TCP_USER_TIMEOUT, TCP_MAXSEG, TCP_SYNCNT,
                                   TCP_LINGER2};
  return std::find(kMissing.begin(), kMissing.end(), option) == kMissing.end();
}

class LwipTcp::Listening final : public TcpListener {
 public:
  Listening(LwipTcp& host, tcp_pcb* pcb, const Profile& profile)
      : host_(host), pcb_(pcb), profile_(profile) {
    tcp_arg(pcb_, this);
    tcp_accept(pcb_, on_accept);
  }
  ~Listening() override { stop(); }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  // Without TCP_LISTEN_BACKLOG the calls about it are nothing.
  void set_backlog([[maybe_unused]] int backlog) override {
    if (pcb_ != nullptr) {
      tcp_backlog_set(pcb_, to_backlog(backlog));
    }
  }
  // A connection gets its own when it is accepted: lwIP has none for its SYN,ACK.
  void set_ip(const IpFields&) override {}
  std::size_t waiting() const override { return queue_.size(); }
  std::optional<Accepted> accept() override {
    if (queue_.empty()) return std::nullopt;
    Accepted accepted = std::move(queue_.front());
    queue_.erase(queue_.begin());
    if (tcp_pcb* pcb = find_pcb(accepted.tuple); pcb != nullptr) {
      tcp_backlog_accepted(pcb);
    }
    return accepted;
  }
  void close(Time now) override {
    stop();
    for (const Accepted& waiting : queue_) waiting.tcp->abort(now);
    queue_.clear();
  }
  bool listens() const { return pcb_ != nullptr; }

  static u8_t to_backlog(int backlog) { return static_cast<u8_t>(std::clamp(backlog, 0, 255)); }

 private:
  static err_t on_accept(void* self, tcp_pcb* pcb, err_t error) {
    if (pcb == nullptr || error != ERR_OK) return ERR_VAL;
    auto& mine = *static_cast<Listening*>(self);
    const wire::FourTuple tuple{{address_of(pcb->local_ip), pcb->local_port},
                                {address_of(pcb->remote_ip), pcb->remote_port}};
    auto child = std::make_shared<Connection>(pcb, tuple, mine.profile_);
    tcp_backlog_delayed(pcb);
    mine.host_.connections_.push_back(child);
    mine.queue_.push_back({std::move(child), tuple});
    return ERR_OK;
  }

  void stop() {
    if (tcp_pcb* pcb = std::exchange(pcb_, nullptr); pcb != nullptr) tcp_close(pcb);
  }

  LwipTcp& host_;
  tcp_pcb* pcb_;
  const Profile& profile_;
  std::vector<Accepted> queue_;
};

LwipTcp::LwipTcp(uint16_t local_port) : local_port_(local_port) {}

LwipTcp::~LwipTcp() {
  listeners_.clear();
  connections_.clear();
  LwipCore::forget(local_port_);
}

std::shared_ptr<TcpListener> LwipTcp::listen(const wire::Endpoint& local, const Profile& profile,
                                             int backlog) {
  tcp_pcb* pcb = tcp_new_ip_type(local.address.v6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4);
  if (pcb == nullptr) return nullptr;
  ip_set_option(pcb, SOF_REUSEADDR);
  const auto taken =
      std::any_of(listeners_.begin(), listeners_.end(), [](auto& one) { return one->listens(); });
  const ip_addr_t* any = local.address.v6 ? IP6_ADDR_ANY : IP4_ADDR_ANY;
  if (taken || tcp_bind(pcb, any, local.port) != ERR_OK) {
    tcp_abort(pcb);
    return nullptr;
  }
  tcp_pcb* listening = tcp_listen_with_backlog(pcb, Listening::to_backlog(backlog));
  if (listening == nullptr) {
    tcp_abort(pcb);
    return nullptr;
  }
  std::erase_if(listeners_, [](auto& one) { return !one->listens(); });
  return listeners_.emplace_back(std::make_shared<Listening>(*this, listening, profile));
}

std::shared_ptr<TcpConnection> LwipTcp::make(const wire::FourTuple& tuple, const Profile& profile) {
  if (find_pcb(tuple) != nullptr) return nullptr;
  tcp_pcb* pcb = tcp_new_ip_type(tuple.local.address.v6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4);
  if (pcb == nullptr) return nullptr;
  return connections_.emplace_back(std::make_shared<Connection>(pcb, tuple, profile));
}

void LwipTcp::open(Time, TcpConnection& connection) {
  for (const auto& mine : connections_) {
    if (mine.get() == &connection) return mine->open();
  }
}

void LwipTcp::refresh() {
  for (const auto& connection : connections_) connection->refresh();
  std::erase_if(connections_, [](auto& one) { return !one->is_held(); });
}

State LwipTcp::state(const wire::FourTuple& tuple) const {
  if (const tcp_pcb* pcb = find_pcb(tuple); pcb != nullptr) return state_of(*pcb);
  const bool listens =
      std::any_of(listeners_.begin(), listeners_.end(), [](auto& one) { return one->listens(); });
  return listens && tuple.local.port == local_port_ ? State::kListen : State::kClosed;
}

}  // namespace synfin::stack
