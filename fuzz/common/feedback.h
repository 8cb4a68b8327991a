// What guides the fuzzer beside code coverage: the rules that a program touched, and what it met
// with: (state, flags, class of SEQ, answer).
#pragma once

#include <cstdint>

#include "engine/clause.h"
#include "harness/judge/watcher.h"

namespace synfin::fuzz {

class Feedback : public judge::Meetings {
 public:
  void on_begin(const script::FlatProgram& program) override;
  // To be called once the program has been played.
  void end();

  // Where judge and engine note the rules that they apply.
  ClauseSet* clauses() { return &clauses_; }

 private:
  void met(uint32_t meeting) override;

  ClauseSet clauses_;
};

}  // namespace synfin::fuzz
