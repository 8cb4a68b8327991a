// Calls, timers and events of the reference; what it sends is in transmit.cc.
#include "engine/reference.h"

#include <algorithm>

namespace synfin {

Reference::Reference(const Profile& profile, ClauseSet* coverage)
    : rules_(profile, coverage),
      profile_(&profile),
      congestion_(Seq(0), profile.initial_window, coverage),
      keepalive_interval_(profile.keepalive_interval),
      keepalive_limit_(profile.keepalive_probes) {}

// --- user calls ----------------------------------------------------------------------------------

CallStatus Reference::open_passive(Time now, Seq iss, Remote remote) {
  iss_ = iss;
  iss_at_ = now;
  return rules_.open_passive(now, remote);
}

CallStatus Reference::open_active(Time now, Seq iss) {
  iss_ = iss;
  iss_at_ = now;
  const CallStatus status = rules_.open_active(now);
  after_event(now);
  return status;
}

CallStatus Reference::send(Time now, std::span<const uint8_t> octets, std::size_t& taken,
                           SendFlags flags) {
  const bool listened = rules_.state() == State::kListen;
  const CallStatus status = rules_.send(now, octets, taken, flags);
  if (listened && rules_.state() == State::kSynSent) advance_iss(now);
  after_event(now);
  return status;
}

CallStatus Reference::receive(Time now, std::span<uint8_t> out, std::size_t& got) {
  const CallStatus status = rules_.receive(now, out, got);
  user_read_ = user_read_ || got > 0;
  after_event(now);
  return status;
}

CallStatus Reference::close(Time now, CloseKind kind) {
  deaf_ = deaf_ || kind == CloseKind::kBoth;
  const CallStatus status = rules_.close(now, kind);
  after_event(now);
  return status;
}

CallStatus Reference::abort(Time now) {
  const CallStatus status = rules_.abort(now);
  after_event(now);
  return status;
}

void Reference::set_keepalive(Time now, bool on, Duration idle, Duration interval,
                              unsigned probes) {
  hit(Clause::kMust27);
  keepalive_ = on;
  keepalive_interval_ = interval;
  keepalive_limit_ = probes;
  keepalive_unanswered_ = 0;
  rules_.set_keepalive(on, idle);
  keepalive_at_ = on ? now + keepalive_idle() : kNever;
}

// --- segments ------------------------------------------------------------------------------------

void Reference::on_segment(Time now, const Segment& segment, Admission admission) {
  const Seq una = rules_.tcb().snd.una;
  const bool handshake = !rules_.tcb().iss_known || una == rules_.tcb().snd.iss;
  const unsigned duplicates = rules_.duplicate_acks();
  const State before = rules_.state();
  const bool reduced = rules_.tcb().ecn_reduced;
  const Seq used = rules_.tcb().iss_known ? rules_.tcb().snd.nxt : iss_;
  diffserv_ = segment.diffserv;
  rules_.on_segment(now, segment, admission);
  const State after = rules_.state();
  const bool reopened = before == State::kTimeWait && after == State::kSynReceived;
  if (reopened || (before == State::kSynReceived && after == State::kListen)) {
    // MAY-2 (1): above all that this incarnation used; and so far that what may still be on its way
    // falls short, also within one tick of the clock.
    iss_ = later(iss_, used) + 0x10000U;
    resending_ = resend_front_ = syn_lost_ = false;
  }
  if (reopened || (before == State::kListen && after == State::kSynReceived)) advance_iss(now);
  const Tcb& tcb = rules_.tcb();
  if (is_synchronized(rules_.state()) && !is_synchronized(before)) {
    congestion_ = Congestion(tcb.snd.iss, profile_->initial_window, rules_.coverage());
    if (syn_lost_) {
      congestion_.on_syn_lost();
      rules_.congestion_window_reduced();
    }
    congestion_.on_established(rules_.effective_mss());
  } else if (is_synchronized(rules_.state())) {
    const bool marked = tcb.ecn && segment.flags.has(kEce);
    control_congestion(una, duplicates, handshake, marked);
    if (tcb.ecn_reduced && !reduced && marked) congestion_.on_echo(Seq::distance(una, tcb.snd.nxt));
  }
  if (tcb.snd.una.after(resend_)) resend_ = tcb.snd.una;
  if (tcb.snd.una == tcb.snd.nxt) resending_ = resend_front_ = false;
  keepalive_unanswered_ = 0;
  keepalive_now_ = false;
  if (keepalive_) keepalive_at_ = now + keepalive_idle();
  after_event(now);
}

// MUST-8: a clock of 4 µs.
void Reference::advance_iss(Time now) {
  constexpr auto kTick = std::chrono::microseconds(4);
  hit(Clause::kMust8);
  iss_ += static_cast<uint32_t>((now - iss_at_) / kTick);
  iss_at_ = now;
}

void Reference::on_icmp(Time now, IcmpError error, Seq quoted) {
  rules_.on_icmp(now, error, quoted);
  after_event(now);
}

// RFC 5681 §3 and RFC 6582 §3.2 for what the segment acknowledged. The acknowledgment of the SYN
// does not open the window (RFC 5681 §3.1).
void Reference::control_congestion(Seq una, unsigned duplicates, bool handshake, bool marked) {
  const Tcb& tcb = rules_.tcb();
  if (tcb.snd.una.after(una) && !handshake) {
    const uint32_t octets = Seq::distance(una, tcb.snd.una);
    switch (congestion_.on_ack(octets, tcb.snd.una, flight(), marked)) {
      case Congestion::AckEffect::kPartialAck:
      case Congestion::AckEffect::kFirstPartialAck:
        resend_front_ = true;
        break;
      case Congestion::AckEffect::kFullAck:
        resend_front_ = false;  // a partial one may have come a moment before
        break;
      default:
        break;
    }
  } else if (rules_.duplicate_acks() > duplicates) {
    if (congestion_.on_duplicate_ack(tcb.snd.una, tcb.snd.nxt, flight())) {
      resend_front_ = true;
      rules_.congestion_window_reduced();
    }
  }
}

// --- timers --------------------------------------------------------------------------------------

bool Reference::persisting() const { return rules_.obligations().find(Due::kProbe) != nullptr; }

unsigned Reference::retransmission_limit() const {
  if (rules_.state() == State::kSynSent) return profile_->syn_retries;
  if (rules_.state() == State::kSynReceived) return profile_->syn_ack_retries;
  return profile_->retries;
}

Time Reference::retransmission_at() const {
  const Tcb& tcb = rules_.tcb();
  switch (rules_.state()) {
    case State::kClosed:
    case State::kListen:
    case State::kTimeWait:
      return kNever;
    default:
      break;
  }
  if (!tcb.iss_known || tcb.snd.una == tcb.snd.nxt || persisting()) return kNever;
  return rules_.last_progress() + rules_.rto();
}

Time Reference::next_deadline() const {
  Time first = std::min(retransmission_at(), ack_at_);
  first = std::min(first, persist_at_);
  first = std::min(first, override_at_);
  first = std::min(first, keepalive_at_);
  first = std::min(first, fin_wait_2_at_);
  first = std::min(first, rules_.time_wait_earliest());
  return std::min(first, rules_.user_timeout_at());
}

void Reference::on_time(Time now) {
  if (now >= rules_.time_wait_earliest()) rules_.on_time_wait_timeout(now);
  if (now >= fin_wait_2_at_) rules_.on_fin_wait_2_timeout(now);
  if (now >= rules_.user_timeout_at()) rules_.on_user_timeout(now);
  if (now >= retransmission_at()) on_retransmission_timeout(now);
  if (now >= keepalive_at_) on_keepalive_timeout(now);
  if (now >= persist_at_) {
    probe_now_ = true;
    persist_at_ = kNever;
    if (persist_backoff_ < UINT8_MAX) ++persist_backoff_;
  }
  if (now >= override_at_) {
    overridden_ = true;
    override_at_ = kNever;
  }
  after_event(now);
}

// RFC 6298 §5 (5.4) to (5.6), and R2 of RFC 9293 §3.8.3.
void Reference::on_retransmission_timeout(Time now) {
  if (rules_.rto() >= profile_->rto_max) hit(Clause::kRfc6298_2_5);
  // A user timeout takes the place of R2 where the peer has asked for one (RFC 5482 §3.1).
  const bool by_count = rules_.adopted_user_timeout() == Duration{0};
  if (by_count && rules_.retransmissions() >= retransmission_limit()) {
    rules_.on_user_timeout(now);
    return;
  }
  if (is_synchronized(rules_.state())) {
    congestion_.on_timeout(rules_.tcb().snd.nxt, flight());
    rules_.congestion_window_reduced();
  } else {
    syn_lost_ = true;
  }
  rules_.forget_sacked();
  resending_ = true;
  resend_ = rules_.tcb().snd.una;
}

// RFC 5482 §4.2: longer than the user timeout that was adopted.
Duration Reference::keepalive_idle() const {
  const Duration adopted = rules_.adopted_user_timeout();
  const Duration idle = rules_.keepalive_idle();
  if (adopted == Duration{0}) return idle;
  hit(Clause::kRfc5482_9);
  return std::max(idle, adopted + std::chrono::seconds(1));
}

// §3.8.4: only while nothing is outstanding (MUST-26).
void Reference::on_keepalive_timeout(Time now) {
  keepalive_at_ = now + keepalive_interval_;
  if (!is_synchronized(rules_.state()) || rules_.state() == State::kTimeWait) return;
  hit(Clause::kMust26);
  // Nor with a closed window: its probes ask as much.
  if (rules_.tcb().snd.una != rules_.tcb().snd.nxt || persisting()) return;
  if (keepalive_unanswered_ >= keepalive_limit_) {
    rules_.on_user_timeout(now);
    return;
  }
  if (keepalive_unanswered_ > 0) hit(Clause::kMust29);
  ++keepalive_unanswered_;
  keepalive_now_ = true;
}

// What follows from a changed TCB for the timers of the policy.
void Reference::after_event(Time now) {
  now_ = now;
  nothing_at_ = Time::min();
  schedule_ack(now);
  if (!persisting()) {
    persist_at_ = kNever;
    persist_backoff_ = 0;
    probe_now_ = false;
  } else if (persist_at_ == kNever && !probe_now_) {
    // SHLD-29, SHLD-30: after one RTO, then exponentially.
    const Duration interval = rules_.rto() * (1 << std::min<int>(persist_backoff_, 10));
    persist_at_ = now + std::min(interval, profile_->persist_max);
  }
  if (rules_.state() != State::kFinWait2) {
    fin_wait_2_at_ = kNever;
  } else if (fin_wait_2_at_ == kNever && deaf_ && profile_->fin_wait_2_timeout > Duration{0}) {
    fin_wait_2_at_ = now + profile_->fin_wait_2_timeout;
  }
  if (rules_.state() == State::kClosed || rules_.state() == State::kTimeWait) {
    keepalive_at_ = override_at_ = kNever;
    resending_ = resend_front_ = probe_now_ = keepalive_now_ = false;
  }
}

// §3.8.6.3: what may wait waits for the delayed-ACK timer, the rest goes at once.
void Reference::schedule_ack(Time now) {
  const Obligation* owed = rules_.obligations().find(Due::kAck);
  if (owed == nullptr) {
    ack_at_ = kNever;
    return;
  }
  if (owed->by > now && delayed_ack_) {
    hit(Clause::kShld18);
    hit(Clause::kRfc5681_17);
  }
  const bool at_once = owed->by <= now || owed->clause == Clause::kSmFin2 || !delayed_ack_;
  const Time at = at_once ? now : std::min(owed->by, now + profile_->delayed_ack);
  ack_at_ = std::min(ack_at_, at);
}

}  // namespace synfin
