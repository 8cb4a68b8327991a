// What the process returns (DESIGN.md): where several hold, the first of usage, harness, verdict
// and nothing selected.
#pragma once

#include <cstddef>

#include "harness/proto/result.pb.h"

namespace synfin::report {

enum ExitCode : int {
  kExitOk = 0,
  kExitUnexpected = 1,     // a FAIL or XPASS
  kExitUsage = 2,          // wrong usage, or a script that does not parse
  kExitBroken = 3,         // set-up or harness
  kExitNothing = 4,        // nothing was selected
  kExitInterrupted = 130,  // Ctrl-C, as shells have it: 128 + SIGINT
};

// What has happened during a run.
struct RunOutcome {
  bool bad_script = false;
  bool broken = false;      // a case is ERROR, or set-up failed
  bool unexpected = false;  // a case is FAIL or XPASS
  bool interrupted = false;
  std::size_t selected = 0;  // cases

  void add(proto::Verdict verdict);
};

// An interrupted run returns 130 whatever it had found: what it has not found is not known.
ExitCode exit_code(const RunOutcome& outcome);

}  // namespace synfin::report
