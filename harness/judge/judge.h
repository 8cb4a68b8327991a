// The judge: replays what a target did into a shadow of the rules, one for each connection, and
// records every place where the two part.
//
// The shadow takes the target's choices where the RFCs leave one (ISS, options, window, segment
// boundaries, times); what no rule asks for or permits is a divergence that names its clause.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/clause.h"
#include "engine/profile.h"
#include "engine/rules.h"
#include "harness/judge/divergence.h"
#include "harness/play/observer.h"
#include "harness/play/player.h"
#include "harness/stack/stack.h"

namespace synfin::judge {

class Judge : public play::Observer {
 public:
  // All must outlive the judge; `coverage` may be null.
  Judge(const Profile& profile, const stack::Traits& traits, ClauseSet* coverage = nullptr);
  ~Judge() override;

  // play::Observer. What was judged before is forgotten; its memory serves the next case.
  void begin(const script::FlatProgram& program, std::span<const wire::FourTuple> tuples,
             const play::Trace& trace) override;
  void on_event(const play::Event& event, const wire::Decoded* packet) override;
  std::optional<uint32_t> value(uint16_t connection, script::Base name) const override;
  Timer retransmission_timer(uint16_t connection) const override;
  uint8_t peer_window_shift(uint16_t connection) const override;
  uint8_t stack_window_shift(uint16_t connection) const override;
  bool last_was_allowed_repetition() const override;
  bool last_was_allowed() const override;

  const std::vector<Divergence>& divergences() const;
  // For who needs them no more here, in place of what `taken` held.
  void take_divergences(std::vector<Divergence>& taken);
  // False when the shadow lost the target after a divergence: the rest was not judged.
  bool judged_to_the_end() const;
  // The shadow's state of a connection after each event of the trace, for ladders: index = event.
  const std::vector<State>& states() const;
  const Rules& rules(uint16_t connection) const;
  // The moves of all connections.
  EdgeSet edges() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace synfin::judge
