// Changes of a program, each of which makes it smaller or more ordinary in one place. None can be
// made for ever: what it changes is shorter, or nearer to what anybody would write, afterwards.
#pragma once

#include <functional>
#include <vector>

#include "harness/proto/program.pb.h"

namespace synfin::shrink {

using Edit = std::function<void(proto::Program&)>;
using Edits = std::vector<Edit>;

// Large cuts: all comments, all that is expected, all waits; each annotation and option.
Edits bulk_edits(const proto::Program& program);
// Leaves out `count` steps that follow one another, from each place on.
Edits step_edits(const proto::Program& program, int count);
// Leaves out parts of steps: options, text, malformations, flags, results of calls.
Edits field_edits(const proto::Program& program);
// Numbers nearer to ordinary ones: names with small offsets, short texts, short waits.
Edits value_edits(const proto::Program& program);

// Takes from a program what it expects: packets, and results that no later step depends on.
void drop_expectations(proto::Program& program);

// The parts of field_edits() and value_edits() about the segment of step number `step`.
void add_segment_fields(const proto::Segment& segment, int step, Edits* edits);
void add_segment_values(const proto::Segment& segment, int step, Edits* edits);

}  // namespace synfin::shrink
