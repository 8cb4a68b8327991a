// A cell as the events that were seen: what a judge follows, from the atlas alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/atlas/atlas.h"
#include "harness/atlas/cells.h"
#include "harness/atlas/record.h"
#include "harness/play/observer.h"
#include "harness/play/trace.h"
#include "harness/wire/error.h"

namespace synfin::atlas {

// How far the numbers of a segment are on from those of its cell.
struct Shift {
  int32_t seq = 0;
  int32_t ack = 0;
};

// Tells an observer of cells of one set-up, as the Player would have. ISNs, addresses and times are
// made up; the segments and what the calls returned are those of the atlas.
class Replayer {
 public:
  // An error: the set-up's program does not compile, or its events are not that program's.
  // `set_up` has to outlive the replayer.
  static Result<Replayer> make(const Atlas& atlas, const SetUp& set_up);

  // The set-up, the segment, the answers; the state and the API's words after the quiet time.
  // trace() and program() hold what the observer has seen until the next call. The segment's
  // numbers are `further` on from those that the cell's classes say.
  Result<void> play(const Cell& cell, const Behaviour& behaviour, play::Observer& observer,
                    const Shift& further = {});

  const play::Trace& trace() const { return trace_; }
  const script::FlatProgram& program() const { return program_.flat; }
  // Where the cell begins: the events from the segment on are of this step and those behind it.
  uint32_t cell_step() const { return program_.cell_step; }

 private:
  Replayer(const Atlas& atlas, const SetUp& set_up, CellProgram program);

  Result<void> replay_set_up(play::Observer& observer);
  Result<void> inject(const Cell& cell, const Shift& further, play::Observer& observer);
  void ask(const Behaviour& behaviour, play::Observer& observer);
  Result<void> packet(play::EventKind kind, uint32_t step, const Wire& wire,
                      play::Observer& observer);
  void returned(uint32_t step, const Api::Outcome& outcome, bool other_text,
                play::Observer& observer);
  play::Event& append(play::EventKind kind, uint32_t step);
  void notify(play::Observer& observer, const wire::Decoded* packet = nullptr);
  Seq absolute(const Number& number) const;

  const SetUp* set_up_;
  Duration quiet_time_;
  CellProgram program_;
  std::vector<wire::FourTuple> tuples_;
  play::Trace trace_;
  Time now_{};
  uint32_t read_ = 0;  // octets that calls have read so far
  Seq seg_seq_, seg_end_, seg_ack_;
  std::vector<uint8_t> text_;
  std::vector<uint8_t> options_;
  std::vector<uint8_t> octets_;
};

// The cell as a program that any stack can be asked to play: its numbers are names, so that they
// fit. `behaviour` stands in a comment.
std::string cell_text(const Atlas& atlas, const SetUp& set_up, const Cell& cell,
                      const Behaviour* behaviour);

}  // namespace synfin::atlas
