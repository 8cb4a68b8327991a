// A program compiled to flat steps: what the Player executes. No protobuf, no text, no look-ups.
//
// Built once from a proto::Program; immutable while it is played, so many cases may share it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/segment.h"
#include "engine/state.h"
#include "engine/time.h"
#include "harness/script/code.h"
#include "harness/wire/address.h"
#include "harness/wire/packet.h"

namespace synfin::script {

// What a number is counted from; the names are those of the stack under test (RFC 9293 §3.3.1).
enum class Base : uint8_t {
  kLiteral,  // sequence numbers: relative to the sender's ISN; otherwise as it stands
  kIss,
  kIrs,
  kSndUna,
  kSndNxt,
  kSndWnd,
  kSndMaxWnd,
  kRcvNxt,
  kRcvWnd,
  kAbsolute,  // a sequence number as on the wire
};

// base + terms + offset.
struct Number {
  // A name that is added or taken away; kLiteral where there is none.
  struct Term {
    Base base = Base::kLiteral;
    bool minus = false;
  };
  static constexpr std::size_t kMaxTerms = 3;

  Base base = Base::kLiteral;
  std::array<Term, kMaxTerms> terms{};  // only where the base is a name
  int64_t offset = 0;

  bool symbolic() const { return base != Base::kLiteral; }
};

enum class TimeKind : uint8_t {
  kRelative,
  kAbsolute,
  kAny,
  kRelativeRange,
  kAbsoluteRange,
  kTimeout,       // when the retransmission timer runs out, as the judge knows it
  kUntilTimeout,  // from `start` until then
};

struct When {
  TimeKind kind = TimeKind::kRelative;
  Duration start{0};
  Duration end{0};                  // ranges only
  std::optional<Duration> returns;  // blocking calls: when the call returns
};

// One option of a segment to inject or expect.
struct OptionSpec {
  enum class Kind : uint8_t {
    kMss,
    kWindowScale,
    kSackPermitted,
    kSack,
    kTimestamps,
    kNop,
    kEol,
    kRaw
  };
  Kind kind = Kind::kNop;
  uint32_t value = 0;      // MSS, shift, TSval, or raw kind
  uint32_t echo = 0;       // TSecr
  bool echo_last = false;  // injected: echo the stack's last TSval
  bool any_value = false;  // expected: TSval is don't-care
  bool any_echo = false;
  std::optional<uint8_t> raw_length;  // as written on the wire
  std::vector<uint8_t> raw;
  std::vector<std::pair<Number, Number>> sack;
};

struct SegmentSpec {
  Flags flags;
  Number seq;
  uint32_t length = 0;           // octets of text
  std::optional<Number> ack;     // expected: absent is don't-care
  std::optional<Number> window;  // header field; a symbol is octets and is scaled down
  std::optional<uint16_t> urgent;
  std::vector<OptionSpec> options;
  bool any_options = false;  // <...>: as written; options that are not named are not checked
  bool any_seq = false;
  bool any_length = false;
  std::vector<uint8_t> text;  // empty: pattern octets, see pattern()
  wire::Malformation malformation;
  std::optional<uint8_t> ttl;
  std::optional<uint8_t> traffic_class;  // all eight bits: DSCP and ECN
  wire::OptionOctets ip_options;
  // In place of the connection's own addresses; injected only.
  std::optional<wire::Address> source;
  std::optional<wire::Address> destination;

