// From the trace of a play to values without ISNs, addresses and times.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/atlas/atlas.h"
#include "harness/atlas/cells.h"
#include "harness/play/observer.h"
#include "harness/play/player.h"
#include "harness/script/flat.h"
#include "harness/wire/codec.h"

namespace synfin::atlas {

// Stands in for the judge where a program has plain numbers only: an ACK alone may come at any
// time while a set-up waits for something else. Knows nothing, and so costs nothing.
class Onlooker final : public play::Observer {
 public:
  void begin(const script::FlatProgram&, std::span<const wire::FourTuple>,
             const play::Trace&) override {}
  void on_event(const play::Event&, const wire::Decoded*) override {}
  std::optional<uint32_t> value(uint16_t, script::Base) const override { return std::nullopt; }
  uint8_t peer_window_shift(uint16_t) const override { return 0; }
  uint8_t stack_window_shift(uint16_t) const override { return 0; }
  Timer retransmission_timer(uint16_t) const override { return {}; }
  bool last_was_allowed_repetition() const override { return false; }
  bool last_was_allowed() const override { return true; }
};

// A set-up with the segment of a cell behind it: the steps from `cell_step` on.
struct CellProgram {
  script::FlatProgram flat;
  uint32_t cell_step = 0;  // injects the segment; one that waits for the quiet time follows
  std::optional<uint32_t> accept_step;
  std::optional<uint32_t> read_step;
};

// The segment of a cell as a program has it.
script::SegmentSpec segment_of(const Stimulus& stimulus);

// Adds `by` to the numbers of all SACK blocks among the options.
void move_sack(std::span<uint8_t> options, uint32_t by);

// What happened up to the step `end`, with numbers that count from ISS and IRS.
void record_set_up(const play::PlayResult& result, uint32_t end, std::vector<Happening>& events);

// Reads one play after the other of the cells of a set-up; keeps its buffers.
class Recorder {
 public:
  // All must outlive the recorder. `events`: those of the set-up, to which each play is held.
  Recorder(const Variables& variables, const std::vector<Happening>& events);

  // Why the play says nothing about the cell: its set-up went otherwise, the harness was late.
  // Empty: `behaviour` is what the stack did.
  std::string record(const play::PlayResult& result, const CellProgram& program,
                     const Stimulus& stimulus, Behaviour& behaviour);

 private:
  void answer(const wire::Decoded& packet, Behaviour& behaviour);
  void api(const play::PlayResult& result, const play::Event& event, const CellProgram& program,
           Behaviour& behaviour) const;
  Number seq_name(const Segment& segment);
  Number ack_name(const Segment& segment) const;

  const Variables& variables_;
  std::vector<Happening> events_;  // without states: those are read once
  std::vector<Happening> played_;
  // Of the play at hand, as on the wire.
  std::optional<Seq> iss_;
  std::optional<Seq> new_iss_;
  Seq irs_;
  Seq seg_seq_;
  Seq seg_end_;
  std::optional<Seq> seg_ack_;
};

}  // namespace synfin::atlas
