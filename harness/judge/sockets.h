// What a program's socket calls mean to its connections: the calls of POSIX as those of RFC 9293.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "harness/judge/shadow.h"
#include "harness/play/trace.h"
#include "harness/script/flat.h"

namespace synfin::judge {

class Sockets {
 public:
  Sockets(const Profile& profile, std::vector<std::unique_ptr<Shadow>>& shadows)
      : profile_(&profile), shadows_(&shadows) {}

  // A case begins: all shadows are of connections that nobody has opened.
  void begin();
  void call_starts(Time now, const script::CallSpec& call, uint16_t connection);
  void call_returns(Time now, const script::CallSpec& call, uint16_t connection, int64_t value,
                    int error, std::span<const uint8_t> data);
  // A connection came into being at a listener and waits for accept().
  void ready(uint16_t connection);
  // What the listener's queues have room for, by the usual size of such queues.
  Admission admission(uint16_t connection) const;
  // Whether more than half of the listener's SYN queue is taken (Profile::crowded_syn_ack_retries).
  bool is_crowded() const;

 private:
  struct Socket {
    enum class Kind : uint8_t { kFresh, kListening, kConnected };
    Kind kind = Kind::kFresh;
    uint16_t connection = 0;
    unsigned incarnation = 0;
    int64_t backlog = 0;
    unsigned writing = 0;         // writes that have not returned
    std::size_t offered = 0;      // octets that the shadow took for the write under way
    bool read_shut = false;       // shutdown(SHUT_RD): the end of text is of the user's own making
    bool reset_on_close = false;  // SO_LINGER {1, 0}
    bool keepalive = false;
    std::optional<Duration> keepalive_idle;  // TCP_KEEPIDLE
    bool tight = false;                      // a small SO_RCVBUF
  };
  struct Descriptor {
    int32_t fd = 0;
    unsigned under_way = 0;  // calls that have not returned
    std::optional<Socket> socket;
  };
  struct Connection {
    unsigned ready = 0;    // the last incarnation that got to accept()
    uint32_t written = 0;  // octets that its present user has written
  };

  void close_starts(Time now, int32_t fd);
  void write_starts(Time now, const script::CallSpec& call);
  void write_returns(const script::CallSpec& call, int64_t value);
  void read_returns(Time now, const script::CallSpec& call, int64_t value, int error,
                    std::span<const uint8_t> data);
  void accept_returns(int64_t value, uint16_t connection);
  void set_option(Time now, const script::CallSpec& call);
  void tell_options(int32_t fd);
  // Those of the others move when a new one comes.
  Descriptor& descriptor(int32_t fd);
  Socket* find(int32_t fd);
  Socket& make(int32_t fd);  // or the one that is there
  Shadow* connected(int32_t fd);
  const Socket* listening() const;
  std::size_t count_half_open() const;

  std::vector<Descriptor>::iterator place_of(int32_t fd);

  const Profile* profile_;
  std::vector<std::unique_ptr<Shadow>>* shadows_;
  std::vector<Descriptor> descriptors_;  // in their order
  std::vector<Connection> connections_;
  // A connection that waits for accept(), dead or alive.
  struct Waiting {
    uint16_t connection = 0;
    unsigned incarnation = 0;
  };
  std::vector<Waiting> accept_queue_;
  std::vector<uint8_t> pattern_;  // what a write sends that names no octets of its own
};

}  // namespace synfin::judge
