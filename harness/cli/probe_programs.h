// The programs that a probe plays. None expects more than a handshake: what comes is measured.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "harness/script/flat.h"
#include "harness/wire/error.h"

namespace synfin::cli {

// What each program is played for.
enum class ProbeKind : uint8_t {
  kOffer,          // a SYN with all options
  kPlain,          // a SYN without any, then much to send: default MSS, initial window
  kBurst,          // the same with an MSS of 1460
  kSynAck,         // no third ACK
  kSyn,            // no answer to the stack's SYN
  kText,           // no ACK of text
  kZeroWindow,     // text, and no window for it
  kFirstAck,       // text right after the handshake
  kDelayedAck,     // text once the stack has sent text, then two full segments
  kInWindowReset,  // many RSTs in the window, but not at RCV.NXT
  kSynInWindow,    // many SYNs on an open connection
  kOutOfWindow,    // many segments outside the window
  kFinWait2,       // no FIN from the peer
  kTimeWait,
};

struct ProbeProgram {
  ProbeKind kind;
  std::string_view name;
  std::shared_ptr<const script::FlatProgram> program;
};

// How many segments a program about a rate limit injects.
inline constexpr unsigned kProbeBurst = 20;

// The sizes of the segments whose ACKs are timed.
inline constexpr unsigned kProbeFirst = 10;
inline constexpr unsigned kProbeLittle = 20;
inline constexpr unsigned kProbeFull = 1460;

// With `whole`, those that need minutes too, and the others wait for the stack's limits.
Result<std::vector<ProbeProgram>> probe_programs(bool whole);

}  // namespace synfin::cli
