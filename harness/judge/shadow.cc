#include "harness/judge/shadow.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace synfin::judge {
namespace {

std::string_view describe(Due due) {
  switch (due) {
    case Due::kSyn:
      return "a SYN";
    case Due::kSynAck:
      return "a SYN,ACK";
    case Due::kAck:
      return "an ACK";
    case Due::kReset:
      return "a RST";
    case Due::kText:
      return "the queued text or FIN";
    case Due::kRetransmit:
      return "a retransmission";
    case Due::kProbe:
      return "a zero-window probe";
  }
  return "a segment";
}

// Whether two states are the same to someone who looks from outside: a connection that is gone
// reads as LISTEN where a listener covers its 4-tuple.
bool gone(State state) { return state == State::kClosed || state == State::kListen; }

}  // namespace

Shadow::Shadow(const Profile& profile, const stack::Traits& traits, ClauseSet* coverage,
               Complaints& complaints, uint16_t connection)
    : profile_(&profile),
      traits_(&traits),
      complaints_(&complaints),
      rules_(profile, coverage),
      round_trips_(profile),
      connection_(connection) {}

void Shadow::complain(Clause clause, std::string wanted, std::string got,
                      std::vector<play::Difference> fields, const Cause* cause) {
  if (lost_) return;
  Divergence divergence;
  if (cause != nullptr && cause->stimulus == 0) cause = nullptr;
  divergence.cause = cause != nullptr ? cause->stimulus : 0;
  divergence.clause = clause;
  divergence.state = cause != nullptr ? cause->state : rules_.state();
  divergence.wanted = std::move(wanted);
  divergence.got = std::move(got);
  divergence.fields = std::move(fields);
  divergence.connection = connection_;
  divergence.in_doubt = std::exchange(in_doubt_, true) || syn_with_more_ || unclear_;
  agreed_ = false;
  complaints_->add(std::move(divergence));
}

// --- what the program did ------------------------------------------------------------------------

void Shadow::listener(Time now, bool there) {
  listener_ = there;
  if (there && rules_.state() == State::kClosed && !used_) rules_.open_passive(now);
  if (!there && rules_.state() == State::kListen) rules_.close(now, CloseKind::kBoth);
  if (!there && rules_.state() == State::kSynReceived && rules_.passive()) {
    if (rules_.tcb().iss_known) left_iss_ = rules_.tcb().snd.iss;
    rules_.forget(now);
    left_half_open_ = true;
  }
}

