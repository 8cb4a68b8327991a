// What the steps of SEGMENT ARRIVES (arrives.cc) are made of.
#include <algorithm>

#include "engine/arrival.h"
#include "engine/rules.h"

namespace synfin {
namespace {

// §3.8.6.3, MUST-40: an acknowledgment must not be delayed by half a second or more.
constexpr Duration kMostAckDelay = std::chrono::milliseconds(500);

}  // namespace

// --- the peer's SYN ------------------------------------------------------------------------------

void Rules::count_from_syn(const Segment& segment) {
  tcb_.irs_known = true;
  tcb_.rcv.irs = segment.seq;
  tcb_.rcv.nxt = segment.seq + 1;
  tcb_.last_ack_sent = tcb_.rcv.nxt;
  // Until our own SYN tells a window there is room for what the buffer takes without scaling.
  const uint32_t window =
      first_window_ != 0 ? first_window_ : std::min<uint32_t>(profile_->receive_buffer, UINT16_MAX);
  tcb_.rcv.edge = tcb_.rcv.nxt + window;
}

void Rules::take_syn(const Segment& segment) {
  count_from_syn(segment);
  tcb_.peer_offered = Offer(segment);
  // No RFC says what an MSS of 0 means. Nothing could be sent with it: it counts as none.
  const uint16_t mss = segment.options.mss.value_or(0);
  tcb_.send_mss = mss > 0 ? mss : profile_->default_mss;
  if (mss == 0) hit(Clause::kMust15);
  hit(Clause::kMust14);
  // RFC 7323 §2.2: the window field of a SYN is never scaled.
  hit(Clause::kRfc7323Ws4);
  tcb_.snd.wnd = segment.wnd;
  window_closed_at_ = now_;
  tcb_.snd.max_wnd = std::max(tcb_.snd.max_wnd, tcb_.snd.wnd);
  tcb_.snd.wl1 = segment.seq;
  if (segment.options.timestamps) {
    tcb_.ts_recent = segment.options.timestamps->value;
    tcb_.ts_recent_valid = true;
    tcb_.ts_recent_at = now_;
  }
  if (tcb_.iss_known) agree_on_options();
  take_user_timeout(segment);
  if (!segment.flags.ack()) {
    // Text and FIN on the SYN wait for ESTABLISHED (§3.10.7.2 third, §3.10.7.3 fourth).
    queue_text(segment.text_seq(), segment.text);
    if (segment.flags.fin()) {
      peer_fin_known_ = true;
      peer_fin_seq_ = segment.end() - 1;
    }
  }
}

// Both SYNs are known: what both offered is in force.
void Rules::agree_on_options() {
  const Offer& ours = tcb_.offered;
  const Offer& theirs = tcb_.peer_offered;
  tcb_.scaling = ours.window_scale && theirs.window_scale;
  hit(Clause::kRfc7323Ws2);
  if (tcb_.scaling) {
    if (*theirs.window_scale > kMostWindowShift) hit(Clause::kRfc7323Ws6);
    tcb_.snd.shift = std::min(*theirs.window_scale, kMostWindowShift);
    tcb_.rcv.shift = std::min(*ours.window_scale, kMostWindowShift);
  }
  tcb_.timestamps = ours.timestamps && theirs.timestamps;
  tcb_.sack = ours.sack_permitted && theirs.sack_permitted;
  tcb_.ecn = ours.ecn && theirs.ecn;
  if (tcb_.ecn) hit(Clause::kShld8);
}

void Rules::become_established(Clause clause) {
  last_heard_ = now_;
  if (profile_->any_segment_tells_its_window && !passive_) count_windows_from_syn();
  if (fin_queued_ && state_ == State::kSynReceived && !send_ring_.empty()) {
    // The CLOSE that had to wait for ESTABLISHED.
    transition(State::kEstablished, EventKind::kSegment, clause);
    transition(State::kFinWait1, EventKind::kClose, Clause::kSmUsr3);
  } else {
    transition(State::kEstablished, EventKind::kSegment, clause);
  }
  due_.remove(Due::kSyn);
  due_.remove(Due::kSynAck);
  retransmissions_ = 0;
  if (rtt_.syn_timed_out()) hit(Clause::kRfc6298_5_7);
  rtt_.on_established();
  if (!keepalive_) hit(Clause::kMust25);
  signal(Signal::kEstablished);
}

// RFC 7323 §4.3 (2), §5.3 R3: of a segment that is acceptable by its SEQ.
void Rules::take_timestamp(const Segment& segment) {
  const auto& timestamps = segment.options.timestamps;
  if (!tcb_.timestamps || !timestamps || segment.flags.rst()) return;
  // Half way round is no older than newer, as in PAWS.
  const int32_t age = Seq::signed_distance(Seq(timestamps->value), Seq(tcb_.ts_recent));
  if (tcb_.ts_recent_valid && age > 0) return;
  if (segment.seq.after(tcb_.last_ack_sent)) return;
  const bool old_ack = segment.flags.ack() && segment.ack.before(tcb_.snd.una);
  if (old_ack && !profile_->old_acks_update_timestamps) return;
  const bool orphan = state_ == State::kFinWait2 && deaf_ && !segment.flags.fin();
  if (orphan && profile_->orphans_leave_timestamps) return;
  hit(Clause::kRfc7323Paws3);
  tcb_.ts_recent = timestamps->value;
  tcb_.ts_recent_valid = true;
  tcb_.ts_recent_at = now_;
}

// --- the peer's ACK ------------------------------------------------------------------------------

// Profile::shrunk_window_is_kept_out, of a segment that acknowledges nothing new.
bool Rules::keeps_window_out(const Segment& segment) const {
  const uint32_t window = static_cast<uint32_t>(segment.wnd) << tcb_.snd.shift;
  if (window >= tcb_.snd.wnd || segment.seq != tcb_.snd.wl1) return false;
  return window > 0 ? profile_->shrunk_window_is_kept_out : profile_->zero_window_is_kept_out;
}

// Profile::any_segment_tells_its_window.
void Rules::follow_window(const Segment& segment) {
  if (!segment.flags.ack() || segment.flags.rst()) return;
  if (segment.flags.syn() && is_synchronized(state_)) return;
  const uint32_t window = static_cast<uint32_t>(segment.wnd) << tcb_.snd.shift;
  const SendSequence& snd = tcb_.snd;
  if (segment.seq.after(snd.wl1) || (segment.seq == snd.wl1 && segment.ack.after(snd.wl2)) ||
      (snd.wl2 == segment.ack && window > snd.wnd)) {
    update_send_window(segment);
  }
}

void Rules::count_windows_from_syn() {
  tcb_.snd.wl1 = tcb_.rcv.irs - 1;
  tcb_.snd.wl2 = tcb_.snd.iss;
}

// The one that ends SYN-RECEIVED: SND.WND, SND.WL1 and SND.WL2 are what it says.
void Rules::take_first_window(const Segment& segment) {
  if (!profile_->any_segment_tells_its_window) return update_send_window(segment);
  count_windows_from_syn();
  follow_window(segment);
}

void Rules::update_send_window(const Segment& segment) {
  const bool unscaled = segment.flags.syn() && !profile_->scales_window_of_syn_ack;
  const unsigned shift = unscaled ? 0 : tcb_.snd.shift;
  hit(Clause::kMust1);
  if (shift > 0) hit(Clause::kRfc7323Ws5);
  const uint32_t before = tcb_.snd.wnd;
  tcb_.snd.wnd = static_cast<uint32_t>(segment.wnd) << shift;
  if (before > 0 && tcb_.snd.wnd == 0) window_closed_at_ = now_;
  if (tcb_.snd.wnd < before && (tcb_.snd.una + tcb_.snd.wnd).before(tcb_.snd.max_edge)) {
    hit(Clause::kMust34);
    if (unsent() > 0) hit(Clause::kShld15);
    if (tcb_.snd.una != tcb_.snd.nxt) hit(Clause::kShld17);
  }
  if (tcb_.snd.wnd > UINT16_MAX) hit(Clause::kRec1);
  tcb_.snd.max_wnd = std::max(tcb_.snd.max_wnd, tcb_.snd.wnd);
  tcb_.snd.wl1 = segment.seq;
  tcb_.snd.wl2 = segment.ack;
  tcb_.snd.max_edge = later(tcb_.snd.max_edge, tcb_.snd.una + tcb_.snd.wnd);
  if (before == 0 && tcb_.snd.wnd > 0) {
    // Out of the persist state: the retransmission timer starts again, and its count: what went out
    // before were probes.
    // A timer that runs on stands where the probes have backed it off to.
    last_progress_ = now_;
    retransmissions_ = 0;
    reopened_after_ = std::min<uint8_t>(probes_, 15) & 15U;
    due_.remove(Due::kProbe);
  }
}

// SND.UNA < SEG.ACK =< SND.NXT
void Rules::take_acknowledgment(const Segment& segment) {
  const Seq text_from = later(tcb_.snd.una, tcb_.snd.iss + 1);
  tcb_.snd.una = segment.ack;
  acknowledged_at_ = now_;
  const Seq text_to = earlier(tcb_.snd.una, fin_sent_ ? fin_seq_ : tcb_.snd.una);
  if (text_to.after(text_from)) send_ring_.consume(Seq::distance(text_from, text_to));
  const bool of_own_syn = !passive_ && segment.ack == tcb_.snd.iss + 1;
  const bool ends = profile_->rtt_of_active_syn || !of_own_syn;
  if (timed_at_ != kNever && !timed_end().after(segment.ack) && ends) sample_round_trip();
  tcb_.snd.max_edge = later(tcb_.snd.max_edge, tcb_.snd.una + tcb_.snd.wnd);
  retransmissions_ = 0;
  start_probing_anew();  // a measured round trip changes the timeout (RFC 6298 §2)
  duplicate_acks_ = 0;
  sacked_.trim_before(tcb_.snd.una);
  // Who acknowledges up to text that it has reported, and not beyond it, has discarded it.
  if (!sacked_.empty() && sacked_.front().left == tcb_.snd.una) forget_sacked();
  hit(Clause::kRfc6298_5_1_5_3);
  last_progress_ = now_;
  if (recovering_ && !tcb_.snd.una.before(recover_)) recovering_ = false;
  if (tcb_.send_urgent && !tcb_.snd.up.after(tcb_.snd.una)) tcb_.send_urgent = false;
  unacknowledged_since_ = tcb_.snd.una == tcb_.snd.nxt && unsent() == 0 ? kNever : now_;
}

void Rules::sample_round_trip() {
  hit(Clause::kMust18);
  hit(Clause::kRfc6298_3_1);
  hit(Clause::kRfc6298_3_2);
  if (tcb_.timestamps) hit(Clause::kRfc7323Ts13);
  hit(rtt_.has_sample() ? Clause::kRfc6298_2_3 : Clause::kRfc6298_2_2);
  rtt_.sample(now_ - timed_at_);
  reopened_after_ = 0;
  if (rtt_.is_granular()) hit(Clause::kRfc6298_4);
  if (rtt_.rto() == profile_->rto_min) hit(Clause::kRfc6298_2_4);
  timed_at_ = kNever;
}

// RFC 5961 §5.2: the lowest SEG.ACK that is acceptable.
Seq Rules::oldest_ack() const {
  uint32_t range = tcb_.snd.max_wnd;
  if (profile_->refuses_acks_before_first_octet) {
    // Who opened actively has had its SYN acknowledged as well.
    const Seq first = passive_ ? tcb_.snd.iss + 1 : tcb_.snd.iss;
    range = std::min(range, Seq::distance(first, tcb_.snd.una));
  }
  return tcb_.snd.una - range;
}

// RFC 5681 §2: the definition of a duplicate acknowledgment.
void Rules::count_duplicate(const Segment& segment) {
  // The answers to probes of a closed window tell of no loss.
  const bool outstanding = syn_acked() && tcb_.snd.una != tcb_.snd.nxt && tcb_.snd.wnd > 0;
  const uint32_t window = static_cast<uint32_t>(segment.wnd) << tcb_.snd.shift;
  const bool more_sacked = segment.options.sack_count > 0;
  if (!outstanding || !segment.text.empty() || segment.flags.syn() || segment.flags.fin() ||
      segment.ack != tcb_.snd.una ||
      (window != tcb_.snd.wnd && !more_sacked && !keeps_window_out(segment))) {
    return;
  }
  if (duplicate_acks_ < UINT8_MAX) ++duplicate_acks_;
  if (duplicate_acks_ == 3) {
    // From here on until all that is now outstanding is acknowledged, holes may be filled at once
    // (RFC 5681 §3.2, RFC 6582 §3.2 step 3).
    hit(Clause::kRfc5681_12);
    recovering_ = true;
    recover_ = tcb_.snd.nxt;
  }
}

// --- text and FIN --------------------------------------------------------------------------------

// Stages text at its place in the receive ring; drain_queue() makes it readable once it is in
// order.
void Rules::queue_text(Seq seq, std::span<const uint8_t> text) {
  if (seq.before(tcb_.rcv.nxt)) {  // text on the SYN came first and overlaps
    const uint32_t old = Seq::distance(seq, tcb_.rcv.nxt);
    text = text.subspan(std::min<std::size_t>(old, text.size()));
    seq = tcb_.rcv.nxt;
  }
  if (text.empty()) return;
  const uint32_t ahead = Seq::distance(tcb_.rcv.nxt, seq);
  const uint64_t needed = uint64_t{receive_ring_.size()} + ahead + text.size();
  // What was advertised is taken, whatever our own buffer would be: a target chose the window.
  if (needed > receive_ring_.capacity()) {
    receive_ring_.set_capacity(static_cast<uint32_t>(std::min<uint64_t>(
        std::max<uint64_t>(needed, tcb_.rcv.wnd() + uint64_t{receive_ring_.size()}),
        ByteRing::kMaxCapacity)));
  }
  const uint32_t taken = receive_ring_.write_at(ahead, text);
  if (taken > 0) queued_.add(seq, seq + taken);
}

void Rules::drain_queue() {
  Seq next = queued_.pop_contiguous(tcb_.rcv.nxt);
  if (peer_fin_known_ && !peer_fin_taken_) next = earlier(next, peer_fin_seq_);
  const uint32_t taken = Seq::distance(tcb_.rcv.nxt, next);
  if (taken > 0) {
    receive_ring_.commit(taken);
    tcb_.rcv.nxt = next;
    unacknowledged_in_ += taken;
    permit(in_order_permits_);
    owe_ack(Clause::kMust40, kMostAckDelay);
  }
  if (peer_fin_known_ && !peer_fin_taken_ && peer_fin_seq_ == tcb_.rcv.nxt &&
      may_receive_text(state_)) {
    take_fin();
  }
}

// Nothing stands beyond a FIN that is in order.
void Rules::discard_queue() {
  if (!queued_.empty()) hit(Clause::kRfc2018_10);
  queued_.clear();
  if (duplicate_ && duplicate_->block.right.after(tcb_.rcv.nxt)) duplicate_.reset();
  receive_ring_.drop_staged();
}

// §3.10.7.4 step 8: the FIN stands at RCV.NXT.
void Rules::take_fin() {
  peer_fin_taken_ = true;
  discard_queue();
  tcb_.rcv.nxt += 1;
  tcb_.rcv.edge = later(tcb_.rcv.edge, tcb_.rcv.nxt);
  permit(in_order_permits_);
  owe_ack(Clause::kSmFin2, kMostAckDelay);
  hit(Clause::kMust12);
  signal(Signal::kConnectionClosing);
  switch (state_) {
    case State::kEstablished:
      transition(State::kCloseWait, EventKind::kSegment, Clause::kSmFin3);
      break;
    case State::kFinWait1:
      if (fin_acked()) {
        enter_time_wait(Clause::kSmFin4);
      } else {
        transition(State::kClosing, EventKind::kSegment, Clause::kSmFin4);
      }
      break;
    case State::kFinWait2:
      enter_time_wait(Clause::kSmFin5);
      break;
    default:
      break;
  }
}

// Before the queue takes it: does what is new of a segment fit to what waits there, and to where
// the FIN stands?
void Rules::note_contradiction(const Arrival& arrival) {
  if (peer_fin_taken_) return;
  for (const SeqRange& held : queued_) {
    const Seq from = later(held.left, arrival.seq);
    const Seq to = earlier(held.right, arrival.seq + static_cast<uint32_t>(arrival.text.size()));
    if (!from.before(to)) continue;
    const auto again =
        arrival.text.subspan(Seq::distance(arrival.seq, from), Seq::distance(from, to));
    if (!receive_ring_.holds(Seq::distance(tcb_.rcv.nxt, from), again)) contradicted_ = true;
  }
  const Seq end = arrival.seq + static_cast<uint32_t>(arrival.text.size());
  if (fin_waits() && (end.after(peer_fin_seq_) || (arrival.fin && end != peer_fin_seq_))) {
    contradicted_ = true;
  }
  if (arrival.fin && !queued_.empty() && queued_.back().right.after(end)) contradicted_ = true;
}

// A FIN beyond the FIN: a repeated one is old, and step 1 has dropped it. "If the FIN bit is set
// ... send an acknowledgment for the FIN" (step 8) holds in all states that stay, but RCV.NXT does
// not move: the peer's sequence space ended with the first. CLOSE-WAIT, CLOSING and LAST-ACK stay;
// TIME-WAIT starts anew. Ahead of RCV.NXT there is nothing that it could wait for (SHLD-31).
void Rules::fin_after_fin(const Arrival& arrival) {
  decide(Clause::kSmFin6);
  permit(other_permits_);
  if (arrival.seq == tcb_.rcv.nxt) owe_ack(Clause::kSmFin6, kMostAckDelay);
  if (state_ == State::kTimeWait) restart_time_wait();
}

void Rules::enter_time_wait(Clause clause) {
  transition(State::kTimeWait, EventKind::kSegment, clause);
  tcb_.ecn = tcb_.ecn_reduced = false;  // RFC 3168 §6.1.1 ends it here
  due_.remove(Due::kRetransmit);
  due_.remove(Due::kText);
  due_.remove(Due::kProbe);
  restart_time_wait();
}

// MUST-13: 2MSL from now.
void Rules::restart_time_wait() {
  hit(Clause::kSmAck10);
  hit(Clause::kMust13);
  time_wait_earliest_ = time_wait_latest_ = now_ + 2 * profile_->msl;
}

void Rules::reset_by_peer(Clause clause) {
  hit(Clause::kMust12);
  enter_closed(EventKind::kSegment, clause);
  receive_ring_.consume(receive_ring_.size());
  signal(Signal::kConnectionReset);
}

}  // namespace synfin
