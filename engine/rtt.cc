#include "engine/rtt.h"

#include <algorithm>

namespace synfin {
namespace {

constexpr Duration kRtoAfterSynTimeout = std::chrono::seconds(3);

}  // namespace

RttEstimator::RttEstimator(const RttLimits& limits)
    : max_(limits.max),
      min_(std::chrono::duration_cast<Microseconds>(limits.min)),
      granularity_(std::chrono::duration_cast<Microseconds>(limits.granularity)),
      tick_(std::chrono::duration_cast<Microseconds>(limits.tick)),
      starts_anew_(limits.starts_anew),
      starts_short_(limits.initial < kRtoAfterSynTimeout) {
  rto_ = bounded(limits.initial);
  if (!starts_anew_) rttvar_ = limits.initial / kVarianceFactor;
}

void RttEstimator::sample(Duration rtt) {
  rtt = std::max(rtt, Duration::zero());
  if (!has_sample_ && starts_anew_) {  // (2.2)
    srtt_ = rtt;
    rttvar_ = rtt / 2;
  } else {  // (2.3) RTTVAR first: it needs SRTT as it was. alpha = 1/8, beta = 1/4.
    rttvar_ = (3 * rttvar_ + std::chrono::abs(srtt_ - rtt)) / 4;
    srtt_ = (7 * srtt_ + rtt) / 8;
  }
  has_sample_ = true;
  backoffs_ = 0;
  rto_ = bounded(srtt_ + std::max<Duration>(granularity_, kVarianceFactor * rttvar_));
}

// Compares with half the maximum, so that the doubling cannot overflow.
void RttEstimator::back_off() {
  rto_ = rto_ > max_ / 2 ? max_ : 2 * rto_;
  if (backoffs_ < UINT8_MAX) ++backoffs_;
}

void RttEstimator::on_established() {
  if (!syn_timed_out_ || !starts_short_) return;
  rto_ = bounded(kRtoAfterSynTimeout);
}

Duration RttEstimator::bounded(Duration rto) const {
  const Duration tick = tick_;
  if (tick > Duration{0}) rto = (rto + tick - Duration(1)) / tick * tick;
  return std::min(std::max<Duration>(rto, min_), max_);
}

}  // namespace synfin