void Shadow::injected(Time now, const wire::Decoded& packet, Admission admission) {
  if (drops_for_options(packet) || drops_for_flags(packet.segment)) return;
  unclear_ = unclear_ || leaves_doubt(now, packet.segment);
  // What a target astray answered before says nothing of what it makes of this.
  if (lost_) agreed_ = false;
  last_heard_ = now;
  more_came_last_ = packet.segment.flags.fin() || !packet.segment.text.empty();
  const bool of_peer = !packet.segment.flags.rst() && !packet.segment.flags.syn();
  if (of_peer && !rules_.is_deaf()) last_of_peer_ = now;
  declined_.reset();
  left_half_open_ = may_end_ = false;
  remembered_ = variables();
  if (rules_.state() == State::kTimeWait && now >= rules_.time_wait_earliest()) {
    // Whether the 2MSL are over yet is the target's to tell; see follow().
    if (now > rules_.time_wait_latest() + traits_->timer_slack_min)
      rules_.on_time_wait_timeout(now);
  }
  if (rules_.state() == State::kClosed && listener_) {
    keep_unread(now);
    rules_.open_passive(now);
  }
  const State before = rules_.state();
  reopen(now, packet.segment);
  note_half_way(now, packet.segment, admission);
  rules_.on_segment(now, packet.segment, admission);
  if (reopening_ && !reopening_->taken && rules_.state() == before) reopening_.reset();
  const bool refused = (!admission.syn && packet.segment.flags.syn() && before == State::kListen) ||
                       (!admission.syn && rules_.reopens_time_wait(packet.segment)) ||
                       (!admission.third_ack && before == State::kSynReceived &&
                        rules_.state() == State::kSynReceived);
  if (refused) {
    declined_.emplace(
        Declined{packet.segment, {packet.segment.text.begin(), packet.segment.text.end()}});
  }
  if (!gone(rules_.state())) used_ = true;
  count_incarnation(before);
  urgent_came_ = urgent_came_ || packet.segment.flags.urg();
  round_trips_.follow(now, rules_.tcb());
  // MUST-7: which of the options of its SYN count is the target's affair.
  const bool garbled =
      packet.segment.flags.syn() && (!packet.options_well_formed || packet.options_repeated);
  const bool moved = rules_.state() != before;
  // One that is astray may be half open already, where the rules begin anew: by another SYN.
  const bool by_another = moved && lost_ && seen_ == State::kSynReceived;
  unclear_ = unclear_ || rules_.peer_contradicts_itself() || (garbled && moved) ||
             may_scale(packet.segment, before) || (by_another && profile_->dropped_syn_may_scale);
  if (moved && gone(before)) outlived_ = left_iss_ && seen_ == State::kSynReceived;
  note_syn_with_more(packet.segment, before);
  const Seq ack = packet.segment.ack;
  const bool counts = packet.segment.flags.ack() && !packet.segment.flags.rst();
  if (counts && ack.after(rules_.tcb().snd.una)) dropped_ack_ = ack;
  if (before != State::kFinWait2 && rules_.state() == State::kFinWait2) {
    fin_wait_2_since_ = now;
    // An orphan that meets with a FIN here may be kept whole.
    const bool whole = rules_.is_deaf() && packet.segment.flags.fin();
    unclear_ = unclear_ || (whole && profile_->drops_what_lacks_ack);
  }
}

// A connection came out of a listener, perhaps in place of one in TIME-WAIT.
void Shadow::count_incarnation(State before) {
  if (rules_.state() == State::kSynReceived && (gone(before) || before == State::kTimeWait)) {
    begin_incarnation();
  }
}

// What its user has not read was the connection's before.
void Shadow::begin_incarnation() {
  ++incarnation_;
  unread_.clear();
  syn_with_more_ = syn_acked_ = ready_early_ = left_half_open_ = unclear_ = false;
  urgent_came_ = false;
  round_trips_ = RoundTrips(*profile_);
  dropped_ack_.reset();
  rejoined_at_.reset();
}

void Shadow::keep_unread(Time now) {
  if (rules_.readable() == 0) return;
  unread_.resize(rules_.readable());
  std::size_t got = 0;
  rules_.receive(now, unread_, got);
}

void Shadow::icmp(Time now, const wire::IcmpNotice& notice) {
  // Who waits at a listener is told of nothing (ReferenceTcp::on_icmp): whether a hard error ends
  // what is half open is the stack's affair.
  if (rules_.passive() && !is_synchronized(rules_.state()) && notice.error != IcmpError::kSoft) {
    may_end_ = rules_.state() == State::kSynReceived;
    return;
  }
  // No rule tells whether SND.NXT, which the last bare ACK had, counts as on its way.
  const Tcb& tcb = rules_.tcb();
  may_end_ = notice.error == IcmpError::kHard && tcb.iss_known && notice.seq == tcb.snd.nxt;
  rules_.on_icmp(now, notice.error, notice.seq);
}

void Shadow::take_declined(Time now) {
  if (!declined_) return;
  Declined declined = std::move(*declined_);
  declined_.reset();
  declined.segment.text = declined.text;
  const State before = rules_.state();
  rules_.on_segment(now, declined.segment, Admission{});
  count_incarnation(before);
  if (!gone(rules_.state())) used_ = true;
}

bool Shadow::open_active(Time now) {
  if (rules_.open_active(now) != CallStatus::kOk) return false;
  declined_.reset();
  used_ = true;
  const bool left = left_half_open_;  // the call may still fail for it
  begin_incarnation();
  left_half_open_ = left;
  return true;
}

