// From what was played and judged to the verdict of a case.
#pragma once

#include "harness/judge/baseline.h"
#include "harness/judge/judge.h"
#include "harness/play/player.h"
#include "harness/proto/result.pb.h"
#include "harness/stack/stack.h"

namespace synfin::judge {

struct Case;

// What is wanted where a case was the end of the stack: the only thing that tells such a
// divergence.
inline constexpr const char* kLivesOn = "a stack that lives on";

// The result of a case without its repeat command and number of attempts. A divergence of a MUST is
// FAIL, of a SHOULD WARN, of a MAY INFO; what the baseline knows makes XFAIL, and when all it
// knows is gone, XPASS.
proto::CaseResult make_result(const Case& played, const play::PlayResult& play, const Judge& judge,
                              const Baseline& baseline, const stack::Identity& stack);

// The trace as a message, its times relative to the start of the case.
void copy_trace(const script::FlatProgram& program, const play::PlayResult& play,
                proto::Trace& out);

}  // namespace synfin::judge
