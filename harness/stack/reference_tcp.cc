#include "harness/stack/reference_tcp.h"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "harness/stack/case_address.h"

namespace synfin::stack {
namespace {

// How a listener knows its peers.
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

int error_of(Signal signal, State before) {
  switch (signal) {
    case Signal::kConnectionRefused:
    case Signal::kHardError:
      return ECONNREFUSED;
    case Signal::kConnectionReset:
      return reset_error(before);
    case Signal::kUserTimeout:
      return ETIMEDOUT;
    case Signal::kEstablished:
    case Signal::kConnectionClosing:
    case Signal::kSoftError:
    case Signal::kDeliveryTrouble:
    case Signal::kUrgent:
      break;
  }
  return 0;
}

}  // namespace

bool reference_has_option(int level, int option) {
  if (level == IPPROTO_IP) {
    return option == IP_TOS || option == IP_TTL || option == IP_RECVERR || option == IP_RECVTOS ||
           option == IP_PKTOPTIONS;
  }
  if (level == IPPROTO_IPV6) {
    return option == IPV6_TCLASS || option == IPV6_UNICAST_HOPS || option == IPV6_RECVERR;
  }
  return true;
}

class ReferenceTcp::Connection final : public TcpConnection {
 public:
  Connection(std::unique_ptr<Reference> engine, const wire::FourTuple& ends)
      : tcp(std::move(engine)), tuple(ends) {}

  State state() const override { return tcp->state(); }
  TcpStatus status() const override {
    const Rules& rules = tcp->rules();
    const SendSequence& snd = rules.tcb().snd;
    TcpStatus out;
    out.state = rules.state();
    out.readable = rules.readable();
    out.readable_before_mark = rules.readable_before_mark();
    out.urgent_pending = told_of_urgent_ && rules.urgent_pending();
    out.at_urgent_mark = rules.at_urgent_mark();
    out.peer_closed = rules.peer_closed();
    out.fin_queued = rules.fin_queued();
    out.fin_acked = rules.fin_acked();
    out.send_room = rules.send_room();
    out.unacked = Seq::distance(snd.una, snd.nxt) + rules.unsent();
    out.effective_mss = rules.effective_mss();
    out.diffserv = tcp->received_diffserv();
    return out;
  }
  int error() const override { return error_; }
  int take_error() override { return std::exchange(error_, 0); }

  CallStatus send(Time now, std::span<const uint8_t> octets, std::size_t& taken,
                  SendFlags flags) override {
    return tcp->send(now, octets, taken, flags);
  }
  CallStatus receive(Time now, std::span<uint8_t> out, std::size_t& got) override {
    return tcp->receive(now, out, got);
  }
  void close(Time now, CloseKind kind) override { tcp->close(now, kind); }
  void abort(Time now) override { tcp->abort(now); }

  void set_nagle(bool on) override { tcp->set_nagle(on); }
  void set_delayed_ack(bool on) override { tcp->set_delayed_ack(on); }
  void set_user_timeout(Time now, Duration timeout) override {
    tcp->set_user_timeout(now, timeout);
  }
  void set_keepalive(Time now, const KeepAlive& how) override {
    tcp->set_keepalive(now, how.on, how.idle, how.interval, how.probes);
  }

  void set_ip(const IpFields& fields) override {
    if (fields.traffic_class != ip.traffic_class) {
      tcp->rules().hit(is_synchronized(state()) ? Clause::kShld21 : Clause::kMust48);
    }
    ip = fields;
  }

  // Keeps the error that the engine tells of; `before` is the state it was in.
  void hear(State before) {
    while (const auto signal = tcp->poll_signal()) {
      if (const int error = error_of(*signal, before); error != 0) error_ = error;
      if (*signal == Signal::kSoftError) report();
      told_of_urgent_ = told_of_urgent_ || *signal == Signal::kUrgent;
    }
  }

  std::unique_ptr<Reference> tcp;
  wire::FourTuple tuple;
  IpFields ip;

 private:
  // §3.9.1.8: MUST-47, but SHLD-20.
  void report() {
    if (ip.reports) {
      error_ = EHOSTUNREACH;
    } else {
      tcp->rules().hit(Clause::kShld20);
    }
  }

