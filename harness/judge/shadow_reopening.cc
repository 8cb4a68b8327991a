// A SYN in TIME-WAIT, which the target may take or leave: the shadow takes it, and finds back.
#include <memory>
#include <utility>

#include "harness/judge/shadow.h"

namespace synfin::judge {

// Remembers how things stood before a SYN that may open a new incarnation.
void Shadow::reopen(Time now, const Segment& segment) {
  const std::optional<Clause> clause = rules_.reopens_time_wait(segment);
  if (!clause) {
    // Until the handshake is done the SYN may still turn out to be an old duplicate.
    if (rules_.state() != State::kSynReceived) reopening_.reset();
    return;
  }
  reopening_ = std::make_unique<Reopening>(Reopening{rules_, segment, now, *clause, incarnation_});
  reopening_->segment.text = {};
}

// The target's answer tells whether it took that SYN, and whether it found it to be an old
// duplicate afterwards: what TIME-WAIT still owed goes out when it comes back.
void Shadow::settle_reopening(const Segment& answer) {
  if (!reopening_) return;
  const bool of_before = answer.seq == reopening_->before.tcb().snd.nxt && !answer.flags.rst();
  if (reopening_->taken) {
    if (of_before && rules_.state() == State::kListen) come_back_to_time_wait();
  } else if (answer.flags.syn()) {
    reopening_->taken = true;
  } else if (of_before) {
    leave_in_time_wait();
  }
}

void Shadow::leave_in_time_wait() {
  complain(reopening_->clause, "a SYN,ACK: a new incarnation of the connection",
           "the old one stays in TIME-WAIT");
  rules_ = std::move(reopening_->before);
  rules_.on_segment(reopening_->at, reopening_->segment, {.syn = false, .third_ack = false});
  incarnation_ = reopening_->incarnation;
  reopening_.reset();
}

// MAY-2 (2): a reset told that the SYN was an old duplicate.
void Shadow::come_back_to_time_wait() {
  rules_ = std::move(reopening_->before);
  incarnation_ = reopening_->incarnation;
  reopening_.reset();
}

}  // namespace synfin::judge
