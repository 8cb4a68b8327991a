// Any stack that runs inside a process, in a process of its own: what crashes or hangs there is a
// finding of one case and never the end of a run.
#pragma once

#include <functional>
#include <memory>

#include "engine/profile.h"
#include "harness/stack/stack.h"
#include "harness/wire/error.h"

namespace synfin::stack {

// From where a stack counts: after a crash the next one goes on where that one was.
struct StackStart {
  CaseId first_case = 1;
  Time now{std::chrono::seconds(1)};
};

struct ChildOptions {
  Identity identity;
  Traits traits;
  // That it runs with: a sysctl is taken where it changes nothing about it.
  Profile profile;
  // Runs in the child.
  std::function<Result<std::unique_ptr<Stack>>(const StackStart&)> make;
  // The addresses that the stack in the child gives its cases.
  std::function<wire::FourTuple(CaseId, bool ipv6, unsigned connection)> address;
  // The stack counts as hanging when it has not answered for so long.
  Duration patience = std::chrono::seconds(20);
};

// The stack has to be one in virtual time. When the child ends, whose fault that was is known only
// where one case was open (Sink::on_crashed), counting those whose close() was not answered yet.
// Else all of them are lost (Sink::on_lost); the next ones, as many, are then let in one at a time.
Result<std::unique_ptr<Stack>> make_child_stack(ChildOptions options);

}  // namespace synfin::stack
