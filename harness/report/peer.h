// The peer's end of a connection, as far as its segments tell: what a ladder shows on its left.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/segment.h"
#include "engine/state.h"

namespace synfin::report {

// Follows the two directions and moves as a TCP would that sent those segments on purpose. The peer
// is the harness, which also sends what no TCP would: such a segment moves nothing.
class Peer {
 public:
  // `sound`: nothing is wrong with the packet but perhaps its numbers.
  void injected(const Segment& segment, bool sound = true);
  // The stack's.
  void received(const Segment& segment);

  // nullopt before its first segment, and once it is not to be told any more.
  std::optional<State> state() const { return state_; }

  // What the numbers of either direction are counted from; nullopt before the SYN was seen.
  std::optional<Seq> isn() const { return isn_; }
  std::optional<Seq> stack_isn() const { return stack_isn_; }

 private:
  void injected_syn(const Segment& segment);
  void injected_fin();
  void received_syn(const Segment& segment);
  void received_ack(Seq ack);
  void received_fin();

  std::optional<State> state_;
  std::optional<Seq> isn_;
  std::optional<Seq> stack_isn_;
  Seq next_{0};                 // the first number that the peer has not sent
  Seq stack_next_{0};           // the next that it expects
  std::optional<Seq> fin_end_;  // what acknowledges the peer's FIN
};

}  // namespace synfin::report
