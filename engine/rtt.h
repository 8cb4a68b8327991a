// The retransmission timeout, from round-trip times (RFC 6298).
#pragma once

#include <chrono>
#include <cstdint>

#include "engine/time.h"

namespace synfin {

// The numbers that RFC 6298 leaves to the implementer. All are positive, and min <= max. Those that
// say nothing else are whole microseconds below an hour.
struct RttLimits {
  Duration initial = std::chrono::seconds(1);           // before any measurement, §2 (2.1)
  Duration min = std::chrono::seconds(1);               // §2 (2.4): SHOULD be 1 s
  Duration max = std::chrono::seconds(60);              // §2 (2.5): MAY be set, at least 60 s
  Duration granularity = std::chrono::milliseconds(1);  // G, §4
  Duration tick{0};  // not 0: the RTO is a whole number of ticks, rounded up
  // The first round trip starts anew (2.2); else it is taken as any other, from an SRTT of 0 and
  // the variance that makes the initial RTO.
  bool starts_anew = true;
};

// SRTT, RTTVAR and RTO of one connection. It keeps no timer: §5 (5.1) to (5.6) say when the caller
// starts one for rto(), and when it calls back_off().
class RttEstimator {
 public:
  explicit RttEstimator(const RttLimits& limits = {});

  // Takes one measured round-trip time, below 2^60 ns; a negative one counts as 0. It also ends
  // backing off (§5, the note after 5.7).
  //
  // Karn's algorithm is the caller's duty (§3): no sample may come from a segment that was
  // retransmitted, unless timestamps tell which transmission was acknowledged.
  void sample(Duration rtt);

  // The retransmission timer expired: doubles the RTO, up to the maximum (5.5).
  void back_off();

  // The timer expired while awaiting the ACK of a SYN; call it beside back_off() (5.7).
  void on_syn_timeout() { syn_timed_out_ = true; }

  // The three-way handshake is complete. If its timer had expired and started below 3 s, the RTO
  // becomes 3 s (5.7), whatever it was backed off to or measured as; a maximum still bounds it.
  void on_established();

  // The timeout to start a timer with now, backing off included; within [min, max].
  Duration rto() const { return rto_; }
  // False until the first sample; srtt() and, where that one starts anew, rttvar() are 0 until
  // then.
  bool has_sample() const { return has_sample_; }
  bool syn_timed_out() const { return syn_timed_out_; }
  // How often rto() was doubled since the last sample.
  unsigned backoffs() const { return backoffs_; }
  Duration srtt() const { return srtt_; }
  Duration rttvar() const { return rttvar_; }
  // The round trips vary by less than the clock can tell: G stands for the variance (§2.3, §4).
  bool is_granular() const { return has_sample_ && kVarianceFactor * rttvar_ < granularity_; }

 private:
  static constexpr int kVarianceFactor = 4;  // K, RFC 6298 §2 (2.2)

  Duration bounded(Duration rto) const;

  // A connection holds its own limits: what is short is kept short.
  using Microseconds = std::chrono::duration<uint32_t, std::micro>;  // up to 71 minutes

  Duration max_;
  Duration srtt_{0};
  Duration rttvar_{0};
  Duration rto_{0};
  Microseconds min_;
  Microseconds granularity_;
  Microseconds tick_;
  bool starts_anew_;
  bool starts_short_;  // below the 3 s of (5.7)
  bool has_sample_ : 1 = false;
  bool syn_timed_out_ : 1 = false;
  uint8_t backoffs_ = 0;
};

}  // namespace synfin
