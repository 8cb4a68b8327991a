// The known deviations, brought to what a run has found.
#pragma once

#include <string>

#include "harness/proto/result.pb.h"
#include "harness/wire/error.h"

namespace synfin::cli {

// Enters each deviation that the baseline does not know: into `path` where that is a file, else
// into new.textproto of that folder, with a reason that still has to be found. Takes out each entry
// that was about an XPASS and about nothing that deviated in this run; the rest of its file stays
// as it is written. Returns a line about what was done.
Result<std::string> update_baseline(const proto::RunResult& run, const std::string& path);

}  // namespace synfin::cli
