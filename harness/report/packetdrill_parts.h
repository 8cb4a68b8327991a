// The parts of for_packetdrill().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/segment.h"
#include "harness/proto/program.pb.h"
#include "harness/script/flat.h"
#include "harness/wire/codec.h"
#include "harness/wire/error.h"

namespace synfin::report {

// What packetdrill has no words for in a step as it is written; empty when there is nothing.
std::string unsayable(const proto::Step& step);

// The call in packetdrill's words, without its result. `spec` is the same call.
proto::Call packetdrill_call(const proto::Call& call, const script::CallSpec& spec);

// What the numbers of packetdrill's script count from. It knows one connection, by what its script
// injected and expected: the number of a SYN stands for itself, all others count from the ISNs.
class PacketdrillNumbers {
 public:
  // connect() is called.
  void connects() { active_ = true; }
  // A segment that is injected now. `written`: its number in the program, where that is a literal;
  // `absolute`: that is the number on the wire.
  void injected(const Segment& segment, uint32_t written, bool absolute);
  // A segment that is expected now; an error when packetdrill would not follow it.
  Result<void> sent(const Segment& segment);

  // The peer's numbers, in segments with and without SYN.
  uint32_t peer(uint32_t number, bool syn) const;
  // Those of the stack. An ISS that is not known yet counts as 0.
  uint32_t own(uint32_t number) const { return number - iss_.value_or(0); }

  // TSvals of the stack, which packetdrill compares by their distance from the first.
  uint32_t timestamp(uint32_t value);
  // What an injected segment echoes; packetdrill takes only what its script has seen.
  std::optional<uint32_t> echo(uint32_t value) const;

 private:
  bool active_ = false;
  bool answered_ = false;         // an active open, by a SYN,ACK
  std::optional<uint32_t> zero_;  // the number on the wire that is 0 in a SYN
  uint32_t isn_ = 0;              // the peer's, as packetdrill has it, from there
  std::optional<uint32_t> iss_;
  std::vector<std::pair<uint32_t, uint32_t>> timestamps_;  // on the wire, and in the script
};

// The whole segment as it came or went, with all its options: packetdrill compares each field.
Result<proto::Segment> packetdrill_segment(const wire::Decoded& packet, bool injected,
                                           PacketdrillNumbers* numbers);

}  // namespace synfin::report
