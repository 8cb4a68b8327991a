// What the reference sends, and when: its policy within the rules.
#include <algorithm>
#include <cassert>

#include "engine/reference.h"

namespace synfin {

bool Reference::poll_transmit(Time now, Segment& out) {
  if (now == nothing_at_) return false;
  now_ = now;
  const bool any = transmit_reset(out) || transmit_syn(out) || transmit_again(out) ||
                   transmit_text(out) || transmit_probe(out) || transmit_keepalive(out) ||
                   transmit_ack(out);
  if (any) {
    emit(now, out);
  } else {
    nothing_at_ = now;
  }
  return any;
}

void Reference::emit(Time now, const Segment& out) {
  // The reference is its own first target.
  assert(rules_.findings(now, out).empty());
  rules_.sent(now, out);
  if (!out.text.empty()) last_text_at_ = now;
  if (out.len() > 0) keepalive_now_ = false;  // MUST-26: its ACK will tell as much
  after_event(now);
}

bool Reference::transmit_reset(Segment& out) {
  const Obligation* owed = rules_.obligations().find(Due::kReset);
  if (owed == nullptr) return false;
  out.clear();
  out.seq = owed->seq;
  out.ack = owed->ack;
  out.flags = owed->flags;
  if (owed->stamp == Stamp::kEcho) out.options.timestamps = Timestamps{0, owed->echo};
  if (owed->stamp == Stamp::kOwn) {
    out.options.timestamps = Timestamps{timestamp(), rules_.tcb().ts_recent};
  }
  return true;
}

// --- SYN and SYN,ACK ---

bool Reference::transmit_syn(Segment& out) {
  const Tcb& tcb = rules_.tcb();
  const bool first = rules_.obligations().find(Due::kSyn) != nullptr ||
                     rules_.obligations().find(Due::kSynAck) != nullptr;
  const bool again = resending_ && tcb.iss_known && tcb.snd.una == tcb.snd.iss;
  if (!first && !again) return false;
  resending_ = false;
  const bool answers = rules_.state() != State::kSynSent;
  const Offer& offered = tcb.peer_offered;
  out.clear();
  out.seq = tcb.iss_known ? tcb.snd.iss : iss_;
  out.flags = Flags(answers ? kSyn | kAck : kSyn);
  if (answers) out.ack = tcb.rcv.nxt;
  // RFC 3168 §6.1.1
  const bool ecn = answers ? profile_->ecn && offered.ecn : profile_->ecn_requested;
  out.flags.set(kEce, ecn);
  out.flags.set(kCwr, ecn && !answers);
  // RFC 7323 §2.2: the window of a SYN is not scaled.
  out.wnd = static_cast<uint16_t>(std::min<uint32_t>(rules_.receive_room(), UINT16_MAX));
  out.options.mss = profile_->mss;
  if (!answers || offered.window_scale) out.options.window_scale = profile_->window_scale;
  out.options.sack_permitted = profile_->sack && (!answers || offered.sack_permitted);
  if (profile_->timestamps && (!answers || offered.timestamps)) {
    out.options.timestamps = Timestamps{timestamp(), answers ? tcb.ts_recent : 0};
  }
  out.options.user_timeout = rules_.user_timeout_to_tell();
  return true;
}

// --- headers ---

// RFC 7323 §5.4: a tick of 1 ms, and an offset of the connection's own.
uint32_t Reference::timestamp() const {
  hit(Clause::kRfc7323Ts9);
  hit(Clause::kRfc7323Paws7);
  const auto ticks =
      std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count();
  return static_cast<uint32_t>(ticks) + timestamp_offset_;
}

uint32_t Reference::flight() const {
  return Seq::distance(rules_.tcb().snd.una, rules_.tcb().snd.nxt);
}

// By how much the right edge of the window would move if it were told now: 0, or as much as
// receiver's silly-window avoidance asks (§3.8.6.2.2, MUST-39).
uint32_t Reference::window_edge_gain() const {
  const Tcb& tcb = rules_.tcb();
  const uint32_t most = static_cast<uint32_t>(UINT16_MAX) << tcb.rcv.shift;
  const uint32_t room = std::min(rules_.receive_room(), most);
  if (room <= tcb.rcv.wnd()) return 0;
  const uint32_t gain = room - tcb.rcv.wnd();
  const uint32_t least = std::min<uint32_t>(profile_->receive_buffer / 2, rules_.effective_mss());
  if (gain < least) hit(Clause::kMust39);
  return gain >= least ? gain : 0;
}

// <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>
void Reference::fill_header(Segment& out) {
  const Tcb& tcb = rules_.tcb();
  out.clear();
  out.seq = tcb.snd.nxt;
  out.ack = tcb.rcv.nxt;
  out.flags.set(kAck);
  out.flags.set(kEce, tcb.ecn && tcb.ecn_echo);
  const uint32_t window = tcb.rcv.wnd() + window_edge_gain();
  // A partial unit is told as a whole one: the edge must not move left (SHLD-14).
  const uint32_t grain = (1U << tcb.rcv.shift) - 1;
  out.wnd =
      static_cast<uint16_t>(std::min<uint32_t>((window + grain) >> tcb.rcv.shift, UINT16_MAX));
  if (tcb.timestamps) out.options.timestamps = Timestamps{timestamp(), tcb.ts_recent};
  out.options.user_timeout = rules_.user_timeout_to_tell();
  // RFC 2018 §4: in all ACKs, and every segment is one.
  const auto blocks = rules_.sack_blocks(out.options.sack);
  out.options.sack_count = static_cast<uint8_t>(blocks.size());
}

// §3.7.1: options that are not in every segment take their octets from the text.
uint32_t Reference::most_text() const {
  Options options;
  options.user_timeout = rules_.user_timeout_to_tell();
  options.sack_count = static_cast<uint8_t>(rules_.sack_blocks(options.sack).size());
  const uint32_t mss = rules_.effective_mss();
  const uint32_t less = options.header_octets();
  return mss > less ? mss - less : mss;
}

void Reference::fill_text(Segment& out, Seq seq, uint32_t length) {
  out.seq = seq;
  out.text = rules_.text(seq, length, scratch_);
  const Tcb& tcb = rules_.tcb();
  if (tcb.send_urgent && tcb.snd.up.after(seq)) {
    out.flags.set(kUrg);
    out.up = static_cast<uint16_t>(std::min<uint32_t>(Seq::distance(seq, tcb.snd.up), UINT16_MAX));
  }
  const Seq end = seq + length;
  const Seq pushed = rules_.push_end();
  if (seq.before(pushed) && pushed.at_or_before(end)) out.flags.set(kPsh);  // MUST-61
}

// --- text and FIN ---

bool Reference::may_send() const {
  switch (rules_.state()) {
    case State::kEstablished:
    case State::kCloseWait:
    case State::kFinWait1:
    case State::kClosing:
    case State::kLastAck:
      return true;
    default:
      return false;
  }
}

// What is unacknowledged goes again: all of it after a timeout, as the congestion window allows;
// only the front in fast retransmit.
bool Reference::transmit_again(Segment& out) {
  if (!may_send() || (!resending_ && !resend_front_)) return false;
  const Tcb& tcb = rules_.tcb();
  const auto hole =
      rules_.not_sacked(resend_front_ ? tcb.snd.una : later(resend_, tcb.snd.una), tcb.snd.nxt);
  if (!hole) {
    resending_ = resend_front_ = false;
    return false;
  }
  const Seq seq = hole->left;
  const uint32_t ahead = Seq::distance(tcb.snd.una, seq);
  // Beyond a window that shrank only the front goes again (§3.8.6, SHLD-16).
  if (!resend_front_ && ahead > 0 && ahead >= std::min(congestion_.cwnd(), tcb.snd.wnd)) {
    return false;
  }
  const Seq text_end = earlier(rules_.send_end(), hole->right);
  const uint32_t left = seq.before(text_end) ? Seq::distance(seq, text_end) : 0;
  uint32_t length = std::min(left, most_text());
  length = std::min(length, tcb.snd.wnd > ahead ? tcb.snd.wnd - ahead : 1U);
  fill_header(out);
  fill_text(out, seq, length);
  if (rules_.fin_sent() && out.end() == rules_.send_end()) out.flags.set(kFin);
  resend_ = out.end();
  resend_front_ = false;
  if (!resend_.before(tcb.snd.nxt)) resending_ = false;
  return true;
}

// Nagle (§3.7.4) and the sender's silly-window avoidance (§3.8.6.2.1, MUST-38).
bool Reference::worth_sending(uint32_t length, uint32_t most, uint32_t room) const {
  if (length >= most) return true;
  const bool idle = flight() == 0;
  const bool all = length == rules_.unsent();
  const bool pressing = rules_.fin_queued() || rules_.tcb().send_urgent;
  const bool pushed = pressing || rules_.tcb().snd.nxt.before(rules_.push_end());
  if (all && pushed && (idle || !rules_.nagle() || pressing)) return true;
  if (all && room >= length && overridden_) return true;
  if (!idle && rules_.nagle()) {
    hit(all ? Clause::kShld7 : Clause::kMust38);
    hit(Clause::kMay16);
    return false;
  }
  hit(Clause::kMust38);
  return length >= rules_.tcb().snd.max_wnd / 2 || overridden_;
}

bool Reference::transmit_text(Segment& out) {
  if (!may_send() || resending_) return false;
  const uint32_t unsent = rules_.unsent();
  const bool fin = rules_.fin_queued() && !rules_.fin_sent();
  if (unsent == 0 && !fin) return false;
  const uint32_t in_flight = flight();
  if (in_flight == 0 && unsent > 0 && now_ - last_text_at_ > rules_.rto()) {
    congestion_.on_idle_restart();
    last_text_at_ = now_;
  }
  const uint32_t allowed = congestion_.cwnd() + congestion_.limited_transmit();
  const uint32_t room =
      std::min(rules_.usable_window(), allowed > in_flight ? allowed - in_flight : 0);
  const uint32_t most = most_text();
  const uint32_t length = std::min({unsent, most, room});
  const bool with_fin = fin && length == unsent && room > length;
  if (length == 0 && !with_fin) return false;
  if (!with_fin && !worth_sending(length, most, room)) {
    if (in_flight == 0 && override_at_ == kNever) override_at_ = now_ + profile_->override_timeout;
    return false;
  }
  overridden_ = false;
  override_at_ = kNever;
  const Seq seq = rules_.tcb().snd.nxt;
  fill_header(out);
  fill_text(out, seq, length);
  if (with_fin) out.flags.set(kFin);
  if (rules_.tcb().ecn && length > 0) {  // RFC 3168 §6.1.2
    out.ecn = Ecn::kEct0;
    out.flags.set(kCwr, rules_.tcb().ecn_reduced);
  }
  return true;
}

// §3.8.6.1: an octet of new text, or the FIN, or the oldest octet that is not acknowledged.
bool Reference::transmit_probe(Segment& out) {
  if (!probe_now_) return false;
  probe_now_ = false;
  const Tcb& tcb = rules_.tcb();
  const bool outstanding = tcb.snd.una != tcb.snd.nxt;
  const Seq seq = outstanding ? tcb.snd.una : tcb.snd.nxt;
  fill_header(out);
  const uint32_t length = seq.before(rules_.send_end()) ? 1 : 0;
  fill_text(out, seq, length);
  if (length == 0) out.flags.set(kFin);
  return true;
}

bool Reference::transmit_keepalive(Segment& out) {
  if (!keepalive_now_) return false;
  keepalive_now_ = false;
  hit(Clause::kMay5);
  fill_header(out);
  out.seq = rules_.tcb().snd.nxt - 1;
  if (profile_->keepalive_octet) {
    static constexpr uint8_t kGarbage[1] = {0};
    hit(Clause::kMay6);
    out.text = kGarbage;
  } else {
    hit(Clause::kShld12);
  }
  return true;
}

bool Reference::transmit_ack(Segment& out) {
  const bool due = ack_at_ <= now_;
  const bool news = may_receive_text(rules_.state()) && window_edge_gain() > 0 && user_read_;
  user_read_ = false;
  if (!due && !news) return false;
  fill_header(out);
  return true;
}

}  // namespace synfin
