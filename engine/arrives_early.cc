// What RFC 6191 and RFC 7323 put before step 1 of SEGMENT ARRIVES (arrives.cc), and stacks after
// it.
#include "engine/arrival.h"
#include "engine/rules.h"

namespace synfin {

// RFC 9293 §3.10.7.4 steps 1 and 4, RFC 6191 §2: a SYN in TIME-WAIT may open a new incarnation.
bool Rules::check_time_wait_syn(const Segment& segment, Admission admission) {
  if (state_ != State::kTimeWait || !passive_ || !segment.flags.syn() || segment.flags.rst() ||
      segment.flags.ack()) {
    return false;
  }
  if (profile_->rfc6191) hit(Clause::kRfc6191_2);
  const bool reopens = reopens_time_wait(segment).has_value();
  if (!reopens && !profile_->rfc6191) return false;
  if (!reopens || !admission.syn) {
    // RFC 6191 drops it in silence, steps 1 and 4 would send an ACK: both are right.
    decide(reopens ? Clause::kSmBacklog1 : Clause::kRfc6191_2);
    permit(other_permits_);
    return true;
  }
  if (segment.options.timestamps && profile_->rfc6191) hit(Clause::kShld4);
  start_anew();
  take_syn(segment);
  transition(State::kSynReceived, EventKind::kSegment, Clause::kMay2);
  last_progress_ = unacknowledged_since_ = now_;
  due_.add(Due::kSynAck, Clause::kMay2, now_);
  return true;
}

// Not so where little of a connection is kept: half open at a listener, closed in FIN-WAIT-2, in
// TIME-WAIT.
bool Rules::is_in_full() const {
  return state_ != State::kTimeWait && !(state_ == State::kSynReceived && passive_) &&
         !(state_ == State::kFinWait2 && deaf_);
}

// Profile::window_takes_its_edges.
bool Rules::is_at_edge(const Segment& segment) const {
  if (!profile_->window_takes_its_edges || is_guarded(segment)) return false;
  if (!is_in_full()) return segment.seq == tcb_.rcv.edge && segment.len() == 0;
  if (tcb_.rcv.wnd() == 0 && segment.seq == tcb_.rcv.nxt) return false;  // MUST-66 has it pass
  return segment.end().at_or_after(tcb_.last_ack_sent) && !segment.seq.after(tcb_.rcv.edge);
}

// Profile::unread_text_guards_edge.
bool Rules::is_guarded(const Segment& segment) const {
  const Seq end = segment.text_seq() + static_cast<uint32_t>(segment.text.size());
  return profile_->unread_text_guards_edge && is_in_full() && readable() > 0 &&
         end.after(tcb_.rcv.edge);
}

// Profile::takes_any_ack, of a segment that step 1 has refused.
void Rules::follow_ack(const Arrival& arrival, Admission admission) {
  const Flags flags = arrival.segment->flags;
  if (!profile_->takes_any_ack || state_ == State::kTimeWait) return;
  if (!flags.ack() || flags.rst() || (flags.syn() && is_synchronized(state_))) return;
  step_5_ack(arrival, admission);
}

// RFC 7323 §5.3: PAWS stands before all other checks, and spares a RST (§5.2).
bool Rules::check_timestamps(const Segment& segment) {
  if (!tcb_.timestamps || segment.flags.rst()) return true;
  if (!segment.options.timestamps) {
    if (!profile_->drop_without_timestamps || state_ == State::kSynReceived) return true;
    decide(Clause::kRfc7323Ts6);
    return false;
  }
  constexpr auto kOutdated = std::chrono::hours(24 * 24);  // §5.5
  if (now_ - tcb_.ts_recent_at > kOutdated) {
    hit(Clause::kRfc7323Paws6);
    tcb_.ts_recent_valid = false;
  }
  const Seq value(segment.options.timestamps->value);
  const int32_t age = Seq::signed_distance(value, Seq(tcb_.ts_recent));
  const auto slack = static_cast<int32_t>(is_in_full() ? profile_->paws_slack : 0);
  const bool none = profile_->zero_timestamp_is_none && tcb_.ts_recent == 0;
  if (!tcb_.ts_recent_valid || none || age <= slack) return true;
  refuse(Clause::kRfc7323Paws1);
  return false;
}

// RFC 6191 §2 with timestamps, RFC 9293 MAY-2 without.
std::optional<Clause> Rules::reopens_time_wait(const Segment& segment) const {
  if (state_ != State::kTimeWait || !passive_ || !segment.flags.syn() || segment.flags.rst() ||
      segment.flags.ack()) {
    return std::nullopt;
  }
  const Seq last = tcb_.rcv.nxt - 1;  // of the peer's FIN
  const bool newer_seq = segment.seq.after(last);
  if (profile_->rfc6191 && profile_->timestamps && segment.options.timestamps) {
    if (!tcb_.timestamps) return Clause::kRfc6191_2;
    const Seq value(segment.options.timestamps->value);
    const bool newer =
        value.after(Seq(tcb_.ts_recent)) || (value == Seq(tcb_.ts_recent) && newer_seq);
    return newer ? std::optional(Clause::kRfc6191_2) : std::nullopt;
  }
  return profile_->time_wait_accepts_syn && newer_seq ? std::optional(Clause::kMay2) : std::nullopt;
}

}  // namespace synfin
