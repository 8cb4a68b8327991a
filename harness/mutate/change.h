// Changes of one step: its fields, its arguments, its time.
#pragma once

#include "harness/mutate/chance.h"
#include "harness/proto/program.pb.h"

namespace synfin::mutate {

void change_flags(Chance& chance, proto::Segment& segment);
void change_base(Chance& chance, proto::Segment& segment);
void change_offset(Chance& chance, proto::Segment& segment);
void change_options(Chance& chance, proto::Segment& segment);
void change_length(Chance& chance, proto::Segment& segment);
void change_header(Chance& chance, proto::Segment& segment);
void change_call(Chance& chance, proto::Call& call);
void change_wait(Chance& chance, proto::Step& step);

// Makes a number one that compiles: its offset in range, its names where names may stand.
void mend(proto::Number& number);
// Puts a segment into its bounds.
void mend(proto::Segment& segment);

}  // namespace synfin::mutate
