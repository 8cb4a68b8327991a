// The one function that a mutant's shared object gives out: its reference, as a stack.
#include "harness/stack/reference.h"

extern "C" {

[[gnu::visibility("default")]] synfin::stack::Stack* synfin_mutant_target(
    const synfin::stack::ReferenceOptions* options) {
  return synfin::stack::make_reference_stack(*options).release();
}

}  // extern "C"
