// One event-driven interface for every TCP under the harness, in real or virtual time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/state.h"
#include "engine/time.h"
#include "harness/script/flat.h"
#include "harness/wire/address.h"
#include "harness/wire/error.h"

namespace synfin::stack {

// A case under way. Numbers are not reused while a stack lives.
using CaseId = uint32_t;
// A call under way.
using Ticket = uint64_t;

// What the results say of where they come from.
struct Identity {
  std::string name;                             // "linux"
  std::string version;                          // "6.18.44"
  std::string kernel;                           // uname -r of what runs the process
  std::string link;                             // "veth", "tun", "call"
  std::string privilege;                        // "root", "rootless", ""
  std::map<std::string, std::string> settings;  // sysctls, offloads: all that a namespace sets
};

struct Traits {
  bool virtual_time = false;
  // How long after the last stimulus silence means that nothing comes (DESIGN.md, Stacks).
  Duration quiet_time{0};
  // How exactly the stack's own timers keep their time: TIME-WAIT, retransmission.
  double timer_slack = 0.0;     // as a share of the time
  Duration timer_slack_min{0};  // and at least this
  // A case begins at a multiple of this on the stack's clock, so that timers which all connections
  // share stand the same to each case, whatever else is played; 0: at any time.
  Duration start_step{0};
  bool ipv6 = true;
  // recv(MSG_OOB) gives the urgent octet. RFC 9293 §3.8.5 has no such thing: urgent text is in
  // line.
  bool out_of_band = false;
  std::size_t max_open_cases = 0;  // 0: no limit
  // It may come to its end without the harness: whether it outlived a close() is told by the next
  // run_until().
  bool mortal = false;
  // Why no case can have a place of its own (script::Place); empty where it can.
  std::string no_own_places = "the stack does not have that";
  bool goes_first = false;  // plays there go before other work of the machine
  bool all_calls = false;   // also those that not every plain socket has (script::CallName)
  // Whether there is a socket option, by level and name; null: all that there are.
  bool (*has_option)(int level, int option) = nullptr;
  // Options of TCP that it does not offer, as `//@ needs` names them: cases about them are skipped.
  std::vector<std::string_view> lacks{};
  // The one profile of a stack that does not take others: cases made for others are skipped.
  std::string only_profile{};
};

// What a case needs of its surroundings.
struct CaseNeeds {
  bool ipv6 = false;
  unsigned connections = 1;
  // Sysctls that differ from what every namespace sets: such a case gets a namespace of its own.
  std::vector<std::pair<std::string, std::string>> sysctls{};
  script::Place place{};
};

struct CallResult {
  int64_t value = 0;              // as the call returns it; new descriptors by the program's number
  int error = 0;                  // errno, when value is -1
  std::span<const uint8_t> data;  // octets read, or an option's value; valid during on_return
};

// Receives what happens. Times are on the stack's own clock (Stack::now).
class Sink {
 public:
  virtual ~Sink() = default;
  // The stack sent an IP packet that belongs to the case.
  virtual void on_packet(CaseId id, Time at, std::span<const uint8_t> packet) = 0;
  virtual void on_return(CaseId id, Ticket ticket, Time at, const CallResult& result) = 0;
  // The harness lost its hold of this case: its verdict is ERROR.
  virtual void on_broken(CaseId id, const Error& error) = 0;
  // This case was the end of the stack: a crash, a failed assertion, a hang.
  virtual void on_crashed(CaseId id, const Error& error) { on_broken(id, error); }
  // The stack has ended, perhaps through the fault of another case: it has to be played again.
  virtual void on_lost(CaseId id, const Error& error) { on_broken(id, error); }
};

class Stack {
 public:
  virtual ~Stack() = default;

  virtual const Identity& identity() const = 0;
  virtual const Traits& traits() const = 0;

  // Whether there is room for another case now.
  virtual bool may_open() const { return true; }
  // A remote address and a local port of its own for one case.
  virtual Result<CaseId> open(const CaseNeeds& needs) = 0;
  // The addresses of the case's connection number `connection` (0 is the first).
  virtual wire::FourTuple address(CaseId id, unsigned connection) const = 0;

  // The time now on the stack's clock; starts near zero.
  virtual Time now() = 0;

  // Gives the stack an IP packet. Returns the time at which it was given.
  virtual Result<Time> inject(CaseId id, std::span<const uint8_t> packet) = 0;
  // Starts a call; its end comes through Sink::on_return (possibly during the next run_until, also
  // when it ends at once). A call that blocks does not hold up anything else.
  virtual Ticket start(CaseId id, unsigned connection, const script::CallSpec& call) = 0;
  // Delivers what has happened and lets time pass until `until`. Returns when that time has come,
  // or earlier once something was delivered, so that the caller can react. With until <= now() it
  // only delivers what is already there and never waits.
  virtual void run_until(Time until, Sink& sink) = 0;

  // The state of the connection as the stack itself reports it; kClosed when it knows of none.
  // A listener that is still there for a passive connection reads as kListen.
  virtual Result<State> snapshot(CaseId id, unsigned connection) = 0;
  // Ends the case: closes its descriptors, resets what is left of its connections.
  virtual void close(CaseId id) = 0;

  // Puts the calling thread, and with it the commands that it starts, where the case's stack is:
  // what they change there changes nothing else. An error where there is no such place.
  virtual Result<void> enter(CaseId) {
    return fail("shell commands need a stack with a network namespace of its own");
  }

  // A field of Linux's struct tcp_info, of the socket that the case's connection has: "tcpi_rtt".
  // Nothing where the stack does not tell it.
  virtual std::optional<int64_t> tcp_info(CaseId, unsigned connection, const std::string& field) {
    (void)connection;
    (void)field;
    return std::nullopt;
  }

  // Packets that the way between harness and stack has lost so far (not what the stack refused).
  virtual uint64_t dropped() { return 0; }
};

}  // namespace synfin::stack
