// Before the rules take a segment: what the target drops unseen, what leaves doubt, and how things
// stand half way through it.
#include <algorithm>
#include <memory>

#include "harness/judge/shadow.h"

namespace synfin::judge {

// What is left of a connection after its end, in TIME-WAIT or as an orphan, looks at no options.
bool Shadow::drops_for_options(const wire::Decoded& packet) const {
  if (profile_->drops_illegal_option_from == 0) return false;
  if (rules_.state() == State::kTimeWait) return false;
  if (rules_.state() == State::kFinWait2 && rules_.is_deaf()) return false;
  return wire::room_of_illegal_option(packet.option_octets) >= profile_->drops_illegal_option_from;
}

// Profile::drops_what_lacks_ack, where there is a whole connection.
bool Shadow::drops_for_flags(const Segment& segment) const {
  const State here = rules_.state();
  const bool whole = here >= State::kSynReceived && here != State::kTimeWait &&
                     !(here == State::kSynReceived && rules_.passive()) &&
                     !(here == State::kFinWait2 && rules_.is_deaf());
  return profile_->drops_what_lacks_ack && whole && !segment.flags.ack() && !segment.flags.rst() &&
         !segment.flags.syn();
}

// Profile::queues_whole_segments. In order it takes what it meets.
bool Shadow::meets_queue(const Segment& segment) const {
  if (!profile_->queues_whole_segments || !segment.seq.after(rules_.tcb().rcv.nxt)) return false;
  const RangeSet& queue = rules_.queued();
  return std::any_of(queue.begin(), queue.end(), [&](const SeqRange& held) {
    return later(segment.seq, held.left).before(earlier(segment.end(), held.right));
  });
}

// What the target makes of it no answer shows, nor any rule that it follows.
bool Shadow::leaves_doubt(Time now, const Segment& segment) const {
  const Tcb& tcb = rules_.tcb();
  if (!is_synchronized(rules_.state())) return false;
  const bool beyond = profile_->keeps_more_than_it_tells && tcb.rcv.shift == 0 &&
                      segment.end().after(tcb.rcv.edge) &&
                      Seq::distance(tcb.last_ack_sent, tcb.rcv.edge) >= UINT16_MAX;
  const bool back = profile_->text_may_set_wl1_back && !segment.text.empty() &&
                    segment.seq == tcb.rcv.nxt && tcb.snd.wl1.after(segment.seq);
  const uint32_t scaled = uint32_t{segment.wnd} << tcb.snd.shift;
  const bool predicted = profile_->predicts_scaled_windows && segment.flags.ack() &&
                         segment.wnd == tcb.snd.wnd >> tcb.snd.shift && scaled != tcb.snd.wnd;
  // A listener may take over from TIME-WAIT though the connection was none of its own.
  const bool taken_over =
      listener_ && !rules_.passive() && segment.flags.syn() && rules_.state() == State::kTimeWait;
  const bool gone_stale = profile_->hole_patience > Duration{0} && rules_.has_hole() &&
                          now - last_of_peer_ >= profile_->hole_patience;
  // Whether the user has read the end away as well no call tells.
  const bool guarded = profile_->unread_text_guards_edge && rules_.peer_closed() &&
                       segment.end().after(tcb.rcv.edge);
  const bool unasked = profile_->predicted_text_needs_no_ack && segment.flags.ack() &&
                       !segment.text.empty() && segment.seq == tcb.rcv.nxt &&
                       segment.ack.before(rules_.oldest_ack());
  // Half way round the circle of numbers is as far ahead as behind.
  const bool half_way_round = segment.flags.syn() && rules_.state() == State::kTimeWait &&
                              Seq::distance(tcb.rcv.nxt, segment.seq) == 1U << 31U;
  const bool no_room =
      is_tight_ && !segment.text.empty() && (rules_.has_hole() || rules_.readable() > 0);
  return beyond || back || predicted || taken_over || gone_stale || half_way_round || guarded ||
         unasked || no_room || meets_queue(segment);
}

// Between steps 5 and 7 of §3.10.7.4: what the ACK of a segment lets go may go before its text is
// queued, or resets, and before its FIN is taken.
void Shadow::note_half_way(Time now, const Segment& segment, Admission admission) {
  half_way_.reset();
  if (!profile_->sends_before_text) return;
  const bool more = !segment.text.empty() || segment.flags.fin();
  const bool waits = rules_.unsent() > 0 || (rules_.fin_queued() && !rules_.fin_sent());
  const bool lets_go = waits || rules_.tcb().snd.una != rules_.tcb().snd.nxt;
  if (!segment.flags.ack() || !more || !lets_go || rules_.state() < State::kSynReceived) return;
  half_way_ = std::make_unique<Rules>(rules_);
  admission.text = false;
  half_way_->on_segment(now, segment, admission);
}

// Whether it is one of those. A bare ACK or a RST answers the segment as a whole.
bool Shadow::goes_half_way(Time now, const Segment& segment) {
  if (half_way_ == nullptr) return false;
  const bool at_once = now <= last_heard_ + traits_->quiet_time;
  if (!at_once || segment.len() == 0 || !half_way_->findings(now, segment).empty()) {
    half_way_.reset();
    return false;
  }
  half_way_->sent(now, segment);
  return true;
}

// Profile::dropped_syn_may_scale.
bool Shadow::may_scale(const Segment& syn, State before) const {
  if (!profile_->dropped_syn_may_scale || !syn.flags.syn() || !syn.options.window_scale) {
    return false;
  }
  const State here = rules_.state();
  if (here == before) return here == State::kSynSent || here == State::kSynReceived;
  // Where its ACK alone ended the handshake (Profile::takes_any_ack) all else of it was dropped.
  const bool known = rules_.tcb().scaling && *syn.options.window_scale == peer_shift();
  return before == State::kSynReceived && is_synchronized(here) && !known;
}

// Whether text or a FIN came with the SYN, or with the SYN that came again; and whether anything
// came in their place afterwards.
void Shadow::note_syn_with_more(const Segment& segment, State before) {
  const bool more = segment.flags.fin() || !segment.text.empty();
  const bool reopened = before == State::kTimeWait && rules_.state() == State::kSynReceived;
  const bool opened = before == State::kListen || before == State::kSynSent || reopened;
  const bool ended = before == State::kSynReceived && rules_.state() != before;
  const bool again = ended && more && segment.end() == rules_.tcb().rcv.nxt;
  if (segment.flags.syn() && (opened || again) && rules_.state() > State::kListen) {
    syn_with_more_ = more;
    syn_replaced_ = false;
    syn_end_ = segment.end();
  } else if (syn_with_more_ && more && segment.seq.before(syn_end_)) {
    syn_replaced_ = true;
  }
}

// The target acknowledges what came with the SYN, and nothing else can be meant.
bool Shadow::acks_all_of_syn(const Segment& segment) const {
  return segment.flags.ack() && !segment.flags.rst() && !syn_replaced_ &&
         segment.ack.at_or_after(syn_end_);
}

}  // namespace synfin::judge
