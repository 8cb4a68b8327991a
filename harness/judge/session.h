// A session: a set of cases played on one stack, judged, given verdicts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/clause.h"
#include "engine/profile.h"
#include "harness/judge/baseline.h"
#include "harness/proto/result.pb.h"
#include "harness/script/flat.h"
#include "harness/stack/stack.h"

namespace synfin::judge {

// A program with the IP version under which it is played.
struct Case {
  std::string id;  // "reset/in-window-challenge", with "@ipv6" behind it where that is played
  std::shared_ptr<const script::FlatProgram> program;
  bool ipv6 = false;
};

struct SessionOptions {
  std::size_t most_at_once = 64;
  uint64_t seed = 1;
  bool allow_shell = false;
  bool keep_traces = false;   // of passing cases too; those of others are always kept
  bool include_long = false;  // cases over 75 s on real-time stacks
  // How often a case that the harness itself spoilt is played: after all others, and fewer at once
  // each time. A failure that it did not spoil stands.
  unsigned unreliable_plays = 5;
  bool on_time = false;  // a case of which a step was played late is spoilt, whatever its verdict
  std::string repeat_command;                   // "synfin run {id} --stack linux": {id} is replaced
  std::function<void(const Case&)> on_begin{};  // as each case begins
  int64_t epoch_ns = 0;                         // the wall clock when the stack's own stood at zero
};

struct SessionProgress {
  std::size_t done = 0;
  std::size_t total = 0;
};

// Plays and judges all cases. `on_result` is called as each case ends; `between` a few times a
// second and returns false to stop. Cases that were stopped are ERROR.
proto::RunResult run_session(stack::Stack& stack, const Profile& profile, const Baseline& baseline,
                             const std::vector<Case>& cases, const SessionOptions& options,
                             ClauseSet& coverage,
                             const std::function<void(const proto::CaseResult&)>& on_result,
                             const std::function<bool(const SessionProgress&)>& between);

}  // namespace synfin::judge
