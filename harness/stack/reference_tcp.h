// The TCP of one case of the reference stack: its connections and listeners.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/clause.h"
#include "engine/listener.h"
#include "engine/profile.h"
#include "engine/reference.h"
#include "engine/segment.h"
#include "harness/stack/tcp_host.h"
#include "harness/wire/icmp.h"

namespace synfin::stack {

// As TcpHost::has_option().
bool reference_has_option(int level, int option);

class ReferenceTcp final : public TcpHost {
 public:
  // Where segments go and ISSs come from.
  class Network {
   public:
    virtual ~Network() = default;
    virtual void send(const wire::FourTuple& tuple, const Segment& segment, const IpFields& ip) = 0;
    // An ISS for a new connection (RFC 9293 §3.4.1).
    virtual Seq iss(const wire::FourTuple& tuple) const = 0;
    // Where the timestamps of a connection begin (RFC 7323 §5.4); always the same for one 4-tuple.
    virtual uint32_t timestamp_offset(const wire::FourTuple& tuple) const = 0;
  };

  // `profile`, `coverage` (may be null) and `network` must outlive it.
  ReferenceTcp(const Profile& profile, ClauseSet* coverage, Network& network);
  ~ReferenceTcp() override;

  bool has_option(int level, int option) const override;
  bool has_urgent() const override { return true; }
  std::shared_ptr<TcpListener> listen(const wire::Endpoint& local, const Profile& profile,
                                      int backlog) override;
  std::shared_ptr<TcpConnection> make(const wire::FourTuple& tuple,
                                      const Profile& profile) override;
  void open(Time now, TcpConnection& connection) override;
  bool transmit(Time now) override;
  void applied(Clause clause) override { cover(coverage_, clause); }

  void on_segment(Time now, const wire::FourTuple& tuple, const Segment& segment);
  void on_icmp(Time now, const wire::IcmpNotice& notice);
  void on_time(Time now);
  Time next_deadline() const;
  State state(const wire::FourTuple& tuple) const;
  // Shows every connection, of listeners too.
  void visit(const std::function<void(const Reference&)>& visitor) const;

 private:
  class Connection;
  class Listening;

  Connection* connection_at(const wire::FourTuple& tuple) const;
  Listening* listener_at(const wire::Endpoint& local) const;
  void replace(const Connection& connection);
  void bring_back(Time now, const wire::FourTuple& tuple, std::unique_ptr<Reference> lingering);
  void answer_closed(Time now, const wire::FourTuple& tuple, const Segment& segment);

  const Profile& profile_;
  ClauseSet* coverage_;
  Network& network_;
  std::vector<std::shared_ptr<Connection>> connections_;
  // Those that a SYN in TIME-WAIT has replaced, as long as a descriptor stands for them: MAY-2 (2)
  // gives them their TIME-WAIT back.
  std::vector<std::weak_ptr<Connection>> replaced_;
  std::vector<std::shared_ptr<Listening>> listeners_;
};

}  // namespace synfin::stack
