// Programs played and judged on one stack, for whoever makes them by the thousand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "engine/profile.h"
#include "harness/proto/program.pb.h"
#include "harness/proto/result.pb.h"
#include "harness/shrink/shrink.h"
#include "harness/shrink/signature.h"
#include "harness/stack/stack.h"

namespace synfin::shrink {

class Plays {
 public:
  // All must outlive it; `between` is as run_session() has it, and may be empty.
  Plays(stack::Stack& stack, const Profile& profile, bool ipv6, uint64_t seed,
        std::function<bool()> between = {});

  // From now on each is played alone, and only when this says so: it is told of the program first.
  // For a stack whose end is the end of this process.
  void ask_before(std::function<bool(const proto::Program&)> may_play) {
    may_play_ = std::move(may_play);
  }

  // The result of each, in order; one that does not compile is SKIP, with the reason. A result that
  // is not PASS has its trace.
  std::vector<proto::CaseResult> play(const std::vector<proto::Program>& programs);

  // Whether each shows what `wanted` is. Where time is real and the finding `steady`, the first
  // that shows it has to do so again and again: on a busy machine anything may come once.
  Shows shows(const Signature& wanted, bool steady = false);

  // In how many of `times` plays the program shows it. In virtual time, where everything repeats,
  // each has other initial sequence numbers.
  std::size_t count(const proto::Program& program, const Signature& wanted, std::size_t times);

  // How many are best played at once: where time is real their waits overlap.
  std::size_t batch() const;

 private:
  std::vector<proto::CaseResult> play_together(const std::vector<proto::Program>& programs);
  std::vector<bool> shown(const std::vector<proto::Program>& programs, const Signature& wanted);
  void confirm(const std::vector<proto::Program>& programs, const Signature& wanted,
               std::vector<bool>* shown);

  stack::Stack& stack_;
  const Profile& profile_;
  bool ipv6_;
  uint64_t seed_;
  std::function<bool()> between_;
  std::function<bool(const proto::Program&)> may_play_;
};

}  // namespace synfin::shrink
