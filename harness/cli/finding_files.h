// The files of a finding: a folder holds many, and each is whole or not there.
#pragma once

#include <string>

#include "harness/cli/finding.h"

namespace synfin::cli {

// Writes NAME.pkt, NAME.pcap and NAME.txt into the folder, under a name that is not taken there,
// nor by who writes there at the same moment: "SM-CLOSED-3-in-CLOSED", "SM-CLOSED-3-in-CLOSED-2".
// `options` are those of the command that repeats it. Each file is written beside its place and
// then put there, so that a full disk or a kill leaves no half of one. Returns the path of the
// script.
Result<std::string> keep_finding(const Finding& finding, const std::string& folder,
                                 const proto::Provenance& provenance,
                                 const proto::Requirements& catalogue, const std::string& options);

}  // namespace synfin::cli
