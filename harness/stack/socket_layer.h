// The BSD socket calls on top of the reference TCP: one small host for each case.
//
// Where POSIX leaves a choice it does as Linux does, so that one program fits both.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/clause.h"
#include "engine/listener.h"
#include "engine/profile.h"
#include "engine/reference.h"
#include "engine/segment.h"
#include "engine/state.h"
#include "engine/time.h"
#include "harness/script/flat.h"
#include "harness/stack/stack.h"
#include "harness/wire/address.h"
#include "harness/wire/icmp.h"

namespace synfin::stack {

// How a listener knows its peers.
PeerKey key_of(const wire::FourTuple& tuple);
wire::FourTuple tuple_of(const PeerKey& key);

class SocketLayer {
 public:
  // Where its segments and the ends of its calls go.
  class Output {
   public:
    virtual ~Output() = default;
    virtual void send(const wire::FourTuple& tuple, const Segment& segment) = 0;
    virtual void returned(Ticket ticket, const CallResult& result) = 0;
    // An ISS for a new connection (RFC 9293 §3.4.1).
    virtual Seq iss(const wire::FourTuple& tuple) const = 0;
  };

  // `profile`, `coverage` (may be null) and `output` must outlive it.
  SocketLayer(const Profile& profile, ClauseSet* coverage, Output& output);

  void on_segment(Time now, const wire::FourTuple& tuple, const Segment& segment);
  void on_icmp(Time now, const wire::IcmpNotice& notice);
  // `tuple` is what `...` stands for in the addresses of the call.
  void call(Time now, Ticket ticket, const wire::FourTuple& tuple, const script::CallSpec& spec);
  void on_time(Time now);
  Time next_deadline() const;
  State state(const wire::FourTuple& tuple) const;

 private:
  // What options have set, and accept() passes on.
  struct Settings {
    bool reuse_address = false;
    bool nodelay = false;
    bool quickack = false;
    bool keepalive = false;
    bool lingers = false;
    Duration linger{0};
    Duration keepalive_idle{0};
    Duration keepalive_interval{0};
    unsigned keepalive_probes = 0;
    Duration user_timeout{0};
    // All values as they were given, for getsockopt().
    std::vector<std::pair<std::pair<int, int>, std::vector<uint8_t>>> values;
  };
  // A socket, with or without a descriptor: one that was closed lives on until its TCP is CLOSED.
  struct Socket {
    uint32_t id = 0;
    int fd = -1;
    const Profile* profile = nullptr;
    Profile* own_profile = nullptr;  // once an option has changed it
    std::unique_ptr<Reference> tcp;
    std::unique_ptr<Listener> listener;
    std::optional<wire::Endpoint> local;  // bound
    wire::FourTuple tuple;
    bool nonblocking = false;
    bool connecting = false;  // connect() has not been told the end of it
    bool read_shut = false;
    Settings set;
    int error = 0;                // SO_ERROR
    uint32_t written = 0;         // octets that the user has sent so far
    std::vector<uint8_t> peeked;  // taken from the TCP by MSG_PEEK, and not read yet
  };
  // A call under way.
  struct Call {
    Ticket ticket = 0;
    wire::FourTuple tuple;
    const script::CallSpec* spec = nullptr;
    std::unique_ptr<script::CallSpec> copy;  // once it blocks: the caller's may go
    Time started{};
    Time deadline = kNever;
    uint32_t progress = 0;  // octets so far
    uint32_t socket = 0;    // the one it began with
    bool first = true;      // it has not blocked yet
  };
  // How a call ended; nothing while it blocks.
  struct Done {
    int64_t value = 0;
    int error = 0;
    std::span<const uint8_t> data = {};
  };
  using Attempt = std::optional<Done>;

  static Done failed(int error) { return {-1, error, {}}; }

  // socket_layer.cc
  void settle(Time now);
  bool transmit(Time now);
  bool retry_calls(Time now);
  void hear_signals(Socket& socket, State before);
  void answer_closed(Time now, const wire::FourTuple& tuple, const Segment& segment);
  Socket* socket_at(const wire::FourTuple& tuple);
  Socket* listener_at(const wire::Endpoint& local);
  Socket* find(int fd);
  Socket* find_id(uint32_t id);
  Socket& make_socket(int fd, const Profile& profile);
  Attempt attempt(Time now, Call& call);

  // socket_calls.cc
  Done do_socket(const script::CallSpec& spec);
  Done do_bind(const Call& call, Socket& socket);
  Done do_listen(const Call& call, Socket& socket);
  Attempt do_accept(const Call& call, Socket& socket);
  Attempt do_connect(Time now, Call& call, Socket& socket);
  Attempt connect_again(const Call& call, Socket& socket);
  Done do_shutdown(Time now, const Call& call, Socket& socket);
  Attempt do_close(Time now, Call& call, Socket& socket);
  Attempt wait_for_linger(Time now, const Call& call);
  bool address_in_use(const Socket& socket, const wire::Endpoint& local) const;
  void apply_options(Time now, Socket& socket);

  // socket_transfer.cc
  Attempt do_read(Time now, Call& call, Socket& socket);
  Attempt do_write(Time now, Call& call, Socket& socket);
  Attempt do_poll(Time now, Call& call);
  Done do_ioctl(const Call& call, Socket& socket);
  int32_t ready_events(Socket& socket) const;
  std::size_t fill(Time now, Socket& socket, std::size_t wanted, CallStatus& status);

  // socket_options.cc
  Done do_setsockopt(Time now, const Call& call, Socket& socket);
  Done do_getsockopt(const Call& call, Socket& socket);
  Done do_fcntl(const Call& call, Socket& socket);
  int set_socket_option(int option, std::span<const uint8_t> value, Socket& socket);
  int set_tcp_option(Time now, int option, std::span<const uint8_t> value, Socket& socket);
  Profile& own_profile(Socket& socket);

  const Profile& profile_;
  ClauseSet* coverage_;
  Output& output_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::vector<Call> calls_;
  std::deque<Profile> profiles_;  // that options have changed; connections point to them
  std::vector<uint8_t> buffer_;   // the data of the call that ends now
  uint32_t next_id_ = 1;
};

}  // namespace synfin::stack
