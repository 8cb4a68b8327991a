#include "harness/script/stimuli.h"

namespace synfin::script {

void leave_stimuli(FlatProgram& program) {
  for (Step& step : program.steps) {
    step.state.reset();
    if (step.kind != StepKind::kExpect && step.kind != StepKind::kShell &&
        step.kind != StepKind::kCode) {
      continue;
    }
    step.kind = StepKind::kWait;
    if (step.when.kind == TimeKind::kAny) step.when.start = Duration{0};
    if (step.when.kind == TimeKind::kRelativeRange || step.when.kind == TimeKind::kAny) {
      step.when.kind = TimeKind::kRelative;
    } else if (step.when.kind == TimeKind::kAbsoluteRange) {
      step.when.kind = TimeKind::kAbsolute;
    }
  }
  for (CallSpec& call : program.calls) {
    call.wanted.reset();
    call.wanted_errno = 0;
    call.wanted_data.clear();
    call.check_data = false;
    call.revents.reset();
  }
  program.requirements.clear();
}

}  // namespace synfin::script