void Shadow::open_failed(Time now) {
  if (rules_.state() != State::kSynSent || rules_.tcb().iss_known) return;
  rules_.close(now, CloseKind::kBoth);
  if (listener_) rules_.open_passive(now);
}

std::size_t Shadow::send(Time now, std::span<const uint8_t> octets, SendFlags flags) {
  std::size_t taken = 0;
  rules_.send(now, octets, taken, flags);
  return taken;
}

void Shadow::send_ended(uint32_t octets) { rules_.send_ended(octets); }

void Shadow::received(Time now, std::span<const uint8_t> octets) {
  const std::size_t old = std::min(unread_.size(), octets.size());
  const auto old_end = unread_.begin() + static_cast<std::ptrdiff_t>(old);
  if (std::equal(unread_.begin(), old_end, octets.begin())) {
    unread_.erase(unread_.begin(), old_end);
    octets = octets.subspan(old);
  }
  std::array<uint8_t, 4096> buffer;
  while (!octets.empty()) {
    std::size_t got = 0;
    rules_.receive(now, std::span(buffer).first(std::min(buffer.size(), octets.size())), got);
    if (got == 0) {
      complain(Clause::kSmRcv1, "no more octets than the peer sent in order",
               fmt::format("{} more", octets.size()));
      unclear_ = true;
      return;
    }
    if (!std::equal(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(got),
                    octets.begin())) {
      complain(Clause::kSmAcc7, "the octets that the peer sent", "others");
      unclear_ = true;
      return;
    }
    octets = octets.subspan(got);
  }
}

void Shadow::received_end(Time) {
  if (rules_.peer_closed() || gone(rules_.state())) return;
  complain(Clause::kMust12, "no end of the peer's text: no FIN has come", "end of text");
}

void Shadow::close(Time now, CloseKind kind) {
  // Sockets keep an urgent octet out of the text (SO_OOBINLINE): it may be all that is unread.
  if (kind == CloseKind::kBoth && urgent_came_ && rules_.readable() == 1) unclear_ = true;
  rules_.close(now, kind);
}

void Shadow::abort(Time now) { rules_.abort(now); }

void Shadow::forget(Time now) { rules_.forget(now); }

void Shadow::gave_up(Time now) {
  open_failed(now);
  if (gone(rules_.state())) return;
  if (!may_have_given_up(now)) {
    complain(
        rules_.state() == State::kSynSent ? Clause::kMust23 : Clause::kMust20,
        fmt::format("no end of the connection before R2: {} retransmissions", profile_->retries),
        fmt::format("a timeout after {}", rules_.retransmissions()));
  }
  rules_.on_user_timeout(now);
}

// --- what the target did -------------------------------------------------------------------------

Shadow::Sent Shadow::sent(Time now, const wire::Decoded& packet) {
  const Segment& segment = packet.segment;
  if (declined_ && !segment.flags.rst()) {
    const bool answers_syn = segment.flags.syn() && declined_->segment.flags.syn();
    if (answers_syn) take_declined(now);
  }
  settle_reopening(segment);
  if (segment.flags.syn() && !rules_.tcb().iss_known) settle_resets();
  // One of that TCB, which is there still.
  if (left_iss_ && (segment.seq == *left_iss_ || segment.seq == *left_iss_ + 1)) unclear_ = true;
  if (syn_with_more_) syn_acked_ = acks_all_of_syn(segment);
  // It gave up by a timer and tells the peer so, before its user hears of it.
  const bool resets_unasked = segment.flags.rst() && now > last_heard_ &&
                              segment.seq == rules_.tcb().snd.nxt &&
                              rules_.obligations().find(Due::kReset) == nullptr;
  if (resets_unasked && !gone(rules_.state()) && may_have_given_up(now)) {
    rules_.on_user_timeout(now);
  }
  Sent result;
  result.repetition = rules_.is_repetition(segment);
  const bool half_way = goes_half_way(now, segment);
  const Findings findings = half_way ? Findings{} : rules_.findings(now, segment);
  result.allowed = findings.empty();
  // One that is behind may be right, but does not tell that the target knows what the rules do.
  const bool behind = half_way || (segment.flags.ack() && segment.ack != rules_.tcb().rcv.nxt);
  agreed_ = result.allowed && !segment.flags.rst() && !behind;
  judge_sent(packet, findings);
  // RFC 9293 §3.7.1: MSS is at most MMS_R - 20. No IP datagram is larger than 65535 octets with its
  // header in IPv4, or without it in IPv6 (RFC 8200 §3).
  const uint16_t most = packet.source.address.v6 ? UINT16_MAX - 20 : UINT16_MAX - 40;
  if (packet.segment.options.mss.value_or(0) > most) {
    complain(Clause::kMust67, fmt::format("an MSS of at most {}", most),
             fmt::to_string(*packet.segment.options.mss));
  }
  // RFC 7323 §5.7: whoever has PAWS does not let its segments be fragmented.
  if (rules_.tcb().timestamps && !packet.source.address.v6 && !packet.dont_fragment) {
    complain(Clause::kRfc7323Paws8, "DF set, where timestamps are in use", "DF clear");
  }
  rules_.sent(now, segment);
  round_trips_.follow(now, rules_.tcb());
  return result;
}

