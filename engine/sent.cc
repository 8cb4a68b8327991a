// What sending a segment does to the TCB and to what is due.
#include <algorithm>

#include "engine/rules.h"

namespace synfin {

void Rules::sent(Time now, const Segment& segment) {
  now_ = now;
  cover_sent(segment);
  if (segment.flags.rst()) {
    sent_reset(segment);
    return;
  }
  if (state_ == State::kClosed || state_ == State::kListen) return;
  if (segment.flags.syn()) {
    sent_syn(segment);
  } else {
    sent_ordinary(segment);
  }
  if (segment.options.user_timeout) {
    hit(Clause::kRfc5482_3);
    if (!segment.flags.syn()) {
      hit(Clause::kRfc5482_6);  // the SYN may have told it in vain
      told_user_timeout_ = true;
    }
  }
  if (segment.options.timestamps) tcb_.last_ts_sent = segment.options.timestamps->value;
  review_sending();
}

void Rules::sent_reset(const Segment& segment) {
  // One of another form answers as well: findings() has told what is wrong with it.
  const Obligation* owed = owed_reset(segment);
  if (owed == nullptr) return;
  due_.remove_at(static_cast<std::size_t>(owed - due_.all().data()));
}

// §3.8.3: R1 and what follows from it. R2 is the limit of whoever sends.
void Rules::count_retransmission() {
  if (retransmissions_ < UINT16_MAX) ++retransmissions_;
  if (retransmissions_ != profile_->r1) return;
  hit(Clause::kShld9);
  hit(Clause::kShld10);
  signal(Signal::kDeliveryTrouble);
}

void Rules::sent_syn(const Segment& segment) {
  const bool repeated = tcb_.iss_known;
  if (!repeated) {
    tcb_.iss_known = true;
    tcb_.snd.iss = tcb_.snd.una = tcb_.ecn_recover = segment.seq;
    tcb_.snd.nxt = tcb_.snd.max_edge = segment.seq + 1;
    tcb_.offered = Offer(segment);
    timed_seq_ = segment.seq;
    timed_length_ = 1;
    timed_at_ = now_;
  } else if (due_.find(segment.flags.ack() ? Due::kSynAck : Due::kSyn) == nullptr) {
    count_retransmission();
  }
  if (repeated) {
    hit(Clause::kSmTmo2);
    timed_at_ = kNever;  // Karn
    if (now_ - front_sent_at_ >= rtt_.rto() - profile_->clock_granularity) {
      hit(Clause::kRfc6298_5_5);
      rtt_.back_off();
      rtt_.on_syn_timeout();
    }
    // RFC 7323 §2.2 lets a repeated SYN offer less; what went out last is what the peer answers.
    tcb_.offered = Offer(segment);
  }
  first_window_ = segment.wnd;
  due_.remove(Due::kSyn);
  if (segment.flags.ack()) {
    due_.remove(Due::kSynAck);
    due_.remove(Due::kAck);
    syn_ack_permitted_ = false;
    tcb_.last_ack_sent = segment.ack;
    tcb_.rcv.edge = later(repeated ? tcb_.rcv.edge : tcb_.rcv.nxt, tcb_.rcv.nxt + segment.wnd);
  }
  if (tcb_.irs_known) agree_on_options();
  // Who offers scaling to a peer that did not breaks RFC7323-WS-2, and scales its own window as
  // well: what it says is read as it is meant.
  const std::optional<uint8_t> scale = segment.options.window_scale;
  if (segment.flags.ack() && scale && !tcb_.scaling) {
    tcb_.rcv.shift = std::min(*scale, kMostWindowShift);
  }
  front_sent_at_ = last_progress_ = now_;
  due_.remove(Due::kRetransmit);
}

void Rules::sent_ordinary(const Segment& segment) {
  const bool probe = is_probe(now_, segment);  // while an ACK that it may be is still owed
  if (segment.flags.ack()) {
    if (!segment.ack.before(tcb_.last_ack_sent) && !segment.ack.after(tcb_.rcv.nxt)) {
      tcb_.last_ack_sent = segment.ack;
      const uint32_t window = static_cast<uint32_t>(segment.wnd) << tcb_.rcv.shift;
      tcb_.rcv.edge = later(tcb_.rcv.edge, segment.ack + window);
      if (tcb_.scaling) hit(Clause::kRfc7323Ws8);
    }
    if (segment.ack == tcb_.rcv.nxt) {
      due_.remove(Due::kAck);
      duplicate_.reset();
      told_late_.reset();
      newest_.reset();
      unacknowledged_in_ = 0;
      if (segment.len() == 0 && in_order_permits_ == 0 && other_permits_ > 0) --other_permits_;
      in_order_permits_ = 0;
    } else if (segment.len() == 0) {
      if (in_order_permits_ > 0) {
        --in_order_permits_;
      } else if (other_permits_ > 0) {
        --other_permits_;
      }
    }
  }
  // MAY-7: the front may go again beyond the edge of a window that shrank, and probes it as well.
  const bool front = segment.seq.at_or_before(tcb_.snd.una) && segment.end().after(tcb_.snd.una) &&
                     segment.end().at_or_before(tcb_.snd.nxt);
  if (front && (tcb_.snd.una + tcb_.snd.wnd).before(segment.end())) hit(Clause::kMay7);
  if ((probe || (tcb_.snd.wnd == 0 && front)) && !of_same_probe(now_)) {
    due_.remove(Due::kProbe);
    if (probed_at_ != kNever) {
      probe_interval_ =
          std::chrono::duration_cast<Milliseconds>(now_ - std::max(probed_at_, last_heard_));
    }
    probed_at_ = now_;
    if (probes_ < UINT8_MAX) ++probes_;
  }
  if (segment.len() == 0) return;
  fin_is_new_ = false;
  sent_sequence_space(segment);
}

void Rules::sent_sequence_space(const Segment& segment) {
  sent_ecn(segment);
  const Seq end = segment.end();
  const bool repeated = segment.seq.before(tcb_.snd.nxt);
  const bool timed_out = now_ - front_sent_at_ >= rtt_.rto() - profile_->clock_granularity;
  if (segment.seq.at_or_before(tcb_.snd.una) && end.after(tcb_.snd.una)) front_sent_at_ = now_;
  if (repeated) {
    hit(Clause::kSmTmo2);
    if (timed_at_ != kNever && segment.seq.before(timed_end()) && timed_seq_.before(end)) {
      timed_at_ = kNever;  // Karn: what was sent twice measures nothing
    }
    if (segment.seq.at_or_before(tcb_.snd.una)) {
      count_retransmission();
      hit(Clause::kRfc6298_5_4);
      if (timed_out && tcb_.snd.wnd > 0) {
        hit(Clause::kRfc6298_5_5);
        rtt_.back_off();
      }
      if (timed_out) forget_sacked();
      recovering_ = true;
      recover_ = later(tcb_.snd.nxt, end);
    }
    last_progress_ = now_;
  } else if (tcb_.snd.una == tcb_.snd.nxt) {
    last_progress_ = front_sent_at_ = now_;
    if (unacknowledged_since_ == kNever) unacknowledged_since_ = now_;
  }
  if (!end.after(tcb_.snd.nxt)) return;
  if (timed_at_ == kNever && !repeated) {
    timed_seq_ = segment.seq;
    timed_length_ = static_cast<uint16_t>(segment.len());
    timed_at_ = now_;
  }
  tcb_.snd.nxt = end;
  due_.remove(Due::kText);
  if (segment.flags.fin() && !fin_sent_) {
    fin_sent_ = true;
    fin_seq_ = end - 1;
    hit(Clause::kSmUsr3);
    if (state_ == State::kCloseWait) {
      transition(State::kLastAck, EventKind::kClose, Clause::kSmUsr3);
    }
  }
}

}  // namespace synfin