  // Whether it belongs to the connection that it is written for, by its addresses.
  bool strays() const { return source.has_value() || destination.has_value(); }
  uint8_t ecn = 0;  // 0 not named, 1 noecn, 2 ect0, 3 ect1, 4 ce, 5 either ECT (expected only)
};

// An ICMP error to inject, which quotes the stack's own segment.
struct IcmpSpec {
  struct Code {
    uint8_t type = 0;
    uint8_t code = 0;
  };
  std::optional<Code> v4;  // absent: there is no such message in this version
  std::optional<Code> v6;
  std::optional<uint32_t> mtu;
  std::optional<Number> seq;  // of the quoted segment; absent: the first of the connection
  uint32_t length = 0;
};

// The calls that a program can make; the names are those of POSIX.
enum class CallName : uint8_t {
  kSocket,
  kBind,
  kListen,
  kAccept,
  kConnect,
  kRead,
  kWrite,
  kSend,
  kRecv,
  kSendto,
  kRecvfrom,
  kShutdown,
  kClose,
  kSetsockopt,
  kGetsockopt,
  kFcntl,
  kIoctl,
  kPoll,  // the last that every stack has
  kReadv,
  kWritev,
  kSendmsg,
  kRecvmsg,
  kEpollCreate,
  kEpollCtl,
  kEpollWait,
  kPipe,
  kOpen,
  kSplice,
  kSendfile,
};

// One control message of sendmsg() or recvmsg() (cmsg(3)).
struct ControlSpec {
  int32_t level = 0;
  int32_t type = 0;
  std::vector<uint8_t> data;  // as it stands in memory
  // SCM_TIMESTAMPING: when that was, after the start of the program; in place of data.
  std::optional<Duration> stamp;
};

// The parts of readv(), writev(), sendmsg() and recvmsg().
struct MessageSpec {
  bool named = false;            // msg_name: where it goes to, or where the one that came is from
  std::vector<uint32_t> parts;   // octets of each buffer
  std::optional<int32_t> flags;  // recvmsg: msg_flags that are wanted
  std::vector<ControlSpec> control;
  bool check_control = false;  // recvmsg: just these control messages are wanted
};

// A socket call with numbers in place of names. `fd` is the program's number, which the stack maps
// to its own; for socket() and accept() `new_fd` is the number that the program gives the result.
struct CallSpec {
  CallName name = CallName::kSocket;
  int32_t fd = -1;
  int32_t new_fd = -1;
  int32_t flags = 0;   // send/recv flags, shutdown how, fcntl cmd, ioctl request
  int32_t domain = 0;  // socket: as written; the case's IP version replaces AF_INET
  int32_t type = 0;
  int32_t protocol = 0;
  int32_t level = 0;  // setsockopt, getsockopt
  int32_t option = 0;
  int64_t argument = 0;                   // listen backlog, fcntl argument, poll timeout (ms)
  int32_t events = 0;                     // poll, epoll_ctl: of the one descriptor
  std::optional<int32_t> revents;         // poll, epoll_wait: wanted
  int32_t other_fd = -1;                  // epoll_ctl, splice, sendfile, pipe: the second one
  std::vector<uint8_t> data;              // octets to write (empty: pattern), or an option's value
  uint32_t length = 0;                    // octets to write, or room to read into
  std::optional<wire::Endpoint> address;  // absent: `...`, the case's own
  bool own_port = false;                  // of that address: the case's own
  bool blocking = false;                  // written N...M
  bool no_buffer = false;                 // NULL stands for the octets
  bool no_family = false;                 // AF_UNSPEC stands for the address
  MessageSpec message;

  std::optional<int64_t> wanted;  // result; absent: not checked
  int wanted_errno = 0;
  std::vector<uint8_t> wanted_data;  // read: octets; getsockopt: value
  bool check_data = false;
};

enum class StepKind : uint8_t { kInject, kExpect, kIcmp, kCall, kShell, kCode, kWait };

struct Step {
  StepKind kind = StepKind::kWait;
  When when;
  uint16_t connection = 0;  // index into FlatProgram::connections
  uint32_t index = 0;       // into segments, icmps, calls or texts, by kind
  uint32_t line = 0;
  std::optional<State> state;  // `//@ state X`: what the stack's state is once the step is played
};

// A program with shell commands or addresses of its own has a place of its own, laid out as
// packetdrill lays out its: the kernel's own settings, an interface tun0 that takes what a network
// card with segmentation offload would, these addresses.
struct Place {
  bool own = false;
  std::string directory;               // where its commands run
  std::optional<wire::Address> local;  // absent: the stack's choice
  std::optional<wire::Address> remote;
  std::optional<uint32_t> mtu;
  bool whole_segments = false;  // an expected segment does not come in parts
};

struct FlatProgram {
  std::string name;
  std::string file;
  std::vector<std::string> requirements;                   // `//@ requires`
  std::vector<std::pair<std::string, std::string>> needs;  // "sysctl" and "x=y"; "sack" and ""
  std::string profile;                                     // `//@ profile`, empty: the stack's own
  bool ipv4 = true;                                        // `//@ ip 4|6|both` (default both)
  bool ipv6 = true;
  std::vector<std::string> connections;  // labels; at least one, "" for the unnamed
  std::vector<Step> steps;
  std::vector<SegmentSpec> segments;
  std::vector<IcmpSpec> icmps;
  std::vector<CallSpec> calls;
  std::vector<std::string> texts;  // shell commands and code
  // The code's statements, by its index in `texts`; none for what needs Python, and for commands.
  std::vector<std::optional<std::vector<CodeStatement>>> codes;
  uint32_t set_up = 0;  // so many steps at the start are commands that prepare its place
  Place place;
  std::optional<Duration> tolerance;  // `--tolerance_usecs`, in place of the least there is
  Duration shortest{0};               // the sum of its waits: a lower bound of its length
};

// The octet at `position` (0 is the first octet after the SYN) of the text that the harness makes
// up where the program gives only a length; both directions and both stacks use the same.
constexpr uint8_t pattern(uint32_t position) {
  return static_cast<uint8_t>('a' + (position * 7U + (position >> 8U)) % 26U);
}

}  // namespace synfin::script
