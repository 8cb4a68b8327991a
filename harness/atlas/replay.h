// What was recorded of a cell, told again as the events of a play, so that a judge can follow.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "harness/atlas/atlas.h"
#include "harness/atlas/cells.h"
#include "harness/atlas/record.h"
#include "harness/play/observer.h"
#include "harness/play/trace.h"
#include "harness/wire/error.h"

namespace synfin::atlas {

// What the observer has just been told.
struct Moment {
  enum class Kind : uint8_t { kSetUp, kSegment, kAnswer, kQuiet, kState, kApi };
  Kind kind = Kind::kSetUp;
  std::size_t answer = 0;  // kAnswer: which
};

// A set-up of an atlas and its cells, one after the other.
class Replay {
 public:
  // An error says what of the set-up cannot be played.
  static Result<Replay> of(const Atlas& atlas, const SetUp& set_up);

  // Tells an observer all that happened in the play of one cell. `after` is called after each
  // event. The play has ISNs and times of its own: those of the atlas are not known. An error says
  // what cannot be a packet.
  Result<void> tell(const Cell& cell, const Behaviour& behaviour, play::Observer& observer,
                    const std::function<void(const Moment&)>& after);

 private:
  Replay() = default;
  Result<void> prepare(const Atlas& atlas, const SetUp& set_up);
  Result<void> prepare(const Happening& happening);
  void append(play::EventKind kind, uint32_t step, Duration at);
  Result<void> append_packet(const Wire& wire, bool sent, uint32_t step);
  void append_read(const Behaviour& behaviour);
  uint32_t absolute(const Number& number) const;

  CellProgram program_;
  Variables variables_;
  Duration quiet_time_{0};
  wire::FourTuple tuple_;
  play::Trace set_up_;
  play::Trace trace_;         // of the cell at hand
  Stimulus stimulus_;         // of the cell at hand
  uint32_t read_before_ = 0;  // octets that the set-up's user has read
  std::vector<uint8_t> packet_;
  std::vector<uint8_t> text_;
};

}  // namespace synfin::atlas
