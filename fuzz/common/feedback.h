// What guides the fuzzer beside code coverage: the rules that a program touched, and what it met
// with: (state, flags, class of SEQ, answer).
#pragma once

#include <cstdint>
#include <optional>

#include "engine/clause.h"
#include "harness/judge/trial.h"

namespace synfin::fuzz {

class Feedback : public judge::Watcher {
 public:
  void on_begin(const script::FlatProgram& program) override;
  void on_event(const judge::Judge& judge, const play::Trace& trace,
                const play::Event& event) override;
  // To be called once the program has been played.
  void end();

  // Where judge and engine note the rules that they apply.
  ClauseSet* clauses() { return &clauses_; }

 private:
  void answered(uint8_t flags);

  ClauseSet clauses_;
  std::optional<uint32_t> met_;  // state, flags and class of SEQ of what waits for its answer
};

}  // namespace synfin::fuzz
