#include "harness/link/urgent.h"

#include <sched.h>
#include <unistd.h>

namespace synfin::link {

// With one processor everything else would stand still.
Urgent::Urgent() {
  if (::sysconf(_SC_NPROCESSORS_ONLN) < 2 || ::sched_getscheduler(0) != SCHED_OTHER) return;
  const sched_param least{.sched_priority = ::sched_get_priority_min(SCHED_RR)};
  raised_ = ::sched_setscheduler(0, SCHED_RR, &least) == 0;
}

Urgent::~Urgent() {
  const sched_param none{.sched_priority = 0};
  if (raised_) ::sched_setscheduler(0, SCHED_OTHER, &none);
}

}  // namespace synfin::link
