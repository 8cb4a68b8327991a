// What socket calls need of a TCP: the socket layer stands on this, and each TCP that runs inside
// this process implements it. A host is the TCP of one case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "engine/profile.h"
#include "engine/rules.h"
#include "engine/state.h"
#include "engine/time.h"
#include "harness/wire/address.h"

namespace synfin::stack {

// How a connection stands, as its user may ask (RFC 9293 §3.9.1.6, STATUS).
struct TcpStatus {
  State state = State::kClosed;
  std::size_t readable = 0;
  std::size_t readable_before_mark = 0;  // of these, before the mark of urgent text
  bool urgent_pending = false;
  bool at_urgent_mark = false;
  bool peer_closed = false;   // its FIN has been taken
  bool fin_queued = false;    // CLOSE was called
  bool fin_acked = false;     // by the peer
  std::size_t send_room = 0;  // octets
  std::size_t unacked = 0;    // octets in flight or waiting to be sent, SYN and FIN included
  uint16_t effective_mss = 536;
  uint8_t diffserv = 0;  // of the packet that came last (MAY-9)
};

struct KeepAlive {
  bool on = false;
  Duration idle{0};
  Duration interval{0};
  unsigned probes = 0;
};

// What the user settles with IP: fields of the headers of a connection's segments (RFC 9293
// §3.9.2), and whether errors that the network reports become errors of the socket (§3.9.1.8).
struct IpFields {
  uint8_t traffic_class = 0;   // the Diffserv field (MUST-48); ECN's two bits are TCP's own
  std::optional<uint8_t> ttl;  // MUST-49; absent: the stack's own
  bool reports = false;        // SHLD-20
};

// The errno of a connection that the peer has reset, by the state it was in.
int reset_error(State before);

class TcpConnection {
 public:
  virtual ~TcpConnection() = default;

  virtual TcpStatus status() const = 0;
  virtual State state() const = 0;
  // The errno of what has ended the connection, and 0 once it was taken.
  virtual int error() const = 0;
  virtual int take_error() = 0;

  // As Reference has them. After RECEIVE: kOk without an octet is nothing there yet.
  virtual CallStatus send(Time now, std::span<const uint8_t> octets, std::size_t& taken,
                          SendFlags flags) = 0;
  virtual CallStatus receive(Time now, std::span<uint8_t> out, std::size_t& got) = 0;
  virtual void close(Time now, CloseKind kind) = 0;
  virtual void abort(Time now) = 0;

  virtual void set_nagle(bool on) = 0;
  virtual void set_delayed_ack(bool on) = 0;
  virtual void set_user_timeout(Time now, Duration timeout) = 0;
  virtual void set_keepalive(Time now, const KeepAlive& how) = 0;
  virtual void set_ip(const IpFields& fields) = 0;
};

class TcpListener {
 public:
  struct Accepted {
    std::shared_ptr<TcpConnection> tcp;
    wire::FourTuple tuple;
  };

  virtual ~TcpListener() = default;

  virtual void set_backlog(int backlog) = 0;
  // For connections that nobody has accepted yet.
  virtual void set_ip(const IpFields& fields) = 0;
  virtual std::size_t waiting() const = 0;
  // The connection that has waited longest, perhaps reset meanwhile.
  virtual std::optional<Accepted> accept() = 0;
  // It listens no more; connections that nobody has accepted are reset.
  virtual void close(Time now) = 0;
};

// Connections and listeners live on in their host after their sockets are gone, as long as the TCP
// needs them.
class TcpHost {
 public:
  virtual ~TcpHost() = default;

  // Whether the TCP heeds a socket option that speaks of it (level and name as setsockopt() has
  // them). What only concerns the calls themselves is not asked about.
  virtual bool has_option(int level, int option) const = 0;
  // Whether it can send urgent text.
  virtual bool has_urgent() const = 0;
  // A listener on a local port. `profile` must outlive the host. nullptr: the port is taken.
  virtual std::shared_ptr<TcpListener> listen(const wire::Endpoint& local, const Profile& profile,
                                              int backlog) = 0;
  // A connection that is not open yet, so that it can be told of options first.
  // nullptr: there is one between these ends, or there can be none (MUST-46).
  virtual std::shared_ptr<TcpConnection> make(const wire::FourTuple& tuple,
                                              const Profile& profile) = 0;
  virtual void open(Time now, TcpConnection& connection) = 0;
  // Sends what is to go. False when there was nothing.
  virtual bool transmit(Time now) = 0;
  // The socket layer has applied a rule of its own, for hosts that count (engine/clause.h).
  virtual void applied(Clause) {}
};

}  // namespace synfin::stack
