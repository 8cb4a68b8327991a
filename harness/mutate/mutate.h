// Programs changed by their structure: what comes out is a program that compiles, prints to text
// and means something, where random octets would be none.
//
// Deterministic: a seed and a program give one program.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "harness/mutate/chance.h"
#include "harness/proto/program.pb.h"

namespace synfin::mutate {

// What was changed.
enum class Change : uint8_t {
  kFlags,
  kBase,     // of a number: what it counts from, or a name added to it
  kOffset,   // of a number, by 1
  kOptions,  // one more, one less, another, or one changed
  kLength,   // of a segment's text
  kHeader,   // window, urgent pointer, ECN, what is malformed
  kCall,     // another call, or another argument
  kWait,     // the time before a step
  kInsert,   // a new step
  kDrop,
  kRepeat,
  kSwap,
  kSplice,  // a run of steps copied to another place
};
inline constexpr std::size_t kChanges = 13;

constexpr std::string_view to_string(Change change) {
  constexpr std::array<std::string_view, kChanges> kNames = {
      "flags", "base",   "offset", "options", "length", "header", "call",
      "wait",  "insert", "drop",   "repeat",  "swap",   "splice"};
  return kNames[static_cast<std::size_t>(change)];
}

// No program grows beyond this.
inline constexpr int kMostSteps = 48;

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : chance_(seed) {}

  // A new program.
  proto::Program make();
  // Changes one thing. An empty program becomes a new one (kInsert).
  Change mutate(proto::Program& program);
  // `program` becomes a part of itself and a part of `other`.
  void cross(proto::Program& program, const proto::Program& other);

 private:
  bool apply(Change change, proto::Program& program);

  Chance chance_;
};

// Names the program `fuzz` and cuts it to the bounds above. Drops what only people read, and calls
// on descriptors that are not open. Takes names from numbers that have no value yet where they
// stand (no SND.NXT before the stack has sent a SYN).
void mend(proto::Program& program);

}  // namespace synfin::mutate
