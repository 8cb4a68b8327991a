#include "harness/judge/round_trips.h"

namespace synfin::judge {

void RoundTrips::follow(Time now, const Tcb& tcb) {
  if (outstanding_ && tcb.snd.una.after(una_)) {
    slowest_.sample(now - before_);
    if (tcb.snd.una.at_or_after(end_)) {
      before_ = at_;
      at_ = now;
      end_ = tcb.snd.nxt;
    }
  }
  const bool outstanding = tcb.iss_known && tcb.snd.una != tcb.snd.nxt;
  if (outstanding && !outstanding_) {
    before_ = at_ = now;
    end_ = tcb.snd.nxt;
  }
  outstanding_ = outstanding;
  una_ = tcb.snd.una;
}

}  // namespace synfin::judge
