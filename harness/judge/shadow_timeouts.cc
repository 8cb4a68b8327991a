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

bool Shadow::may_have_given_up(Time now) const {
  // What waits since a target was astray may have been repeated for longer than the rules know.
  if (rejoined_at_ && rules_.unacknowledged_since() <= *rejoined_at_) return true;
  unsigned limit = profile_->retries;
  const bool orphan = rules_.is_deaf() && profile_->orphan_retries > 0;
  if (orphan) limit = std::min(limit, profile_->orphan_retries);
  if (orphan && rules_.probes() >= limit) return true;
  if (rules_.state() == State::kSynSent) limit = profile_->syn_retries;
  if (rules_.state() == State::kSynReceived) limit = profile_->syn_ack_retries;
  if (rules_.state() == State::kSynReceived && crowded_ && rules_.passive() &&
      profile_->crowded_syn_ack_retries > 0) {
    limit = std::min(limit, profile_->crowded_syn_ack_retries);
  }
  if (rules_.retransmissions() >= limit && limit > 0) return true;
  if (profile_->r2_is_a_time && is_synchronized(rules_.state()) &&
      now - rules_.unacknowledged_since() >= time_of(*profile_, limit)) {
    return true;
  }
  const Duration silent = profile_->silent_window_timeout;
  const Tcb& tcb = rules_.tcb();
  if (silent > Duration{0} && tcb.snd.wnd == 0 && tcb.snd.una != tcb.snd.nxt &&
      now - rules_.last_heard() + traits_->timer_slack_min >= silent) {
    return true;
  }
  const Duration last_ack = profile_->last_ack_timeout;
  // Whose FIN waits behind its text may count as being there: see follow().
  const bool ends = rules_.state() == State::kLastAck ||
                    (rules_.state() == State::kCloseWait && rules_.fin_queued());
  if (ends && last_ack > Duration{0} &&
      now - last_of_peer_ + traits_->timer_slack_min >= last_ack) {
    return true;
  }
  if (now + traits_->timer_slack_min >= rules_.user_timeout_at()) return true;
  return keepalive_ && now - rules_.last_heard() >= keepalive_idle_;
}

}  // namespace synfin::judge
