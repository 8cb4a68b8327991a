// The packets of a run as captures, one a case, for Wireshark and the like.
#pragma once

#include <string>

#include "harness/proto/result.pb.h"
#include "harness/wire/error.h"

namespace synfin::report {

// "reset/rst-in-window[1,2]@ipv6.pcap": the ID as a path; what some file system or shell would
// trip over becomes '_'.
std::string capture_name(const std::string& id);

// Writes DIR/capture_name() for each case with a trace. Times are those of the wall clock.
Result<void> write_captures(const proto::RunResult& run, const std::string& folder);

}  // namespace synfin::report
