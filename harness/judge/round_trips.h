// The longest round trips that a target may have measured: RFC 6298 §3 asks for one measurement in
// each, and does not say of which segment.
#pragma once

#include "engine/profile.h"
#include "engine/rtt.h"
#include "engine/tcb.h"
#include "engine/time.h"

namespace synfin::judge {

class RoundTrips {
 public:
  explicit RoundTrips(const Profile& profile)
      : slowest_({.initial = profile.rto_initial, .min = profile.rto_min, .max = profile.rto_max}),
        initial_(profile.rto_initial) {}

  // After each segment, either way.
  void follow(Time now, const Tcb& tcb);
  // By how much the timeout may exceed the initial one.
  Duration longer() const {
    return slowest_.rto() > initial_ ? slowest_.rto() - initial_ : Duration{0};
  }

 private:
  RttEstimator slowest_;
  Duration initial_;
  bool outstanding_ = false;
  Seq una_;
  // What is outstanding was sent no earlier than before_; from end_ on, no earlier than at_.
  Time before_{};
  Time at_{};
  Seq end_;
};

}  // namespace synfin::judge
