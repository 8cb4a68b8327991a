// Results as TAP version 14 (https://testanything.org): a line a case, and what was wanted and got
// as YAML below those that did not pass. XFAIL and FLAKY are "not ok # TODO", which fails nothing.
#pragma once

#include <string>

#include "harness/proto/result.pb.h"

namespace synfin::report {

std::string to_tap(const proto::RunResult& run);

}  // namespace synfin::report
