// The user timeout, and the TCP User Timeout Option: RFC 5482.
#include <algorithm>

#include "engine/rules.h"

namespace synfin {
namespace {

// §3.3: the G bit says that the other 15 count minutes.
constexpr uint16_t kMinutes = 0x8000;

Duration decoded(uint16_t option) {
  const auto number = static_cast<uint16_t>(option & ~kMinutes);
  if ((option & kMinutes) != 0) return std::chrono::minutes(number);
  return std::chrono::seconds(number);
}

uint16_t encoded(Duration timeout) {
  using std::chrono::ceil;
  constexpr int64_t kMost = kMinutes - 1;
  const auto seconds = std::max<int64_t>(ceil<std::chrono::seconds>(timeout).count(), 1);
  if (seconds <= kMost) return static_cast<uint16_t>(seconds);
  const auto minutes = std::min<int64_t>(ceil<std::chrono::minutes>(timeout).count(), kMost);
  return static_cast<uint16_t>(kMinutes | minutes);
}

}  // namespace

Time Rules::user_timeout_at() const {
  // §3.3: what the peer suggests counts in the synchronized states only.
  const Duration timeout = user_timeout_ > Duration{0} || !is_synchronized(state_)
                               ? user_timeout_
                               : Duration(adopted_user_timeout_);
  if (timeout == Duration{0} || unacknowledged_since_ == kNever) return kNever;
  return unacknowledged_since_ + timeout;
}

void Rules::set_user_timeout(Time now, Duration timeout) {
  now_ = now;
  user_timeout_ = timeout;
  user_timeout_is_set_ = true;
  hit(Clause::kMust21);
  told_user_timeout_ = false;  // §3: in the next segment whenever a new timeout is used
}

// §3. SYNs may get lost to a peer that keeps no state, so the first other segment has it again.
uint16_t Rules::advertised_user_timeout() const {
  constexpr auto kDefault = std::chrono::minutes(5);
  Duration timeout = profile_->advertised_user_timeout;
  if (timeout == Duration{0}) timeout = kDefault;
  if (user_timeout_ > Duration{0}) timeout = user_timeout_;
  return encoded(timeout);
}

// §3.1: USER_TIMEOUT = min(U_LIMIT, max(ADV_UTO, REMOTE_UTO, L_LIMIT)).
void Rules::take_user_timeout(const Segment& segment) {
  const auto& option = segment.options.user_timeout;
  if (!option) return;
  if (!profile_->user_timeout_option) {
    hit(Clause::kRfc5482_1);
    return;
  }
  if (user_timeout_is_set_) {
    hit(Clause::kRfc5482_2);
    return;
  }
  if (decoded(*option) == Duration{0}) {
    hit(Clause::kRfc5482_8);
    return;
  }
  hit(Clause::kRfc5482_5);
  hit(Clause::kRfc5482_7);
  hit(Clause::kRfc5482_4);
  // L_LIMIT is larger than the retransmission timeout.
  const Duration lower =
      std::max(profile_->user_timeout_lower, rto() + profile_->clock_granularity);
  adopted_user_timeout_ = std::chrono::duration_cast<Milliseconds>(
      std::min(profile_->user_timeout_upper,
               std::max({profile_->advertised_user_timeout, decoded(*option), lower})));
}

void Rules::user_timeout_findings(const Segment& segment, Findings& out) const {
  const auto& option = segment.options.user_timeout;
  if (option && decoded(*option) == Duration{0}) {
    out.add({.clause = Clause::kRfc5482_8,
             .field = Field::kOptions,
             .sentence = "a user timeout of zero is reserved"});
  }
  if (!option && user_timeout_to_tell()) {
    out.add({.clause = Clause::kRfc5482_3,
             .field = Field::kOptions,
             .sentence = "no user timeout option though it is enabled and not told yet"});
  }
}

}  // namespace synfin
