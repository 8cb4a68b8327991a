// Results as one page: no file beside it, no request, nothing that needs JavaScript to be read.
#pragma once

#include <string>

#include "harness/proto/requirement.pb.h"
#include "harness/proto/result.pb.h"

namespace synfin::report {

// `catalogue` says what each rule means; its order is the page's.
std::string to_html(const proto::RunResult& run, const proto::Requirements& catalogue);

}  // namespace synfin::report
