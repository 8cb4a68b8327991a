// The parts of the compiler. Their errors have no place yet: compile() adds the file and the line.
#pragma once

#include "harness/proto/program.pb.h"
#include "harness/script/flat.h"
#include "harness/wire/error.h"

namespace synfin::script {

// `spec` is as new.
Result<void> compile_segment(const proto::Segment& segment, bool inject, SegmentSpec* spec);
Result<IcmpSpec> compile_icmp(const proto::Icmp& icmp);
Result<CallSpec> compile_call(const proto::Call& call);
Result<Number> compile_number(const proto::Number& number);

// The program's options, and whether it needs a place of its own.
Result<void> compile_options(const proto::Program& program, FlatProgram* flat);

// An annotation before the first step.
Result<void> compile_annotation(const proto::Annotation& annotation, FlatProgram* flat);
// One of a step.
Result<void> compile_annotation(const proto::Annotation& annotation, Step* step);

}  // namespace synfin::script
