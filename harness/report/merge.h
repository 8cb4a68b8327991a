// One result from several: of the profiles of a run, of the tries of a case, of many machines.
#pragma once

#include <vector>

#include "harness/proto/result.pb.h"
#include "harness/wire/error.h"

namespace synfin::report {

// Adds the cases, the coverage and the dropped packets of `part`; the rest of `into` stays.
void add_results(proto::RunResult&& part, proto::RunResult* into);

// The cases in the order of their IDs, and how many there are of each verdict.
void put_in_order(proto::RunResult* run);

// What two tries of a case say. Verdicts on the stack that differ make FLAKY, with what was found
// where it was not as expected; an ERROR says nothing about the stack, so the other try counts.
proto::CaseResult settle_tries(proto::CaseResult&& first, proto::CaseResult&& again);

// The results of several runs of one stack as those of one; a case in several of them counts as
// tried several times. An error when the stacks, their versions or the profiles differ.
Result<proto::RunResult> merge(std::vector<proto::RunResult>&& runs);

}  // namespace synfin::report
