// The frame of the rules: the state and its one way to change, and what is due.
// The user calls are in calls.cc, SEGMENT ARRIVES in arrives.cc, output in output.cc.
#include "engine/rules.h"

#include <algorithm>
#include <cassert>

namespace synfin {
namespace {

// How long text that nothing holds back may wait: the longest override timeout that §3.8.6.2.1
// names.
constexpr Duration kMostTextDelay = std::chrono::seconds(1);

// The retransmission timeout is a choice with a lower bound only (RFC 6298 §1), but without any
// retransmission the connection is not reliable: twice our own timeout and a second are waited for.
constexpr Duration kRetransmissionGrace = std::chrono::seconds(1);

Duration doubled(Duration interval, unsigned times) {
  return interval * (1 << std::min(times, 10U));
}

// A stack that has not measured the handshake backs off from where it began: RFC 6298 §5.7 has it
// begin at three seconds where the SYN was repeated.
constexpr Duration kAfterLostSyn = std::chrono::seconds(3);

RttLimits limits_of(const Profile& profile) {
  return {.initial = profile.rto_initial,
          .min = profile.rto_min,
          .max = profile.rto_max,
          .granularity = profile.rto_variance_min,
          .tick = profile.rto_tick,
          .starts_anew = profile.rto_starts_anew};
}

}  // namespace

Rules::Rules(const Profile& profile, ClauseSet* coverage)
    : profile_(&profile),
      coverage_(coverage),
      rtt_(limits_of(profile)),
      send_ring_(profile.send_buffer),
      receive_ring_(profile.receive_buffer),
      nagle_(profile.nagle),
      keepalive_idle_(std::chrono::duration_cast<Milliseconds>(profile.keepalive_idle)),
      user_timeout_(profile.user_timeout) {}

void Rules::transition(State to, EventKind event, Clause clause) {
  const Edge* edge = find_edge(state_, to, event);
  assert(edge != nullptr);
  hit(clause);
  hit(edge->clause);
  edges_.set(static_cast<std::size_t>(edge - kEdges.data()));
  state_ = to;
  deciding_ = clause;
  moved_ = true;
}

void Rules::enter_closed(EventKind event, Clause clause) {
  transition(State::kClosed, event, clause);
  forget_connection();
}

// The TCB is deleted: nothing is owed any more but a RST that has been formed already.
void Rules::forget_connection() {
  for (const Due due :
       {Due::kSyn, Due::kSynAck, Due::kAck, Due::kText, Due::kRetransmit, Due::kProbe}) {
    due_.remove(due);
  }
  send_ring_.consume(send_ring_.size());
  send_ring_.release();
  queued_.clear();
  sacked_.clear();
  duplicate_.reset();
  told_late_.reset();
  newest_.reset();
  time_wait_earliest_ = time_wait_latest_ = kNever;
  unacknowledged_since_ = kNever;
  timed_at_ = kNever;
  in_order_permits_ = other_permits_ = 0;
  syn_ack_permitted_ = false;
  recovering_ = false;
}

void Rules::return_to_listen(Clause clause) {
  transition(State::kListen, EventKind::kSegment, clause);
  start_anew();
}

// A TCB without a past, for a new connection; a RST that is owed stays owed.
void Rules::start_anew() {
  forget_connection();
  receive_ring_.consume(receive_ring_.size());
  receive_ring_.drop_staged();
  tcb_ = Tcb{};
  rtt_ = RttEstimator(limits_of(*profile_));
  fin_queued_ = fin_sent_ = deaf_ = gave_up_ = false;
  peer_fin_known_ = peer_fin_taken_ = contradicted_ = false;
  retransmissions_ = 0;
  duplicate_acks_ = probes_ = 0;
  reopened_after_ = 0;
  unacknowledged_in_ = unpushed_ = 0;
  adopted_user_timeout_ = Milliseconds{0};
  told_user_timeout_ = throttled_ = false;
  challenged_at_ = kNever;
  first_window_ = 0;
}

void Rules::signal(Signal what) {
  if (signal_count_ < signals_.size()) signals_[signal_count_++] = what;
}

std::optional<Signal> Rules::poll_signal() {
  if (signal_count_ == 0) return std::nullopt;
  const Signal first = signals_[0];
  std::move(signals_.begin() + 1, signals_.begin() + signal_count_, signals_.begin());
  --signal_count_;
  return first;
}

// --- what is owed --------------------------------------------------------------------------------

// The reset that §3.5.2 and §3.10.7.1 form in answer to a segment.
void Rules::owe_reset(const Segment& cause, Clause clause) {
  decide(clause);
  if (cause.flags.ack()) {
    owe_reset_at(cause.ack, clause, &cause);
    return;
  }
  Obligation reset{.due = Due::kReset,
                   .clause = clause,
                   .by = now_,
                   .seq = Seq(0),
                   .ack = cause.end(),
                   .flags = Flags(kRst | kAck)};
  stamp_reset(reset, &cause);
  due_.add_reset(reset);
}

void Rules::owe_reset_at(Seq seq, Clause clause, const Segment* cause) {
  hit(clause);
  Obligation reset{
      .due = Due::kReset, .clause = clause, .by = now_, .seq = seq, .flags = Flags(kRst)};
  stamp_reset(reset, cause);
  due_.add_reset(reset);
}

// RFC 7323 §5.2: `cause` is null where the user aborts.
void Rules::stamp_reset(Obligation& reset, const Segment* cause) {
  if (!profile_->timestamps_on_resets) return;
  hit(Clause::kRfc7323Paws5);
  if (cause != nullptr && cause->options.timestamps) {
    reset.stamp = Stamp::kEcho;
    reset.echo = cause->options.timestamps->value;
  } else if (tcb_.timestamps && (cause == nullptr || state_ != State::kClosed)) {
    reset.stamp = Stamp::kOwn;
  }
}

void Rules::owe_ack(Clause clause, Duration within) {
  hit(clause);
  due_.add(Due::kAck, clause, now_ + within);
}

void Rules::refuse(Clause clause) {
  decide(clause);
  if (is_throttled(clause)) return;
  owe_ack(clause);
  permit(other_permits_);
}

// RFC 5961 §7: challenge ACKs are not sent as often as they are asked for.
bool Rules::is_throttled(Clause clause) {
  const bool challenge = clause == Clause::kRfc5961_3_3 || clause == Clause::kRfc5961_4_1 ||
                         clause == Clause::kRfc5961_5_1 || clause == Clause::kSmAck4;
  if (!challenge || profile_->challenge_ack_interval == Duration{0}) return false;
  hit(Clause::kRfc5961_7_1);
  hit(Clause::kRfc5961_7_2);
  throttled_ = challenged_at_ != kNever && now_ < challenged_at_ + profile_->challenge_ack_interval;
  if (!throttled_) challenged_at_ = now_;
  return throttled_;
}

std::optional<Obligation> Rules::overdue(Time now, Duration longer) {
  const auto all = due_.all();
  for (std::size_t i = 0; i < all.size(); ++i) {
    Time by = all[i].by;
    if (by > now) continue;
    if (all[i].due == Due::kRetransmit) by += 2 * doubled(longer, retransmissions_);
    if (all[i].due == Due::kProbe) by += 2 * doubled(longer, probes_);
    if (by > now) continue;
    const Obligation late = all[i];
    due_.remove_at(i);
    return late;
  }
  return std::nullopt;
}

// What is due for sending follows from the TCB alone; this is called after everything that may
// have changed it.
void Rules::review_sending() {
  if (state_ == State::kClosed || state_ == State::kListen || state_ == State::kTimeWait) return;
  review_text();
  review_retransmission();
}

void Rules::review_text() {
  // A CLOSE in SYN-RECEIVED leads to FIN-WAIT-1 before our SYN is acknowledged.
  const bool text_moves =
      state_ >= State::kEstablished && state_ != State::kFinWait2 && syn_acked();
  const bool waiting = text_moves && (unsent() > 0 || (fin_queued_ && !fin_sent_));
  const bool idle = tcb_.snd.una == tcb_.snd.nxt;
  if (text_moves && tcb_.snd.wnd == 0 && (waiting || !idle)) {
    due_.remove(Due::kText);
    owe_probe();
    return;
  }
  due_.remove(Due::kProbe);
  probes_ = 0;
  start_probing_anew();
  if (!waiting || !idle || usable_window() == 0) {
    due_.remove(Due::kText);
    return;
  }
  if (due_.find(Due::kText) == nullptr) {
    due_.add(Due::kText, unsent() > 0 ? Clause::kMust60 : Clause::kSmUsr3, now_ + kMostTextDelay);
  }
}

// §3.8.6.1, MUST-36. SHLD-29, SHLD-30: the first after about one RTO, then with growing intervals;
// the bound is as loose as for a retransmission, and a timeout that was backed off may count so in
// the interval once more; also for a window that closes again before a round trip was measured.
void Rules::owe_probe() {
  if (tcb_.snd.una != tcb_.snd.nxt) hit(Clause::kMust35);
  if (due_.find(Due::kProbe) != nullptr) return;
  hit(Clause::kMust36);
  hit(probes_ == 0 ? Clause::kShld29 : Clause::kShld30);
  const unsigned doublings = probes_ + reopened_after_ + rtt_.backoffs();
  const Duration interval = std::min(doubled(longest_timeout(0), doublings), profile_->persist_max);
  due_.add(Due::kProbe, Clause::kMust36, now_ + 2 * interval + kRetransmissionGrace);
}

void Rules::review_retransmission() {
  const bool outstanding = tcb_.iss_known && tcb_.snd.una != tcb_.snd.nxt;
  unsigned limit = profile_->retries;
  if (state_ == State::kSynSent) limit = profile_->syn_retries;
  if (state_ == State::kSynReceived) limit = profile_->syn_ack_retries;
  // With a closed window the timer is the persist timer (§3.8.6.1).
  const bool persisting = state_ >= State::kEstablished && tcb_.snd.wnd == 0 && syn_acked();
  if (!outstanding || persisting || retransmissions_ >= limit) {
    due_.remove(Due::kRetransmit);
    return;
  }
  const Duration timeout = longest_timeout(retransmissions_ + reopened_after_);
  due_.set(Due::kRetransmit, Clause::kSmTmo2, last_progress_ + 2 * timeout + kRetransmissionGrace);
}

// A target may have measured nothing yet.
Duration Rules::longest_timeout(unsigned doublings) const {
  const Duration first =
      rtt_.has_sample() ? profile_->rto_initial : std::max(profile_->rto_initial, kAfterLostSyn);
  const Duration unmeasured = std::min(doubled(first, doublings), profile_->rto_max);
  return std::max(rtt_.rto(), unmeasured);
}

// --- looking in ----------------------------------------------------------------------------------

std::span<const uint8_t> Rules::text(Seq seq, uint32_t length,
                                     std::vector<uint8_t>& scratch) const {
  const Seq first = later(tcb_.snd.una, tcb_.snd.iss + 1);
  if (seq.before(first) || length == 0) return {};
  const auto pieces = send_ring_.peek(Seq::distance(first, seq), length);
  if (pieces.second.empty()) return pieces.first;
  scratch.assign(pieces.first.begin(), pieces.first.end());
  scratch.insert(scratch.end(), pieces.second.begin(), pieces.second.end());
  return scratch;
}

// §3.7.1: Eff.snd.MSS = min(SendMSS + 20, MMS_S) - TCP header - IP options, less our own options.
uint16_t Rules::effective_mss() const {
  const uint16_t mss = std::min(tcb_.send_mss, profile_->path_mss);
  constexpr uint16_t kTimestampOctets = 12;
  return tcb_.timestamps && mss > kTimestampOctets ? static_cast<uint16_t>(mss - kTimestampOctets)
                                                   : mss;
}

uint32_t Rules::usable_window() const {
  const Seq edge = tcb_.snd.una + tcb_.snd.wnd;
  return tcb_.snd.nxt.before(edge) ? Seq::distance(tcb_.snd.nxt, edge) : 0;
}

uint32_t Rules::receive_room() const {
  const auto used = static_cast<uint32_t>(receive_ring_.size());
  return used < profile_->receive_buffer ? profile_->receive_buffer - used : 0;
}

Seq Rules::ring_start() const {
  const Seq end = peer_fin_taken_ ? tcb_.rcv.nxt - 1 : tcb_.rcv.nxt;
  return end - static_cast<uint32_t>(receive_ring_.size());
}

// --- timeouts, §3.10.8 ---------------------------------------------------------------------------

void Rules::on_user_timeout(Time now) {
  begin(now);
  if (state_ == State::kClosed || state_ == State::kListen || state_ == State::kTimeWait) return;
  gave_up_ = true;
  // "For any state" (§3.10.8): the user of a passive OPEN hears of it too. Only a listener's user
  // does not, who has not been given the connection yet.
  hit(state_ == State::kSynSent ? Clause::kMust23 : Clause::kMust20);
  if (is_synchronized(state_)) hit(Clause::kShld11);
  enter_closed(EventKind::kUserTimeout, Clause::kSmTmo1);
  signal(Signal::kUserTimeout);
}

void Rules::on_time_wait_timeout(Time now) {
  begin(now);
  if (state_ == State::kTimeWait) enter_closed(EventKind::kTimeWaitTimeout, Clause::kMust13);
}

void Rules::on_fin_wait_2_timeout(Time now) {
  begin(now);
  if (state_ == State::kFinWait2) enter_closed(EventKind::kFinWait2Timeout, Clause::kSmTmo4);
}

// --- ICMP errors, §3.9.2.2 ---

void Rules::on_icmp(Time now, IcmpError error, Seq quoted) {
  begin(now);
  if (error == IcmpError::kSourceQuench) {
    decide(Clause::kMust55);
    return;
  }
  if (state_ == State::kClosed || state_ == State::kListen) return;
  // A soft one must not abort, whatever it quotes.
  if (error == IcmpError::kSoft) decide(Clause::kMust56);
  // Only what is on its way can have met with an error; anything else is old or forged.
  const bool in_flight =
      tcb_.iss_known && quoted.in_window(tcb_.snd.una, Seq::distance(tcb_.snd.una, tcb_.snd.nxt));
  if (!in_flight) return;
  hit(Clause::kMust54);
  const bool opening = !is_synchronized(state_);
  if (error == IcmpError::kHard && (opening || profile_->hard_icmp_aborts_synchronized)) {
    const bool told = !(opening && passive_);
    enter_closed(EventKind::kIcmp, Clause::kShld26);
    if (told) signal(Signal::kHardError);
    return;
  }
  decide(Clause::kMust56);
  hit(Clause::kShld25);
  hit(Clause::kMust47);
  signal(Signal::kSoftError);
}

}  // namespace synfin
