// The atlas of a stack: what it does in every state with every segment, as plain values.
//
// All numbers are relative, so that equal behaviours are equal whatever the ISNs were. File form:
// atlas/file.h. What a cell did, as the events that a judge can follow: atlas/replay.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/segment.h"
#include "engine/state.h"
#include "engine/time.h"
#include "harness/atlas/classes.h"
#include "harness/proto/result.pb.h"

namespace synfin::atlas {

// What a number of a segment is told from. The names are those of the stack under test, and hold
// what they held when the set-up was done; SEG is the segment that was injected.
enum class Base : uint8_t {
  kZero,  // the number itself
  kIss,
  kSndUna,
  kSndNxt,
  kIrs,
  kRcvNxt,
  kSegSeq,
  kSegEnd,  // SEG.SEQ+SEG.LEN
  kSegAck,
  kNewIss,  // of a SYN that the stack sent in answer to the segment
};
inline constexpr std::size_t kBases = 10;

struct Number {
  Base base = Base::kZero;
  int32_t offset = 0;
  friend bool operator==(const Number&, const Number&) = default;
};

// A segment as its header has it. In an answer each number has the name that the rules would give
// it (of a RST: SEG.ACK, SEG.SEQ+SEG.LEN; of others: SND.NXT, RCV.NXT) where that is its value, and
// another where it is not. In the events of a set-up they count from ISS and IRS.
struct Wire {
  Flags flags;
  Number seq;
  Number ack;  // of a segment with ACK
  uint16_t window = 0;
  uint16_t urgent = 0;
  uint32_t length = 0;  // octets of text
  // As on the wire, but that a TSval of the stack, which is a time, is zero, and its SACK blocks
  // count from IRS.
  std::vector<uint8_t> options;
  std::vector<uint8_t> text;  // where it is not the pattern that it should be
  uint8_t reserved = 0;
  bool bad_checksum = false;
  friend bool operator==(const Wire&, const Wire&) = default;
};

// What the API says at the end. Of no call nothing is known: no descriptor was left to ask.
struct Api {
  struct Outcome {
    int64_t value = 0;
    int error = 0;  // errno, where value is -1
    friend bool operator==(const Outcome&, const Outcome&) = default;
  };
  std::optional<Outcome> accept;  // of the listener, where the set-up accepts nothing: 0 or -1
  std::optional<Outcome> read;    // octets that were readable; 0: the end of text; or an error
  bool other_text = false;        // octets that the peer did not send there
  friend bool operator==(const Api&, const Api&) = default;
};

// All that a stack does about one segment.
struct Behaviour {
  std::vector<Wire> answers;   // until the quiet time, without retransmissions of earlier text
  unsigned other_packets = 0;  // that are not TCP, or cannot be read
  State state = State::kClosed;
  Api api;
  // The stack itself came to an end: its last words. Nothing else holds then but the answers.
  std::string broken;
  friend bool operator==(const Behaviour&, const Behaviour&) = default;
};

// The variables of the connection once the set-up is done (RFC 9293 §3.3.1).
struct Variables {
  bool iss_known = false;    // else nothing of SND holds
  uint32_t snd_una = 0;      // counted from ISS
  uint32_t snd_nxt = 0;      // counted from ISS
  uint32_t snd_wnd = 0;      // octets
  uint32_t snd_max_wnd = 0;  // octets
  bool irs_known = false;    // else nothing of RCV holds
  uint32_t rcv_nxt = 0;      // counted from IRS
  uint32_t rcv_wnd = 0;      // octets
  friend bool operator==(const Variables&, const Variables&) = default;
};

// Something that happened while a set-up was played. No times: a set-up takes none, but for its
// own waits.
struct Happening {
  enum class Kind : uint8_t { kInjected, kSent, kCallStart, kCallReturn, kState };
  Kind kind = Kind::kInjected;
  uint32_t step = 0;
  Wire wire;          // kInjected, kSent
  int64_t value = 0;  // kCallReturn
  int error = 0;
  State state = State::kClosed;  // kState
  friend bool operator==(const Happening&, const Happening&) = default;
};

// The segment of a cell, by its classes.
struct Cell {
  uint8_t flags = 0;  // URG ACK PSH RST SYN FIN
  SeqClass seq = SeqClass::kAny;
  AckClass ack = AckClass::kNone;
  PayloadClass payload = PayloadClass::kEmpty;
  EcnClass ecn = EcnClass::kNone;
  OptionClass options = OptionClass::kNone;
  friend bool operator==(const Cell&, const Cell&) = default;
};

inline constexpr uint32_t kNotPlayed = UINT32_MAX;

// What was found out about one cell.
struct Entry {
  uint32_t behaviour = kNotPlayed;  // index into Atlas::behaviours
  // Played again because it came out otherwise than before (on real kernels only).
  bool again = false;
  friend bool operator==(const Entry&, const Entry&) = default;
};

struct SetUp {
  std::string id;                // "ESTABLISHED", "FIN-WAIT-1 by close()": see set_ups.h
  State state = State::kClosed;  // which it is to bring about
  std::string program;           // .pkt text, as it was played on this stack
  bool reached = false;
  std::string why;  // what happened, where the state was not reached
  std::vector<Happening> events;
  Variables variables;
  // One for each of cells_of(variables, with), in that order; none where it was not reached.
  std::vector<Entry> entries;
  friend bool operator==(const SetUp&, const SetUp&) = default;
};

// More than there are; each may have some 100,000 cells, however few octets of a file tell what
// they do.
inline constexpr std::size_t kMostSetUps = 64;

struct Atlas {
  proto::Provenance provenance;  // without what would make it differ from run to run
  bool ipv6 = false;
  With with;
  Duration quiet_time{0};  // that was waited for answers
  std::vector<SetUp> set_ups;
  std::vector<Behaviour> behaviours;  // distinct ones, in the order in which cells name them
};

}  // namespace synfin::atlas
