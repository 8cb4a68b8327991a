// A finding as it is kept: the least program that shows it, with a comment that tells what it is.
#pragma once

#include <cstddef>
#include <string>

#include "harness/proto/program.pb.h"
#include "harness/proto/requirement.pb.h"
#include "harness/proto/result.pb.h"
#include "harness/shrink/signature.h"

namespace synfin::cli {

struct Finding {
  shrink::Signature signature;
  proto::Program program;    // the least one
  proto::CaseResult result;  // of a play of it in which it showed
  std::size_t shown = 0;     // in so many
  std::size_t times = 0;     // of so many plays
};

// The divergence of the result that has this signature; of a crash, the one with its last words.
const proto::Divergence* divergence_of(const proto::CaseResult& result,
                                       const shrink::Signature& signature);

// One paragraph in lines of at most 100 columns: which stack, where, what was wanted and what came,
// the rule and what it says, how often.
std::string paragraph_of(const Finding& finding, const proto::Provenance& provenance,
                         const proto::Requirements& catalogue);

// The program as .pkt with that paragraph at its head, and `repeat`, the command that plays it.
std::string script_of(const Finding& finding, const std::string& paragraph,
                      const std::string& repeat);

}  // namespace synfin::cli
