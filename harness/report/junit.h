// Results as JUnit XML, in the form that the schemas of Ant and of Jenkins both accept: a suite a
// topic. FAIL and XPASS are failures, ERROR an error, SKIP, XFAIL and FLAKY are skipped; what a
// WARN or INFO found stands in the suite's output.
#pragma once

#include <string>

#include "harness/proto/result.pb.h"

namespace synfin::report {

std::string to_junit(const proto::RunResult& run);

}  // namespace synfin::report