void Shadow::judge_sent(const wire::Decoded& packet, const Findings& findings) {
  if (findings.empty()) return;
  const std::string got = wire::to_text(packet, isns());
  for (const Finding& finding : findings.all()) {
    std::vector<play::Difference> fields;
    if (finding.wanted != finding.got) {
      const bool own = finding.field == Field::kSeq;
      const bool number = own || finding.field == Field::kAck;
      fields.push_back({std::string(to_string(finding.field)),
                        number ? name(Seq(finding.wanted), own) : std::to_string(finding.wanted),
                        number ? name(Seq(finding.got), own) : std::to_string(finding.got)});
    }
    complain(finding.clause, std::string(finding.sentence), got, std::move(fields));
    // Where its stream ends is not known any more.
    if (finding.clause == Clause::kSmOut4) unclear_ = true;
  }
}

// The SYN of a new connection goes out: a RST of the one before would have come ahead of it.
void Shadow::settle_resets() {
  for (const Obligation& owed : rules_.obligations().all()) {
    if (owed.due == Due::kReset && owed.by != kNever) complain_missing(missing_of(owed));
  }
  rules_.forgive_answers();
}

// A sequence number as the ladder has it: relative to its side's ISN.
std::string Shadow::name(Seq number, bool own) const {
  const wire::Isns known = isns();
  return wire::number_text(own ? known.sender : known.receiver, number);
}

wire::Isns Shadow::isns() const {
  const Tcb& tcb = variables();
  wire::Isns known{.sender = std::nullopt, .receiver = std::nullopt};
  if (tcb.iss_known) known.sender = tcb.snd.iss;
  if (tcb.irs_known) known.receiver = tcb.rcv.irs;
  return known;
}

// The target's state is another than the shadow's: may it have moved by itself?
bool Shadow::follow(Time now, State observed) {
  const State here = rules_.state();
  if (gone(here) && gone(observed)) return true;
  if (here == State::kCloseWait && observed == State::kLastAck && rules_.fin_queued()) return true;
  if (may_end_ && gone(observed)) {
    rules_.forget(now);
    return true;
  }
  if (left_half_open_ && gone(here) && observed == State::kSynReceived) return true;
  if (reopening_ && here == State::kListen && observed == State::kTimeWait) {
    come_back_to_time_wait();
    return true;
  }
  if (!gone(observed)) {
    take_declined(now);
    return rules_.state() == observed;
  }
  if (here == State::kTimeWait) {
    const Duration whole = 2 * profile_->msl;
    const auto slack = std::max(
        traits_->timer_slack_min,
        Duration(static_cast<int64_t>(static_cast<double>(whole.count()) * traits_->timer_slack)));
    if (now + slack < last_time_from(rules_.time_wait_earliest() - whole) + whole) return false;
    rules_.on_time_wait_timeout(now);
    return true;
  }
  if (here == State::kFinWait2 && rules_.is_deaf() && profile_->fin_wait_2_timeout > Duration{0} &&
      now - last_time_from(fin_wait_2_since_) + traits_->timer_slack_min >=
          profile_->fin_wait_2_timeout) {
    rules_.on_fin_wait_2_timeout(now);
    return true;
  }
  if (may_have_given_up(now)) {
    rules_.on_user_timeout(now);
    return true;
  }
  return false;
}

