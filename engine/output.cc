// What may be sent, and what sending does. The same two functions serve the reference's own policy
// and the judgement of a target: findings() names what is wrong, sent() takes the segment as sent.
#include <algorithm>
#include <array>

#include "engine/rules.h"

namespace synfin {

Findings Rules::findings(Time now, const Segment& segment) const {
  Findings out;
  if (segment.flags.rst()) {
    reset_findings(segment, out);
    return out;
  }
  if (state_ == State::kClosed || state_ == State::kListen) {
    out.add({.clause = deaf_ ? Clause::kShld3 : Clause::kSmOut5,
             .field = Field::kSegment,
             .sentence = "there is no connection that could send this"});
    return out;
  }
  if (segment.flags.syn()) {
    syn_findings(segment, out);
  } else {
    ordinary_findings(now, segment, out);
  }
  option_findings(segment, out);
  ecn_findings(now, segment, out);
  if (is_repetition(segment) && !may_repeat(now, segment)) {
    out.add({.clause = Clause::kRfc6298_5_0,
             .field = Field::kTime,
             .sentence = "repeated before the retransmission timeout"});
  }
  if (repeats_sacked(now, segment)) {
    out.add({.clause = Clause::kRfc2018_7,
             .field = Field::kSegment,
             .sentence = "text again that the peer has reported to hold"});
  }
  return out;
}

// --- RST -----------------------------------------------------------------------------------------

// Whether the RST is of the form that the rule gives it.
bool Rules::meets(const Segment& segment, const Obligation& owed) const {
  if (owed.due != Due::kReset || owed.seq != segment.seq) return false;
  if (owed.flags.ack()) return segment.flags.ack() && segment.ack == owed.ack;
  // An ACK that says nothing new does no harm.
  return !segment.flags.ack() || segment.ack == tcb_.rcv.nxt;
}

// The one that a RST answers or, of another form, is held against: one that it meets goes before
// the others, that which has to come before that which may (forget()), and one with its sequence
// number. Of several such the last, for those before it may not have come. Null when there is none.
const Obligation* Rules::owed_reset(const Segment& segment) const {
  const Obligation* best = nullptr;
  const auto rank = [&](const Obligation& owed) {
    return (meets(segment, owed) ? 4 : 0) + (owed.by != kNever ? 2 : 0) +
           (owed.seq == segment.seq ? 1 : 0);
  };
  for (const Obligation& owed : due_.all()) {
    if (owed.due != Due::kReset) continue;
    if (best == nullptr || rank(owed) >= rank(*best)) best = &owed;
  }
  return best;
}

void Rules::reset_findings(const Segment& segment, Findings& out) const {
  const Obligation* owed = owed_reset(segment);
  if (owed == nullptr) {
    // After a user timeout the peer may be told (RFC 9293 §3.8.3 leaves it open).
    if (state_ == State::kClosed && segment.seq == tcb_.snd.nxt && gave_up_) return;
    out.add({.clause = Clause::kSmOut5,
             .field = Field::kSegment,
             .sentence = "no rule asks for a RST here"});
    return;
  }
  if (meets(segment, *owed)) {
    stamp_findings(*owed, segment, out);
    return;
  }
  if (owed->seq != segment.seq) {
    out.add({.clause = owed->clause,
             .field = Field::kSeq,
             .wanted = owed->seq.value(),
             .got = segment.seq.value(),
             .sentence = "the RST has another sequence number than the rule gives it"});
    return;
  }
  const bool wrong_flag = owed->flags.ack() != segment.flags.ack();
  out.add({.clause = owed->clause,
           .field = wrong_flag ? Field::kFlags : Field::kAck,
           .wanted = wrong_flag ? owed->flags.bits : owed->ack.value(),
           .got = wrong_flag ? segment.flags.bits : segment.ack.value(),
           .sentence = "the RST is not of the form that the rule gives it"});
}

void Rules::stamp_findings(const Obligation& owed, const Segment& segment, Findings& out) {
  if (owed.stamp == Stamp::kNone) return;
  const auto& stamps = segment.options.timestamps;
  const bool right = stamps && (owed.stamp == Stamp::kOwn ||
                                (stamps->value == 0 && stamps->echo_reply == owed.echo));
  if (right) return;
  out.add({.clause = Clause::kRfc7323Paws5,
           .field = Field::kOptions,
           .wanted = owed.echo,
           .got = stamps ? stamps->echo_reply : 0,
           .sentence = owed.stamp == Stamp::kOwn
                           ? "no timestamps on a RST though they were agreed"
                           : "the RST does not echo the timestamp of what caused it"});
}

// --- SYN and SYN,ACK ---

void Rules::syn_findings(const Segment& segment, Findings& out) const {
  const bool wants_ack = state_ != State::kSynSent;
  // After a CLOSE in SYN-RECEIVED (SM-USR-2) our SYN may still need sending or repeating.
  const bool unacknowledged = !syn_acked();
  if (state_ != State::kSynSent && state_ != State::kSynReceived && !unacknowledged) {
    out.add({.clause = Clause::kSmOut5,
             .field = Field::kFlags,
             .sentence = "a SYN after the handshake"});
    return;
  }
  if (segment.flags.ack() != wants_ack) {
    out.add({.clause = wants_ack ? Clause::kSmListen3 : Clause::kSmOpen2,
             .field = Field::kFlags,
             .wanted = static_cast<uint32_t>(wants_ack ? kSyn | kAck : kSyn),
             .got = segment.flags.bits,
             .sentence = "not the SYN that this state sends"});
    return;
  }
  if (tcb_.iss_known && segment.seq != tcb_.snd.iss) {
    out.add({.clause = Clause::kSmTmo2,
             .field = Field::kSeq,
             .wanted = tcb_.snd.iss.value(),
             .got = segment.seq.value(),
             .sentence = "a SYN is repeated with the ISS that it had"});
  }
  if (wants_ack && segment.ack != tcb_.rcv.nxt) {
    out.add({.clause = Clause::kSmListen3,
             .field = Field::kAck,
             .wanted = tcb_.rcv.nxt.value(),
             .got = segment.ack.value(),
             .sentence = "the SYN,ACK acknowledges something else than the SYN"});
  }
  if (segment.flags.fin() || segment.flags.urg()) {
    out.add({.clause = Clause::kSmOpen2,
             .field = Field::kFlags,
             .wanted = static_cast<uint32_t>(wants_ack ? kSyn | kAck : kSyn),
             .got = segment.flags.bits,
             .sentence = "a SYN with other control bits"});
  }
}

// --- everything else ---

void Rules::ordinary_findings(Time now, const Segment& segment, Findings& out) const {
  if (state_ == State::kSynSent) {
    out.add({.clause = Clause::kSmOpen2,
             .field = Field::kFlags,
             .wanted = kSyn,
             .got = segment.flags.bits,
             .sentence = "only a SYN is sent in SYN-SENT"});
    return;
  }
  if (!segment.flags.ack()) {
    out.add({.clause = Clause::kSmOut2,
             .field = Field::kFlags,
             .wanted = static_cast<uint32_t>(segment.flags.bits | kAck),
             .got = segment.flags.bits,
             .sentence = "every segment of an open connection acknowledges"});
    return;
  }
  header_findings(segment, out);
  if (is_probe(now, segment)) {
    probe_findings(now, out);
  } else if (is_keepalive(segment)) {
    keepalive_findings(now, out);
  } else if (segment.len() > 0) {
    sequence_findings(now, segment, out);
  } else {
    bare_ack_findings(segment, out);
  }
}

void Rules::header_findings(const Segment& segment, Findings& out) const {
  const Seq oldest = tcb_.last_ack_sent;
  if (segment.ack.after(tcb_.rcv.nxt) || segment.ack.before(oldest)) {
    out.add({.clause = Clause::kSmOut2,
             .field = Field::kAck,
             .wanted = tcb_.rcv.nxt.value(),
             .got = segment.ack.value(),
             .sentence = segment.ack.after(tcb_.rcv.edge) ? "ACK is beyond the window"
                                                          : "ACK is not RCV.NXT"});
  }
  const Seq edge = segment.ack + (static_cast<uint32_t>(segment.wnd) << tcb_.rcv.shift);
  const uint32_t grain = (1U << tcb_.rcv.shift) - 1;
  if ((edge + grain).before(tcb_.rcv.edge) && may_receive_text(state_)) {
    out.add({.clause = Clause::kShld14,
             .field = Field::kWindow,
             .wanted = Seq::distance(segment.ack, tcb_.rcv.edge) >> tcb_.rcv.shift,
             .got = segment.wnd,
             .sentence = "the right edge of the receive window moved left"});
  }
  if (segment.flags.urg() && !tcb_.send_urgent) {
    out.add({.clause = Clause::kMust62,
             .field = Field::kFlags,
             .wanted = static_cast<uint32_t>(segment.flags.bits & ~kUrg),
             .got = segment.flags.bits,
             .sentence = "URG without urgent text"});
  } else if (segment.flags.urg() && !is_urgent_pointer(segment)) {
    out.add({.clause = Clause::kMust62,
             .field = Field::kUrgent,
             .wanted = std::min<uint32_t>(Seq::distance(segment.seq, tcb_.snd.up), UINT16_MAX),
             .got = segment.up,
             .sentence = "the urgent pointer is not that of the octet after the urgent text"});
  }
}

// The pointer has 16 bits: what lies further ahead is told as far as it reaches. While a SEND is
// under way only its end will tell how much of the urgent text was taken.
bool Rules::is_urgent_pointer(const Segment& segment) const {
  const Seq up = segment.seq + segment.up;
  if (Seq::distance(segment.seq, tcb_.snd.up) > UINT16_MAX) return segment.up == UINT16_MAX;
  if (up == tcb_.snd.up) return true;
  return before_send_.under_way && up.after(before_send_.end) && up.before(tcb_.snd.up);
}

void Rules::sequence_findings(Time now, const Segment& segment, Findings& out) const {
  if (segment.seq.after(tcb_.snd.nxt)) {
    out.add({.clause = Clause::kSmOut1,
             .field = Field::kSeq,
             .wanted = tcb_.snd.nxt.value(),
             .got = segment.seq.value(),
             .sentence = "SEQ leaves a gap after SND.NXT"});
    return;
  }
  // What was acknowledged a moment ago may cross with its ACK; that repetition does no harm.
  constexpr Duration kCrossing = std::chrono::milliseconds(50);
  if (segment.end().at_or_before(tcb_.snd.una) && now > acknowledged_at_ + kCrossing) {
    out.add({.clause = Clause::kSmOut1,
             .field = Field::kSeq,
             .wanted = tcb_.snd.una.value(),
             .got = segment.seq.value(),
             .sentence = "a repetition of what was acknowledged"});
  }
  const Seq text_end = segment.seq + static_cast<uint32_t>(segment.text.size());
  if (text_end.after(send_end())) {
    out.add({.clause = Clause::kSmOut3,
             .field = Field::kLength,
             .wanted = Seq::distance(segment.seq, later(send_end(), segment.seq)),
             .got = static_cast<uint32_t>(segment.text.size()),
             .sentence = "text that the user did not send"});
    return;
  }
  if (segment.flags.fin() && (!fin_queued_ || text_end != send_end())) {
    out.add({.clause = Clause::kSmOut4,
             .field = Field::kFlags,
             .wanted = static_cast<uint32_t>(segment.flags.bits & ~kFin),
             .got = segment.flags.bits,
             .sentence = fin_queued_ ? "a FIN before all text" : "a FIN without a CLOSE"});
  }
  if (!same_text(segment)) {
    out.add({.clause = Clause::kSmOut3,
             .field = Field::kText,
             .sentence = "other octets than the user sent"});
  }
  // §3.9.1.2: what was sent with PUSH, as sockets do unless told otherwise.
  const bool pushed = text_end == send_end() && text_end == push_end();
  if (!segment.text.empty() && pushed && !segment.flags.psh()) {
    out.add({.clause = Clause::kMust61,
             .field = Field::kFlags,
             .wanted = static_cast<uint32_t>(segment.flags.bits | kPsh),
             .got = segment.flags.bits,
             .sentence = "the last queued text without PSH"});
  }
  new_text_findings(segment, out);
}

bool Rules::same_text(const Segment& segment) const {
  const Seq first = later(tcb_.snd.una, tcb_.snd.iss + 1);
  const uint32_t skip = segment.seq.before(first) ? Seq::distance(segment.seq, first) : 0;
  if (skip >= segment.text.size()) return true;
  const auto text = segment.text.subspan(skip);
  const auto pieces =
      send_ring_.peek(Seq::distance(first, segment.seq + skip), static_cast<uint32_t>(text.size()));
  return pieces.first.size() + pieces.second.size() == text.size() &&
         std::equal(pieces.first.begin(), pieces.first.end(), text.begin()) &&
         std::equal(pieces.second.begin(), pieces.second.end(),
                    text.begin() + static_cast<std::ptrdiff_t>(pieces.first.size()));
}

void Rules::new_text_findings(const Segment& segment, Findings& out) const {
  const Seq end = segment.end();
  if (end.after(tcb_.snd.nxt)) {
    const Seq edge = tcb_.snd.una + tcb_.snd.wnd;
    if (end.after(later(edge, tcb_.snd.max_edge))) {
      const bool probe = tcb_.snd.wnd == 0 && segment.len() == 1;
      out.add({.clause = probe ? Clause::kShld29 : Clause::kRfc5681_1,
               .field = Field::kLength,
               .wanted = Seq::distance(segment.seq, later(edge, segment.seq)),
               .got = segment.len(),
               .sentence = probe ? "a zero-window probe long before the retransmission timeout"
                                 : "beyond the right edge of the peer's window"});
    } else if (end.after(edge)) {
      out.add({.clause = Clause::kShld15,
               .field = Field::kLength,
               .wanted = Seq::distance(segment.seq, later(edge, segment.seq)),
               .got = segment.len(),
               .sentence = "new text beyond the edge after the peer's window shrank"});
    }
  }
  if (segment.text.size() > std::min<std::size_t>(tcb_.send_mss, profile_->path_mss)) {
    out.add({.clause = Clause::kMust16,
             .field = Field::kLength,
             .wanted = effective_mss(),
             .got = static_cast<uint32_t>(segment.text.size()),
             .sentence = "longer than the effective MSS"});
  }
}

// Whether something that came asks for an ACK, or may draw one.
bool Rules::may_answer() const {
  return due_.find(Due::kAck) != nullptr || in_order_permits_ > 0 || other_permits_ > 0;
}

// A probe of a closed window (§3.8.6.1): an octet beyond the edge, or nothing at SND.NXT-1 or
// SND.UNA-1.
bool Rules::is_probe(Time now, const Segment& segment) const {
  if (tcb_.snd.wnd != 0 || state_ < State::kEstablished) return false;
  if (segment.len() == 0) {
    if (segment.seq == tcb_.snd.una - 1) return true;
    // At the edge, which is SND.UNA, it may be an answer instead.
    if (segment.seq == tcb_.snd.una && may_answer()) return false;
    // §3.8.5: the urgent pointer goes out beside a closed window too.
    return segment.seq == tcb_.snd.nxt - 1 || (segment.flags.urg() && segment.seq == tcb_.snd.una);
  }
  return segment.len() == 1 && segment.seq.at_or_before(tcb_.snd.nxt) &&
         segment.end().at_or_before(send_end() + (fin_queued_ ? 1 : 0)) && same_text(segment) &&
         (segment.end().at_or_before(tcb_.snd.nxt) || may_probe(now, segment.flags.fin()));
}

// SHLD-29: what has not been sent before waits for a timer. The bound is loose: a persist timer may
// begin at an interval of its own.
bool Rules::may_probe(Time now, bool fin) const {
  if (of_same_probe(now)) return true;
  const Time since = probed_at_ == kNever ? window_closed_at_ : probed_at_;
  // A FIN that is alone may come of the CLOSE itself, at any time.
  return now - since >= (fin && fin_is_new_ ? rtt_.rto() : rtt_.rto() / 4);
}

// A timeout may send all that is outstanding, the FIN as well.
bool Rules::of_same_probe(Time now) const {
  return probed_at_ != kNever && now - probed_at_ < Milliseconds(1);
}

// SHLD-30: the intervals between probes grow exponentially. The timer may start with the probe or
// with the ACK that answers it; the longer interval now is held against the shorter one before.
void Rules::probe_findings(Time now, Findings& out) const {
  const Duration before = probe_interval_;
  if (before == Duration{0} || of_same_probe(now)) return;
  const Duration interval = now - probed_at_;
  if (2 * interval >= std::min(3 * before, profile_->persist_max)) return;
  out.add({.clause = Clause::kShld30,
           .field = Field::kTime,
           .sentence = "the interval between zero-window probes does not grow"});
}

// §3.8.4: nothing, or a garbage octet (MAY-6), at SND.NXT-1.
bool Rules::is_keepalive(const Segment& segment) const {
  if (!keepalive_ || segment.seq != tcb_.snd.nxt - 1) return false;
  // At the edge of a window that shrank it may be an answer instead.
  const bool at_edge = segment.seq == tcb_.snd.una + tcb_.snd.wnd;
  if (segment.len() == 0 && at_edge && may_answer()) return false;
  return segment.len() == 0 || (segment.len() == 1 && tcb_.snd.una == tcb_.snd.nxt);
}

void Rules::keepalive_findings(Time now, Findings& out) const {
  constexpr Duration kTick = std::chrono::milliseconds(10);  // clocks count 100 to 1000 in a second
  if (tcb_.snd.una != tcb_.snd.nxt) {
    out.add({.clause = Clause::kMust26,
             .field = Field::kSegment,
             .sentence = "a keep-alive while text is not acknowledged"});
  } else if (now + kTick < last_heard_ + keepalive_idle_) {
    out.add({.clause = Clause::kMust26,
             .field = Field::kTime,
             .sentence = "a keep-alive though the peer was heard within the interval"});
  }
}

bool Rules::opens_window(const Segment& segment) const {
  const Seq edge = segment.ack + (static_cast<uint32_t>(segment.wnd) << tcb_.rcv.shift);
  return edge.after(tcb_.rcv.edge);
}

void Rules::bare_ack_findings(const Segment& segment, Findings& out) const {
  // SEQ is SND.NXT, or the edge of a window that shrank below it.
  const Seq edge = tcb_.snd.una + tcb_.snd.wnd;
  if (segment.seq != tcb_.snd.nxt && !(edge.before(tcb_.snd.nxt) && segment.seq == edge)) {
    out.add({.clause = Clause::kSmOut1,
             .field = Field::kSeq,
             .wanted = tcb_.snd.nxt.value(),
             .got = segment.seq.value(),
             .sentence = "the SEQ of a bare ACK is SND.NXT"});
  }
  if (may_answer() || opens_window(segment)) return;
  out.add({.clause = throttled_ ? Clause::kRfc5961_7_1 : Clause::kRfc5681_18,
           .field = Field::kSegment,
           .sentence = throttled_ ? "more challenge ACKs than the limit allows"
                                  : "an ACK that nothing asks for"});
}

// --- options -------------------------------------------------------------------------------------

void Rules::option_findings(const Segment& segment, Findings& out) const {
  const Options& options = segment.options;
  user_timeout_findings(segment, out);
  const auto complain = [&out](Clause clause, std::string_view sentence) {
    out.add({.clause = clause, .field = Field::kOptions, .sentence = sentence});
  };
  if (segment.flags.syn()) {
    if (segment.flags.ack()) {
      if (options.timestamps && !tcb_.peer_offered.timestamps) {
        complain(Clause::kRfc7323Ts4, "timestamps in the SYN,ACK but not in the SYN");
      }
      if (options.window_scale && !tcb_.peer_offered.window_scale) {
        complain(Clause::kRfc7323Ws2, "window scale in the SYN,ACK but not in the SYN");
      }
      if (options.timestamps && tcb_.peer_offered.timestamps &&
          options.timestamps->echo_reply != tcb_.ts_recent) {
        complain(Clause::kRfc7323Ts2, "TSecr is not the TSval of the SYN");
      }
    } else if (options.timestamps && options.timestamps->echo_reply != 0) {
      complain(Clause::kRfc7323Ts1, "TSecr is not 0 without an ACK");
    }
    return;
  }
  if (options.mss) complain(Clause::kMust65, "an MSS option outside a SYN");
  if (options.sack_permitted) complain(Clause::kRfc2018_1, "SACK-permitted outside a SYN");
  if (options.sack_count > 0 && !tcb_.sack) {
    complain(Clause::kRfc2018_2, "SACK blocks though SACK was not agreed");
  }
  sack_findings(segment, out);
  if (tcb_.timestamps && !options.timestamps) {
    complain(Clause::kRfc7323Ts5, "no timestamps though they were agreed");
  }
  if (tcb_.timestamps && options.timestamps && options.timestamps->echo_reply != tcb_.ts_recent) {
    out.add({.clause = Clause::kRfc7323Ts2,
             .field = Field::kOptions,
             .wanted = tcb_.ts_recent,
             .got = options.timestamps->echo_reply,
             .sentence = "TSecr is not TS.Recent"});
  }
}

// --- repetition ----------------------------------------------------------------------------------

bool Rules::is_repetition(const Segment& segment) const {
  if (segment.flags.rst() || segment.len() == 0 || !tcb_.iss_known) return false;
  return segment.end().at_or_before(tcb_.snd.nxt);
}

// RFC 6298 §5: not before one timeout after the last transmission, unless duplicate ACKs or SACK
// tell of a loss (RFC 5681 §3.2), a loss is being repaired, or a probe is due.
bool Rules::may_repeat(Time now, const Segment& segment) const {
  if (segment.flags.syn()) {
    if (syn_ack_permitted_ || due_.find(Due::kSynAck) != nullptr) return true;
    return now >= front_sent_at_ + profile_->rto_initial - profile_->clock_granularity;
  }
  if (duplicate_acks_ >= 3 || recovering_) return true;
  if (is_probe(now, segment) || is_keepalive(segment)) return true;
  if (segment.end().at_or_before(tcb_.snd.una)) return true;
  return now >= front_sent_at_ + profile_->rto_min - profile_->clock_granularity;
}

}  // namespace synfin
