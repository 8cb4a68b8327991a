#include "harness/report/exit_code.h"

namespace synfin::report {

void RunOutcome::add(proto::Verdict verdict) {
  switch (verdict) {
    case proto::FAIL:
    case proto::XPASS:
      unexpected = true;
      break;
    case proto::ERROR:
    case proto::VERDICT_UNSPECIFIED:
      broken = true;
      break;
    default:
      break;
  }
}

ExitCode exit_code(const RunOutcome& outcome) {
  if (outcome.interrupted) return kExitInterrupted;
  if (outcome.bad_script) return kExitUsage;
  if (outcome.broken) return kExitBroken;
  if (outcome.unexpected) return kExitUnexpected;
  if (outcome.selected == 0) return kExitNothing;
  return kExitOk;
}

}  // namespace synfin::report
