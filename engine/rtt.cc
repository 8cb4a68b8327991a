#include "engine/rtt.h"

#include <algorithm>

namespace synfin {
namespace {

constexpr Duration kRtoAfterSynTimeout = std::chrono::seconds(3);

}  // namespace

RttEstimator::RttEstimator(const RttLimits& limits)
    : limits_(limits), rto_(bounded(limits.initial)) {
  if (!limits_.starts_anew) rttvar_ = limits_.initial / kVarianceFactor;
}

void RttEstimator::sample(Duration rtt) {
  rtt = std::max(rtt, Duration::zero());
  if (!has_sample_ && limits_.starts_anew) {  // (2.2)
    srtt_ = rtt;
    rttvar_ = rtt / 2;
  } else {  // (2.3) RTTVAR first: it needs SRTT as it was. alpha = 1/8, beta = 1/4.
    rttvar_ = (3 * rttvar_ + std::chrono::abs(srtt_ - rtt)) / 4;
    srtt_ = (7 * srtt_ + rtt) / 8;
  }
  has_sample_ = true;
  rto_ = bounded(srtt_ + std::max(limits_.granularity, kVarianceFactor * rttvar_));
}

// Compares with half the maximum, so that the doubling cannot overflow.
void RttEstimator::back_off() { rto_ = rto_ > limits_.max / 2 ? limits_.max : 2 * rto_; }

void RttEstimator::on_established() {
  if (!syn_timed_out_ || limits_.initial >= kRtoAfterSynTimeout) return;
  rto_ = bounded(kRtoAfterSynTimeout);
}

Duration RttEstimator::bounded(Duration rto) const {
  const Duration tick = limits_.tick;
  if (tick > Duration{0}) rto = (rto + tick - Duration(1)) / tick * tick;
  return std::min(std::max(rto, limits_.min), limits_.max);
}

}  // namespace synfin
