// SEGMENT ARRIVES: RFC 9293 §3.10.7, one function per numbered step, in the RFC's order.
#include <algorithm>

#include "engine/arrival.h"
#include "engine/rules.h"

namespace synfin {

void Rules::on_segment(Time now, const Segment& segment, Admission admission) {
  begin(now);
  cover_arrival(segment);
  // §3.5.2: a RST is never answered by a RST; every path below that resets asks for this.
  if (segment.flags.rst()) hit(Clause::kSmRstgen1);
  switch (state_) {
    case State::kClosed:
      arrives_closed(segment);
      break;
    case State::kListen:
      arrives_listen(segment, admission);
      break;
    case State::kSynSent:
      arrives_syn_sent(segment);
      break;
    default:
      arrives_other(segment, admission);
      break;
  }
  review_sending();
}

// --- §3.10.7.1 CLOSED ----------------------------------------------------------------------------

void Rules::arrives_closed(const Segment& segment) {
  if (segment.flags.rst()) {
    decide(Clause::kSmClosed1);
    return;
  }
  owe_reset(segment, segment.flags.ack() ? Clause::kSmClosed3 : Clause::kSmClosed2);
}

// --- §3.10.7.2 LISTEN ----------------------------------------------------------------------------

void Rules::arrives_listen(const Segment& segment, Admission admission) {
  // First, check for a RST.
  if (segment.flags.rst()) {
    decide(Clause::kSmListen1);
    return;
  }
  // Second, check for an ACK.
  if (segment.flags.ack()) {
    owe_reset(segment, Clause::kSmListen2);
    return;
  }
  // Third, check for a SYN.
  if (segment.flags.syn()) {
    if (!admission.syn) {
      decide(Clause::kSmBacklog1);  // no room for a TCB: the peer will try again
      return;
    }
    hit(Clause::kSmListen3);
    take_syn(segment);
    transition(State::kSynReceived, EventKind::kSegment, Clause::kSmListen3);
    last_progress_ = unacknowledged_since_ = now_;
    due_.add(Due::kSynAck, Clause::kSmListen3, now_);
    return;
  }
  // Fourth, other data or control: dropped.
  decide(Clause::kSmListen4);
}

// --- §3.10.7.3 SYN-SENT --------------------------------------------------------------------------

void Rules::arrives_syn_sent(const Segment& segment) {
  const bool ack = segment.flags.ack();
  // First, check the ACK bit.
  if (ack && !(tcb_.iss_known && segment.ack.after(tcb_.snd.iss) &&
               segment.ack.at_or_before(tcb_.snd.nxt))) {
    decide(Clause::kSmSs1);
    // §3.5.1, figures 9 and 10: the peer has a connection of which we know nothing.
    if (!segment.flags.rst() && !segment.flags.syn()) hit(Clause::kSmHalf1);
    if (!segment.flags.rst()) owe_reset(segment, Clause::kSmSs1);
    return;
  }
  // Second, check the RST bit. The sequence number is not compared with RCV.NXT, which has no value
  // in this state (erratum 8167).
  if (segment.flags.rst()) {
    if (!ack) {
      decide(Clause::kSmSs3);
      hit(Clause::kRfc5961_3_4);
      return;
    }
    enter_closed(EventKind::kSegment, Clause::kSmSs2);
    signal(Signal::kConnectionReset);
    return;
  }
  // Fourth, check the SYN bit.
  if (segment.flags.syn()) {
    syn_sent_step_4_syn(segment);
    return;
  }
  // Fifth, neither SYN nor RST: dropped.
  decide(Clause::kSmSs6);
}

void Rules::syn_sent_step_4_syn(const Segment& segment) {
  if (!segment.flags.ack() && profile_->drops_crossing_syn) return count_from_syn(segment);
  take_syn(segment);
  if (!segment.flags.ack()) {
    // Simultaneous open (MUST-10).
    hit(Clause::kMust10);
    transition(State::kSynReceived, EventKind::kSegment, Clause::kSmSs5);
    tcb_.snd.wl2 = segment.ack;
    due_.remove(Due::kSyn);
    due_.add(Due::kSynAck, Clause::kSmSs5, now_);
    return;
  }
  take_acknowledgment(segment);
  tcb_.snd.wl2 = segment.ack;
  become_established(Clause::kSmSs4);
  owe_ack(Clause::kSmSs4);
  Arrival arrival(segment);
  arrival.trim_syn();
  step_6_urg(arrival);
  step_7_text(arrival);
  drain_queue();
  step_8_fin(arrival);
}

// --- §3.10.7.4 Other states ----------------------------------------------------------------------

void Rules::arrives_other(const Segment& segment, Admission admission) {
  if (check_time_wait_syn(segment, admission)) return;
  // By right only a FIN that comes again restarts the 2MSL. Some restart them with other segments.
  if (state_ == State::kTimeWait) time_wait_latest_ = now_ + 2 * profile_->msl;
  if (profile_->any_segment_tells_its_window && is_synchronized(state_)) follow_window(segment);
  note_duplicate(segment);
  if (!check_timestamps(segment)) return;
  Arrival arrival(segment);
  if (!step_1_sequence(arrival)) return follow_ack(arrival, admission);
  if (!step_2_rst(arrival)) return;
  // Third, check security: the compartments of RFC 9293 §A.1 are not used.
  if (!step_4_syn(arrival)) return;
  if (!step_5_ack(arrival, admission)) return;
  take_user_timeout(segment);
  take_congestion_marks(segment);
  if (!admission.text) return;
  note_contradiction(arrival);
  step_6_urg(arrival);
  step_7_text(arrival);
  step_8_fin(arrival);
}

// First, check the sequence number.
bool Rules::step_1_sequence(Arrival& arrival) {
  const Segment& segment = *arrival.segment;
  // Simultaneous open (figure 7, line 6): the peer's SYN,ACK repeats the SYN that was taken
  // already. Trimmed of it, as step 1 has it for all old octets, its ACK counts where it is good.
  if (state_ == State::kSynReceived && !passive_ && segment.flags.syn() && segment.flags.ack() &&
      segment.seq == tcb_.rcv.irs && segment.ack.after(tcb_.snd.una) &&
      segment.ack.at_or_before(tcb_.snd.nxt)) {
    arrival.trim_syn();
    decide(arrival.test);
    permit(other_permits_);
    take_timestamp(segment);
    return true;
  }
  const uint32_t window = tcb_.rcv.wnd();
  const uint32_t length = segment.len();
  bool acceptable = false;
  if (length == 0) {
    arrival.test = window == 0 ? Clause::kSmAcc1 : Clause::kSmAcc2;
    acceptable =
        window == 0 ? segment.seq == tcb_.rcv.nxt : segment.seq.in_window(tcb_.rcv.nxt, window);
  } else {
    arrival.test = window == 0 ? Clause::kSmAcc3 : Clause::kSmAcc4;
    acceptable = segment.seq.in_window(tcb_.rcv.nxt, window) ||
                 (segment.end() - 1).in_window(tcb_.rcv.nxt, window);
  }
  decide(arrival.test);
  acceptable = acceptable && !is_guarded(segment);
  arrival.at_edge = !acceptable && is_at_edge(segment);
  if (!acceptable && !arrival.at_edge) return step_1_not_acceptable(arrival);
  if (arrival.at_edge && segment.len() > 0) permit(other_permits_);
  arrival.trim_to(tcb_.rcv.nxt, tcb_.rcv.edge);
  if (arrival.trimmed_left) hit(Clause::kSmAcc7);
  // The SYN again, with text or FIN: the peer has not heard our SYN,ACK.
  if (state_ == State::kSynReceived && segment.flags.syn() && !arrival.syn) {
    syn_ack_permitted_ = true;
    permit(other_permits_);
  }
  if (tcb_.scaling) hit(Clause::kRfc7323Ws7);
  if (profile_->refused_acks_update_timestamps) take_timestamp(segment);
  return true;
}

bool Rules::step_1_not_acceptable(Arrival& arrival) {
  const Segment& segment = *arrival.segment;
  // With a zero window nothing is acceptable, but valid ACKs, URGs and RSTs are taken (MUST-66).
  if (tcb_.rcv.wnd() == 0 && segment.seq == tcb_.rcv.nxt && !is_guarded(segment)) {
    hit(Clause::kMust66);
    hit(Clause::kMay8);
    if (!segment.flags.rst()) {
      owe_ack(Clause::kSmAcc3);
      permit(other_permits_);
    }
    arrival.drop_text();
    return true;
  }
  if (segment.flags.rst()) {
    decide(Clause::kSmAcc6);
    hit(Clause::kRfc5961_3_1);
    const bool beyond = segment.seq.at_or_after(tcb_.rcv.edge);
    if (beyond && profile_->challenges_resets_beyond) permit(other_permits_);
    return false;
  }
  owe_ack(segment.flags.syn() && is_synchronized(state_) ? Clause::kRfc5961_4_1 : Clause::kSmAcc5);
  if (duplicate_) owe_dsack(!segment.text.empty() && !segment.flags.syn());
  permit(other_permits_);
  // The peer has not heard our SYN,ACK: repeating it acknowledges as well.
  if (state_ == State::kSynReceived && segment.flags.syn()) syn_ack_permitted_ = true;
  // The only thing to come by right is a retransmission of the peer's FIN.
  const bool again = segment.flags.fin() && segment.end() == tcb_.rcv.nxt;
  if (state_ == State::kTimeWait && again) restart_time_wait();
  return false;
}

// Second, check the RST bit.
bool Rules::step_2_rst(const Arrival& arrival) {
  const Segment& segment = *arrival.segment;
  if (!segment.flags.rst()) return true;
  if (profile_->rfc5961 && segment.seq != tcb_.rcv.nxt) {
    refuse(Clause::kRfc5961_3_3);
    return false;
  }
  hit(Clause::kRfc5961_3_2);
  if (is_synchronized(state_)) hit(Clause::kRfc5961_4_2);
  switch (state_) {
    case State::kSynReceived:
      hit(Clause::kMust11);
      if (passive_) {
        hit(Clause::kSmOld1);  // the SYN was an old duplicate (§3.5, figure 8)
        return_to_listen(Clause::kSmRst1);
      } else {
        enter_closed(EventKind::kSegment, Clause::kSmRst1);
        signal(Signal::kConnectionRefused);
      }
      break;
    case State::kEstablished:
    case State::kFinWait1:
    case State::kFinWait2:
    case State::kCloseWait:
      reset_by_peer(Clause::kSmRst2);
      break;
    case State::kTimeWait:
      if (profile_->rfc1337) {
        decide(Clause::kRfc1337F1);
        break;
      }
      [[fallthrough]];
    default:
      enter_closed(EventKind::kSegment, Clause::kSmRst3);
      break;
  }
  return false;
}

// Fourth, check the SYN bit.
bool Rules::step_4_syn(const Arrival& arrival) {
  // RFC 5961 §4.2: irrespective of the sequence number, so also one that step 1 has trimmed off.
  const bool challenged =
      profile_->rfc5961 && arrival.segment->flags.syn() && is_synchronized(state_);
  if (!arrival.syn && !challenged) return true;
  if (state_ == State::kSynReceived && passive_ && profile_->syn_received_returns_to_listen) {
    return_to_listen(Clause::kSmSyn1);
    return false;
  }
  if (profile_->rfc5961) {
    refuse(Clause::kRfc5961_4_1);
    if (state_ == State::kSynReceived) syn_ack_permitted_ = true;
    return false;
  }
  // RFC 793: a SYN in the window is an error.
  owe_reset(*arrival.segment, Clause::kSmSyn1);
  if (state_ == State::kSynReceived) {
    enter_closed(EventKind::kSegment, Clause::kSmSyn1);
    signal(Signal::kConnectionReset);
  } else {
    reset_by_peer(Clause::kSmSyn1);
  }
  return false;
}

// Fifth, check the ACK field.
bool Rules::step_5_ack(const Arrival& arrival, Admission admission) {
  const Segment& segment = *arrival.segment;
  if (!segment.flags.ack()) {
    decide(Clause::kSmAck1);
    return profile_->text_needs_no_ack && is_synchronized(state_);
  }
  if (state_ == State::kSynReceived) {
    if (!step_5_syn_received(segment, admission)) return false;
  }
  // RFC 5961 §5.2, MAY-12: (SND.UNA - MAX.SND.WND) =< SEG.ACK.
  // What is half way round and further ahead than behind is none of these.
  const bool ahead = segment.ack.after(tcb_.snd.nxt);
  if (profile_->rfc5961_ack_check && segment.ack.before(oldest_ack()) && !ahead) {
    hit(Clause::kMay12);
    refuse(Clause::kRfc5961_5_1);
    return false;
  }
  if (!step_5_established(segment)) return false;
  return step_5_after_close(segment);
}

bool Rules::step_5_syn_received(const Segment& segment, Admission admission) {
  if (!segment.ack.after(tcb_.snd.una) || segment.ack.after(tcb_.snd.nxt)) {
    owe_reset(segment, Clause::kSmAck3);
    return false;
  }
  if (!admission.third_ack) {
    decide(Clause::kSmBacklog1);
    syn_ack_permitted_ = true;
    if (!profile_->accept_overflow_resets) return false;
    owe_reset(segment, Clause::kSmBacklog1);
    return_to_listen(Clause::kSmBacklog1);
    return false;
  }
  take_acknowledgment(segment);
  if (profile_->forgets_window_of_syn && passive_) tcb_.snd.max_wnd = 0;
  take_first_window(segment);
  become_established(Clause::kSmAck2);
  drain_queue();
  return true;
}

bool Rules::step_5_established(const Segment& segment) {
  if (segment.ack.after(tcb_.snd.nxt)) {
    refuse(Clause::kSmAck4);
    return profile_->text_needs_no_ack;
  }
  if (!profile_->refused_acks_update_timestamps) take_timestamp(segment);
  last_heard_ = now_;
  count_duplicate(segment);
  const bool news = segment.ack.after(tcb_.snd.una);
  if (news) {
    const bool of_syn = !syn_acked();
    take_acknowledgment(segment);
    // After a CLOSE in SYN-RECEIVED: what came on the peer's SYN has waited for this.
    if (of_syn) drain_queue();
  } else {
    hit(Clause::kSmAck5);
  }
  take_sack(segment);
  if (segment.ack.at_or_after(tcb_.snd.una) && !profile_->any_segment_tells_its_window) {
    hit(Clause::kSmAck6);
    // SND.WL1 < SEG.SEQ or (SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK)
    if (tcb_.snd.wl1.before(segment.seq) ||
        (tcb_.snd.wl1 == segment.seq && tcb_.snd.wl2.at_or_before(segment.ack) &&
         (news || !keeps_window_out(segment))) ||
        (news && profile_->new_acks_bring_their_window)) {
      update_send_window(segment);
    }
  }
  return true;
}

// What the states after a CLOSE do "in addition to the processing for the ESTABLISHED state".
bool Rules::step_5_after_close(const Segment&) {
  switch (state_) {
    case State::kFinWait1:
      decide(Clause::kSmAck7);
      if (fin_acked()) transition(State::kFinWait2, EventKind::kSegment, Clause::kSmAck7);
      return true;
    case State::kClosing:
      if (!fin_acked()) {
        decide(Clause::kSmAck8);
        return false;
      }
      enter_time_wait(Clause::kSmAck8);
      return true;
    case State::kLastAck:
      decide(Clause::kSmAck9);
      if (!fin_acked()) return true;
      enter_closed(EventKind::kSegment, Clause::kSmAck9);
      return false;
    default:
      return true;
  }
}

// Sixth, check the URG bit.
void Rules::step_6_urg(const Arrival& arrival) {
  const Segment& segment = *arrival.segment;
  if (!segment.flags.urg() || !may_receive_text(state_)) return;
  hit(Clause::kMust30);
  const Seq up = segment.seq + segment.up;
  const bool news = !tcb_.receive_urgent || up.after(tcb_.rcv.up);
  if (news) tcb_.rcv.up = up;
  if (!tcb_.rcv.up.after(ring_start())) return;
  tcb_.receive_urgent = true;
  if (news) {
    hit(Clause::kMust32);
    signal(Signal::kUrgent);
  }
}

// Seventh, process the segment text.
void Rules::step_7_text(const Arrival& arrival) {
  if (arrival.text.empty()) {
    // Step 1 let it pass, but nothing of it was new and within the window.
    const Segment& segment = *arrival.segment;
    const bool old = segment.seq.before(tcb_.rcv.nxt);
    if (arrival.at_edge && segment.len() > 0 && (old || may_receive_text(state_))) {
      owe_ack(Clause::kSmAcc5);
      if (duplicate_) owe_dsack(!segment.text.empty());
    }
    // An empty segment that is in the window but not at its left edge may draw an ACK (MAY-13).
    if (arrival.seq != tcb_.rcv.nxt) {
      hit(Clause::kMay13);
      permit(other_permits_);
    }
    return;
  }
  if (!may_receive_text(state_)) {
    hit(Clause::kSmTxt2);
    permit(other_permits_);
    return;
  }
  hit(Clause::kSmTxt1);
  if (deaf_ && profile_->reset_on_text_after_close) {
    // §3.6.1: the text will never be read.
    hit(Clause::kMay1);
    const Segment& segment = *arrival.segment;
    enter_closed(EventKind::kAbort, Clause::kShld3);
    owe_reset_at(segment.ack, Clause::kShld3, &segment);
    return;
  }
  const bool had_gap = !queued_.empty();
  const bool in_order = arrival.seq.at_or_before(tcb_.rcv.nxt);
  if (in_order && arrival.fin) discard_queue();
  const auto length = static_cast<uint32_t>(arrival.text.size());
  if (profile_->text_overrules_waiting_fin && fin_waits() &&
      peer_fin_seq_.in_window(arrival.seq, length)) {
    peer_fin_known_ = false;
  }
  queue_text(arrival.seq, arrival.text);
  if (duplicate_) owe_dsack(true);
  if (in_order) {
    drain_queue();
    if (had_gap) {
      hit(Clause::kMust59);
      owe_ack(Clause::kRfc5681_11);
    }
  } else {
    hit(Clause::kShld31);
    if (queued_.contains(arrival.seq)) newest_ = arrival.seq;
    permit(other_permits_);
    owe_ack(Clause::kRfc5681_10);
  }
  // §3.8.6.3: at least every second full-sized segment.
  const uint32_t full_sized =
      tcb_.offered.mss.value_or(profile_->default_mss) - (tcb_.timestamps ? 12U : 0U);
  if (unacknowledged_in_ >= 2U * full_sized) owe_ack(Clause::kShld19);
}

// Eighth, check the FIN bit.
void Rules::step_8_fin(const Arrival& arrival) {
  if (state_ == State::kClosed || state_ == State::kListen) return;
  if (!arrival.fin) {
    if (arrival.segment->flags.fin()) decide(arrival.test);  // step 1 has cut it off
    return;
  }
  const Seq fin_seq = arrival.seq + static_cast<uint32_t>(arrival.text.size());
  if (peer_fin_taken_) {
    fin_after_fin(arrival);
    return;
  }
  if (fin_seq.before(tcb_.rcv.nxt)) {
    permit(other_permits_);  // it stands where text has come already: one of the two is forged
    return;
  }
  const bool overruled = profile_->text_overrules_waiting_fin && queued_.contains(fin_seq);
  if ((!peer_fin_known_ && !overruled) || fin_seq == tcb_.rcv.nxt) {
    peer_fin_known_ = true;
    peer_fin_seq_ = fin_seq;
  }
  if (fin_seq != tcb_.rcv.nxt) {
    decide(Clause::kSmFin7);
    permit(other_permits_);
    if (arrival.text.empty()) owe_ack(Clause::kRfc5681_10);
    return;
  }
  take_fin();
}

}  // namespace synfin
