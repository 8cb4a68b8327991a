// A pair: the reference as the live peer of another stack, with real transfers and closes in both
// directions over a network that may lose, repeat and reorder. The stack is judged all the while,
// unless the network makes segments cross: then the order in which it handled them is not known.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/profile.h"
#include "harness/judge/divergence.h"
#include "harness/stack/stack.h"
#include "harness/wire/error.h"

namespace synfin::judge {

struct PairOptions {
  double loss = 0.0;  // share of the packets, each way
  double repeat = 0.0;
  double reorder = 0.0;        // held back for a moment
  uint32_t octets = 1U << 20;  // each way
  uint64_t seed = 1;
  bool ipv6 = false;
  Duration patience = std::chrono::minutes(5);
};

// One conversation of the pair.
struct Conversation {
  std::string name;  // "linux opens, reference closes first"
  bool stack_opens = false;
  bool stack_closes_first = false;

  bool whole = false;     // both streams arrived octet by octet, and both ends saw the end
  std::string trouble;    // what went wrong; empty when nothing did
  uint32_t to_stack = 0;  // octets that arrived
  uint32_t to_reference = 0;
  uint64_t packets = 0;
  uint64_t lost = 0;
  State stack_state = State::kClosed;
  State reference_state = State::kClosed;
  Duration duration{0};
  std::vector<Divergence> divergences;
};

// Holds the four conversations (who opens × who closes first) at once. `between` is called a few
// times a second and returns false to stop.
Result<std::vector<Conversation>> run_pair(stack::Stack& stack, const Profile& stack_profile,
                                           const Profile& reference_profile,
                                           const PairOptions& options,
                                           const std::function<bool()>& between);

}  // namespace synfin::judge
