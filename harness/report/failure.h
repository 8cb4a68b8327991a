// What is said of a case that did not go as expected: the requirement and where it stands, the
// place in the script, wanted and got field by field, the ladder around it, and the command that
// plays it again.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "harness/proto/result.pb.h"
#include "harness/report/style.h"
#include "harness/script/flat.h"

namespace synfin::report {

struct FailureOptions {
  Style style;
  std::string target = "target";
  bool all = false;  // every divergence and the whole ladder
};

// Whether a verdict is shown in full by default: FAIL, XPASS, FLAKY, ERROR.
bool is_unexpected(proto::Verdict verdict);

// Without those of the script that the judge found as well: one state that is not as it should be
// is told once, by the one that knows its rule.
std::vector<const proto::Divergence*> distinct_divergences(const proto::CaseResult& result);

// The divergence that the verdict is about, of the distinct ones: the first that is not known, else
// the first; nullptr when there is none.
const proto::Divergence* main_divergence(const proto::CaseResult& result);

// Several lines. `program` may be null.
std::string failure_text(const proto::CaseResult& result, const script::FlatProgram* program,
                         const FailureOptions& options);

// One line: the verdict, the case and why.
std::string result_line(const proto::CaseResult& result, const Style& style);

// "pass", "fail", …: as summaries have it; and padded capitals, in its colour.
std::string verdict_word(proto::Verdict verdict);
std::string verdict_mark(proto::Verdict verdict, const Style& style);

}  // namespace synfin::report
