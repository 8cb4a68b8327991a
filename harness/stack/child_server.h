// The child's side: a stack that does what its owner says.
#pragma once

#include "harness/stack/stack.h"

namespace synfin::stack {

// Answers requests until the other end is gone.
void serve_stack(Stack& stack, int fd);

}  // namespace synfin::stack
