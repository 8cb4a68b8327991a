// A program without what it expects: as fuzz targets play it, where the judge alone tells what is
// wrong.
#pragma once

#include "harness/script/flat.h"

namespace synfin::script {

// An expected packet becomes the wait up to it; results of calls, states and requirements are not
// wanted any more. What a call returns still gives a descriptor its number.
void leave_stimuli(FlatProgram& program);

}  // namespace synfin::script