// Which rule a target breaks that is in another state: that of the last event, or of the time that
// its own state lasts.
Clause Shadow::clause_of_state(Time now, State observed) const {
  if (gone(observed) && now > last_heard_ + traits_->quiet_time) {
    if (rules_.state() == State::kTimeWait) return Clause::kMust13;
    if (rules_.state() == State::kFinWait2) return Clause::kSmFin5;
  }
  return rules_.last_clause();
}

void Shadow::observed(Time now, State state) {
  if (reopening_ && !reopening_->taken && state == State::kTimeWait) leave_in_time_wait();
  const bool same = rules_.state() == state;
  const State before = std::exchange(seen_, state);
  const bool early =
      !is_synchronized(before) && is_synchronized(state) && !is_synchronized(rules_.state());
  ready_early_ = ready_early_ || early;
  // Of a target whose state is another it may be something else at the same number.
  if (same && syn_acked_) syn_with_more_ = false;
  syn_acked_ = false;
  if (same) may_end_ = false;
  if (lost_) {
    if (gone(state) && !gone(rules_.state())) rules_.forget(now);
    // It goes on where the target's last answer had the numbers of the rules, and its state is
    // theirs again; one that is gone has no more to differ in.
    lost_ = !(same && agreed_) && !(gone(rules_.state()) && gone(state));
    in_doubt_ = lost_ || !agreed_;
    doubtful_.clear();
    // What the rules have owed meanwhile answers segments that the target's own connection took.
    if (!lost_) {
      rules_.forgive_answers();
      rejoined_at_ = now;
      // It may have heard of the ACK of its SYN where the rules have not.
      const bool opening = is_synchronized(rules_.state()) && !rules_.syn_acked();
      unclear_ = unclear_ || opening;
    }
    return;
  }
  const bool followed = same || follow(now, state);
  // A target that is gone owes nothing: it gave up before its time to answer was over.
  if (!followed || same) {
    for (const Missing& each : doubtful_) complain_missing(each);
  }
  doubtful_.clear();
  if (same && agreed_) in_doubt_ = false;
  if (followed) return;
  const std::string wanted(to_string(rules_.state()));
  const std::string got(to_string(state));
  complain(clause_of_state(now, state), wanted, got, {{"state", wanted, got}});
  // Of a connection that is gone there is no more to know.
  if (gone(state)) {
    rules_.forget(now);
  } else {
    lost_ = true;
    agreed_ = false;
    // What came with the segment that it took, and the rules dropped, it has.
    if (early && more_came_last_) unclear_ = true;
  }
}

void Shadow::missing(Time due) {
  while (const auto late = rules_.overdue(due, round_trips_.longer())) {
    if (may_have_given_up(late->by)) {
      doubtful_.push_back(missing_of(*late));
    } else {
      complain_missing(missing_of(*late));
    }
  }
}

Shadow::Missing Shadow::missing_of(const Obligation& late) const {
  const bool answers = late.due == Due::kAck || late.due == Due::kReset;
  if (!answers) return {late, {}};
  return {late, late.due == Due::kAck ? ack_cause_ : reset_cause_};
}

void Shadow::complain_missing(const Missing& missing) {
  const Obligation& late = missing.late;
  // It may have taken the ACK of a segment that it had to drop; that is told where it shows.
  const bool may_be_done = dropped_ack_ && *dropped_ack_ == rules_.tcb().snd.nxt;
  if (late.due == Due::kRetransmit && may_be_done) in_doubt_ = true;
  // A TCB that outlived its listener drops the SYN of the next connection.
  if (late.due == Due::kSynAck && outlived_) in_doubt_ = true;
  complain(late.clause, std::string(describe(late.due)), "nothing", {}, &missing.cause);
}

}  // namespace synfin::judge