  int error_ = 0;  // SO_ERROR
  bool told_of_urgent_ = false;
};

class ReferenceTcp::Listening final : public TcpListener {
 public:
  Listening(ReferenceTcp& owner, const wire::Endpoint& end, const Profile& profile, int backlog)
      : local(end), listener(profile, backlog, owner.coverage_), host_(owner) {}

  void set_backlog(int backlog) override { listener.set_backlog(backlog); }
  void set_ip(const IpFields& fields) override { ip = fields; }
  std::size_t waiting() const override { return listener.waiting(); }
  std::optional<Accepted> accept() override {
    PeerKey peer;
    auto tcp = listener.accept(peer);
    if (tcp == nullptr) return std::nullopt;
    auto child = std::make_shared<Connection>(std::move(tcp), tuple_of(peer));
    child->hear(State::kEstablished);
    host_.connections_.push_back(child);
    return Accepted{child, child->tuple};
  }
  void close(Time now) override {
    listener.close(now);
    closed = true;
  }

  wire::Endpoint local;
  Listener listener;
  IpFields ip;
  bool closed = false;

 private:
  ReferenceTcp& host_;
};

ReferenceTcp::ReferenceTcp(const Profile& profile, ClauseSet* coverage, Network& network)
    : profile_(profile), coverage_(coverage), network_(network) {}

ReferenceTcp::~ReferenceTcp() = default;

// --- for the socket layer ------------------------------------------------------------------------

bool ReferenceTcp::has_option(int level, int option) const {
  return reference_has_option(level, option);
}

ReferenceTcp::Connection* ReferenceTcp::connection_at(const wire::FourTuple& tuple) const {
  for (const auto& connection : connections_) {
    if (connection->state() != State::kClosed && connection->tuple == tuple) {
      return connection.get();
    }
  }
  return nullptr;
}

ReferenceTcp::Listening* ReferenceTcp::listener_at(const wire::Endpoint& local) const {
  for (const auto& listening : listeners_) {
    if (!listening->closed && listening->local.port == local.port) return listening.get();
  }
  return nullptr;
}

std::shared_ptr<TcpListener> ReferenceTcp::listen(const wire::Endpoint& local,
                                                  const Profile& profile, int backlog) {
  if (listener_at(local) != nullptr) return nullptr;
  for (const auto& connection : connections_) {
    if (connection->state() == State::kClosed || connection->tuple.local.port != local.port) {
      continue;
    }
    cover(coverage_, Clause::kMust41);  // they go on as they are
    if (!is_synchronized(connection->state())) cover(coverage_, Clause::kMust42);
  }
  return listeners_.emplace_back(std::make_shared<Listening>(*this, local, profile, backlog));
}

std::shared_ptr<TcpConnection> ReferenceTcp::make(const wire::FourTuple& tuple,
                                                  const Profile& profile) {
  if (!wire::names_one_host(tuple.remote.address)) {
    cover(coverage_, Clause::kMust46);
    return nullptr;
  }
  const State here = state(tuple);  // of one that waits for accept() as well
  if (here != State::kClosed && here != State::kListen) {
    cover(coverage_, Clause::kSmOpen3);
    return nullptr;
  }
  auto engine = std::make_unique<Reference>(profile, coverage_);
  return connections_.emplace_back(std::make_shared<Connection>(std::move(engine), tuple));
}

void ReferenceTcp::open(Time now, TcpConnection& connection) {
  for (const auto& mine : connections_) {
    if (mine.get() != &connection) continue;
    mine->tcp->set_timestamp_offset(network_.timestamp_offset(mine->tuple));
    mine->tcp->open_active(now, network_.iss(mine->tuple));
  }
}

bool ReferenceTcp::transmit(Time now) {
  bool any = false;
  Segment segment;
  for (const auto& connection : connections_) {
    while (connection->tcp->poll_transmit(now, segment)) {
      network_.send(connection->tuple, segment, connection->ip);
      any = true;
    }
  }
  PeerKey peer;
  for (const auto& listening : listeners_) {
    while (listening->listener.poll_transmit(now, peer, segment)) {
      network_.send(tuple_of(peer), segment, listening->ip);
      any = true;
    }
  }
  std::erase_if(connections_, [](const auto& one) { return one->state() == State::kClosed; });
  std::erase_if(listeners_, [](const auto& one) { return one->closed; });
  return any;
}

// --- segments and time ---------------------------------------------------------------------------

State ReferenceTcp::state(const wire::FourTuple& tuple) const {
  if (const Connection* found = connection_at(tuple); found != nullptr) return found->state();
  const Listening* listening = listener_at(tuple.local);
  if (listening == nullptr) return State::kClosed;
  const State child = listening->listener.state(key_of(tuple)).value_or(State::kClosed);
  return child != State::kClosed ? child : State::kListen;
}

void ReferenceTcp::visit(const std::function<void(const Reference&)>& visitor) const {
  for (const auto& connection : connections_) visitor(*connection->tcp);
  for (const auto& listening : listeners_) listening->listener.visit(visitor);
}

void ReferenceTcp::on_segment(Time now, const wire::FourTuple& tuple, const Segment& segment) {
  Listening* listening = listener_at(tuple.local);
  Seq iss = listening != nullptr ? network_.iss(tuple) : Seq(0);
  std::unique_ptr<Reference> lingering;
  if (Connection* found = connection_at(tuple); found != nullptr) {
    const bool room = listening != nullptr && listening->listener.has_room();
    if (!room || !found->tcp->rules().reopens_time_wait(segment)) {
      const State before = found->state();
      found->tcp->on_segment(now, segment, {.syn = room});
      return found->hear(before);
    }
    // MAY-2: the listener takes over, with an ISS beyond all that was used before.
    replace(*found);
    lingering = std::exchange(found->tcp, std::make_unique<Reference>(profile_, coverage_));
    const Seq used = lingering->rules().tcb().snd.nxt;
    if (!iss.after(used)) iss = used + 65537;
  }
  if (listening == nullptr) return answer_closed(now, tuple, segment);
  lingering = listening->listener.on_segment(now, key_of(tuple), segment, iss, std::move(lingering),
                                             network_.timestamp_offset(tuple));
  if (lingering != nullptr) bring_back(now, tuple, std::move(lingering));
}

void ReferenceTcp::replace(const Connection& connection) {
  std::erase_if(replaced_, [](const auto& one) { return one.expired(); });
  for (const auto& one : connections_) {
    if (one.get() == &connection) replaced_.push_back(one);
  }
}

void ReferenceTcp::bring_back(Time now, const wire::FourTuple& tuple,
                              std::unique_ptr<Reference> lingering) {
  lingering->on_time(now);
  // The newest: an older one was not in TIME-WAIT any more when it came.
  const auto found = std::find_if(replaced_.rbegin(), replaced_.rend(), [&](const auto& each) {
    const std::shared_ptr<Connection> one = each.lock();
    return one != nullptr && one->tuple == tuple;
  });
  if (found != replaced_.rend()) {
    const std::shared_ptr<Connection> one = found->lock();
    one->tcp = std::move(lingering);
    if (std::find(connections_.begin(), connections_.end(), one) == connections_.end()) {
      connections_.push_back(one);
    }
    return;
  }
  connections_.push_back(std::make_shared<Connection>(std::move(lingering), tuple));
}

// Half-open connections of a listener are not told: nobody waits for them.
void ReferenceTcp::on_icmp(Time now, const wire::IcmpNotice& notice) {
  Connection* found = connection_at(notice.about);
  if (found == nullptr) return;
  const State before = found->state();
  found->tcp->on_icmp(now, notice.error, notice.seq);
  found->hear(before);
}

void ReferenceTcp::answer_closed(Time now, const wire::FourTuple& tuple, const Segment& segment) {
  Reference closed(profile_, coverage_);
  closed.on_segment(now, segment);
  Segment answer;
  while (closed.poll_transmit(now, answer)) network_.send(tuple, answer, {});
}

void ReferenceTcp::on_time(Time now) {
  for (const auto& connection : connections_) {
    if (connection->tcp->next_deadline() > now) continue;
    const State before = connection->state();
    connection->tcp->on_time(now);
    connection->hear(before);
  }
  for (const auto& listening : listeners_) listening->listener.on_time(now);
}

Time ReferenceTcp::next_deadline() const {
  Time earliest = kNever;
  for (const auto& connection : connections_) {
    earliest = std::min(earliest, connection->tcp->next_deadline());
  }
  for (const auto& listening : listeners_) {
    earliest = std::min(earliest, listening->listener.next_deadline());
  }
  return earliest;
}

}  // namespace synfin::stack
