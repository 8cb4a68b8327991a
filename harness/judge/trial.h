// A trial: one program after another, each alone on the same stack, as fast as that goes. For those
// who play millions of them: fuzzers, and whoever makes a program smaller.
//
// What is left of a program is its stimuli: its expectations are waits, its results are not
// checked. The judge alone says what is wrong.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/clause.h"
#include "engine/profile.h"
#include "harness/judge/baseline.h"
#include "harness/judge/divergence.h"
#include "harness/judge/judge.h"
#include "harness/judge/watcher.h"
#include "harness/play/player.h"
#include "harness/proto/program.pb.h"
#include "harness/stack/stack.h"
#include "harness/wire/error.h"

namespace synfin::judge {

// Thrown by a stack or a watcher it ends the program there: what comes next is not to be seen.
struct Stop {};

struct Finding {
  Divergence divergence;
  const proto::KnownDeviation* known = nullptr;  // the entry of the baseline
};

class Trial {
 public:
  // Makes the stack, and makes it anew when its clock has gone too far: virtual time runs fast.
  using Make = std::function<std::unique_ptr<stack::Stack>()>;

  // `watcher` and `coverage` may be null; they must outlive it.
  Trial(Make make, const Profile& profile, Baseline baseline = {}, Watcher* watcher = nullptr,
        ClauseSet* coverage = nullptr);
  ~Trial();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  struct Result {
    play::Outcome outcome = play::Outcome::kPlayed;
    std::string broken;  // why it was not played to its end
    std::vector<Finding> findings;
    // Every step was played, and what came after a divergence was still judged.
    bool judged_to_the_last_step = false;
    std::size_t segments = 0;  // that were injected
  };
  // An error where the program does not compile. The result is good until the next run.
  synfin::Result<const Result*> run(const proto::Program& program);

  // The first finding that the baseline does not know and that no other may have caused.
  static const Finding* first_unknown(const Result& result);
  // "SM-RST-2 (RFC 9293 §3.10.7.4) in ESTABLISHED after `R 1:1(0)`: wanted …, got …"
  static std::string describe(const Finding& finding);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace synfin::judge
