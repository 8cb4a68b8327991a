// When a target may give a connection up by itself: R2 and the other limits of patience.
#include <algorithm>

#include "harness/judge/shadow.h"

namespace synfin::judge {
namespace {

// Profile::r2_is_a_time.
Duration time_of(const Profile& profile, unsigned retransmissions) {
  Duration whole{0};
  Duration timeout = profile.rto_min;
  for (unsigned i = 0; i <= retransmissions; ++i) {
    whole += timeout;
    timeout = std::min(2 * timeout, profile.rto_max);
  }
  return whole;
}

}  // namespace

// What FIN-WAIT-2 or TIME-WAIT counts from: see Profile::last_times_count_from_peer.
Time Shadow::last_time_from(Time begun) const {
  const bool from_peer = profile_->last_times_count_from_peer && rules_.is_deaf();
  return from_peer ? std::min(begun, last_of_peer_) : begun;
}

// R2, by what the profile says of each state.
unsigned Shadow::most_retransmissions() const {
  if (rules_.state() == State::kSynSent) return profile_->syn_retries;
  if (rules_.state() == State::kSynReceived) {
    const unsigned crowded = profile_->crowded_syn_ack_retries;
    const bool fewer = crowded_ && rules_.passive() && crowded > 0;
    return fewer ? std::min(profile_->syn_ack_retries, crowded) : profile_->syn_ack_retries;
  }
  return is_orphan() ? std::min(profile_->retries, profile_->orphan_retries) : profile_->retries;
}

// Nobody will read what comes, and the target has a limit of its own for such.
bool Shadow::is_orphan() const { return rules_.is_deaf() && profile_->orphan_retries > 0; }

bool Shadow::has_repeated_enough(Time now) const {
  const unsigned limit = most_retransmissions();
  const bool repeated =
      rules_.retransmissions() >= limit || (is_orphan() && rules_.probes() >= limit);
  if (limit > 0 && repeated) return true;
  return profile_->r2_is_a_time && is_synchronized(rules_.state()) &&
         now - rules_.unacknowledged_since() >= time_of(*profile_, limit);
}

// Of a peer that says nothing.
bool Shadow::has_waited_enough(Time now) const {
  const Tcb& tcb = rules_.tcb();
  const Time at = now + traits_->timer_slack_min;
  const auto over = [&](Duration limit, Time since) {
    return limit > Duration{0} && at - since >= limit;
  };
  const bool closed_window = tcb.snd.wnd == 0 && tcb.snd.una != tcb.snd.nxt;
  // Whose FIN waits behind its text may count as being there: see follow().
  const bool last_ack = rules_.state() == State::kLastAck ||
                        (rules_.state() == State::kCloseWait && rules_.fin_queued());
  return (closed_window && over(profile_->silent_window_timeout, rules_.last_heard())) ||
         (last_ack && over(profile_->last_ack_timeout, last_of_peer_)) ||
         at >= rules_.user_timeout_at() ||
         (keepalive_ && now - rules_.last_heard() >= keepalive_idle_);
}

bool Shadow::may_have_given_up(Time now) const {
  // What waits since a target was astray may have been repeated for longer than the rules know.
  const bool unknown = rejoined_at_ && rules_.unacknowledged_since() <= *rejoined_at_;
  return unknown || has_repeated_enough(now) || has_waited_enough(now);
}

}  // namespace synfin::judge
