// The BSD socket calls on top of a TCP that runs in this process (tcp_host.h): one for each case.
//
// Where POSIX leaves a choice it does as Linux does, so that one program fits both.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/profile.h"
#include "engine/time.h"
#include "harness/script/flat.h"
#include "harness/stack/stack.h"
#include "harness/stack/tcp_host.h"
#include "harness/wire/address.h"

namespace synfin::stack {

class SocketLayer {
 public:
  // Where the ends of its calls go.
  class Output {
   public:
    virtual ~Output() = default;
    virtual void returned(Ticket ticket, const CallResult& result) = 0;
  };

  // All three must outlive it.
  SocketLayer(const Profile& profile, TcpHost& host, Output& output);

  // `tuple` is what `...` stands for in the addresses of the call.
  void call(Time now, Ticket ticket, const wire::FourTuple& tuple, const script::CallSpec& spec);
  // To be called when something has happened to the host: sends what is to go and ends the calls
  // that can end.
  void settle(Time now);
  // Whether a call is under way.
  bool waits() const { return !calls_.empty(); }
  // When a call that is under way ends by time; kNever where none does.
  Time next_deadline() const;

 private:
  // What options have set, and accept() passes on.
  struct Settings {
    bool reuse_address = false;
    bool nodelay = false;
    bool quickack = false;
    KeepAlive keepalive;
    bool lingers = false;
    Duration linger{0};
    Duration user_timeout{0};
    IpFields ip;
    bool tells_diffserv = false;  // IP_RECVTOS
    // All values as they were given, for getsockopt().
    std::vector<std::pair<std::pair<int, int>, std::vector<uint8_t>>> values;
  };
  // A socket, with or without a descriptor: one that was closed lives on until its TCP is CLOSED.
  struct Socket {
    uint32_t id = 0;
    int fd = -1;
    const Profile* profile = nullptr;
    Profile* own_profile = nullptr;  // once an option has changed it
    std::shared_ptr<TcpConnection> tcp;
    std::shared_ptr<TcpListener> listener;
    std::optional<wire::Endpoint> local;  // bound
    wire::FourTuple tuple;
    bool nonblocking = false;
    bool connecting = false;  // connect() has not been told the end of it
    bool read_shut = false;
    Settings set;
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

  // SO_ERROR
  static int error_of(const Socket& socket);
  static int take_error(Socket& socket);

  // socket_layer.cc
  bool retry_calls(Time now);
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
  static int32_t ready_events(const Socket& socket);
  std::size_t fill(Time now, Socket& socket, std::size_t wanted, CallStatus& status);

  // socket_options.cc
  Done do_setsockopt(Time now, const Call& call, Socket& socket);
  Done do_getsockopt(const Call& call, Socket& socket);
  Done do_fcntl(const Call& call, Socket& socket);
  int set_socket_option(int option, std::span<const uint8_t> value, Socket& socket);
  static int set_ip_option(int option, std::span<const uint8_t> value, Socket& socket);
  int set_tcp_option(Time now, int option, std::span<const uint8_t> value, Socket& socket);
  Profile& own_profile(Socket& socket);

  const Profile& profile_;
  TcpHost& host_;
  Output& output_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::vector<Call> calls_;
  std::list<Profile> profiles_;  // that options have changed; connections point to them
  std::vector<uint8_t> buffer_;  // the data of the call that ends now, or a piece of a write
  uint32_t next_id_ = 1;
};

}  // namespace synfin::stack
