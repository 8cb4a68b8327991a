#include "harness/report/peer.h"

namespace synfin::report {

void Peer::injected(const Segment& segment, bool sound) {
  if (!sound) return;
  if (segment.flags.rst()) {
    if (isn_ && segment.seq == next_) state_ = State::kClosed;
    return;
  }
  if (segment.flags.syn()) {
    injected_syn(segment);
    return;
  }
  if (!isn_ || segment.seq != next_) return;
  next_ = segment.end();
  const bool completes = segment.flags.ack() && stack_isn_ && segment.ack == stack_next_;
  if (state_ == State::kSynSent && completes) state_ = State::kEstablished;
  if (segment.flags.fin()) {
    fin_end_ = segment.end();
    injected_fin();
  }
}

void Peer::injected_syn(const Segment& segment) {
  if (segment.flags.fin()) return;
  const bool fresh = !state_ || state_ == State::kClosed || state_ == State::kListen ||
                     state_ == State::kTimeWait || state_ == State::kSynReceived;
  const bool again = isn_ && segment.seq == *isn_;
  if (!fresh && !again) return;
  if (again && state_ && is_synchronized(*state_)) return;
  isn_ = segment.seq;
  next_ = segment.end();
  fin_end_.reset();
  if (segment.flags.ack()) {
    state_ = State::kSynReceived;
  } else if (!again || state_ != State::kSynReceived) {
    state_ = State::kSynSent;
  }
}

void Peer::injected_fin() {
  if (state_ == State::kEstablished || state_ == State::kSynReceived) {
    state_ = State::kFinWait1;
  } else if (state_ == State::kCloseWait) {
    state_ = State::kLastAck;
  }
}

void Peer::received(const Segment& segment) {
  if (segment.flags.rst()) {
    const bool refuses = segment.flags.ack() && isn_ && segment.ack == next_;
    if (state_ && *state_ != State::kListen && (refuses || segment.seq == stack_next_)) {
      state_ = State::kClosed;
    }
    return;
  }
  if (segment.flags.syn()) {
    received_syn(segment);
    return;
  }
  if (!stack_isn_) return;
  if (segment.flags.ack()) received_ack(segment.ack);
  const bool next = segment.seq.at_or_before(stack_next_) && segment.end().after(stack_next_);
  if (next) stack_next_ = segment.end();
  if (next && segment.flags.fin()) received_fin();
}

void Peer::received_syn(const Segment& segment) {
  if (state_ && is_synchronized(*state_) && state_ != State::kTimeWait) return;
  stack_isn_ = segment.seq;
  stack_next_ = segment.end();
  if (!segment.flags.ack()) {
    state_ = state_ == State::kSynSent ? State::kSynReceived : State::kListen;
  } else if (isn_ && segment.ack == next_ &&
             (state_ == State::kSynSent || state_ == State::kSynReceived)) {
    state_ = State::kEstablished;
  }
}

void Peer::received_ack(Seq ack) {
  if (state_ == State::kSynReceived && isn_ && ack.after(*isn_)) state_ = State::kEstablished;
  if (!fin_end_ || ack != *fin_end_) return;
  if (state_ == State::kFinWait1) {
    state_ = State::kFinWait2;
  } else if (state_ == State::kClosing) {
    state_ = State::kTimeWait;
  } else if (state_ == State::kLastAck) {
    state_ = State::kClosed;
  }
}

void Peer::received_fin() {
  if (state_ == State::kEstablished || state_ == State::kSynReceived) {
    state_ = State::kCloseWait;
  } else if (state_ == State::kFinWait1) {
    state_ = State::kClosing;
  } else if (state_ == State::kFinWait2) {
    state_ = State::kTimeWait;
  }
}

}  // namespace synfin::report
