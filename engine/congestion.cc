#include "engine/congestion.h"

#include <algorithm>
#include <limits>

namespace synfin {
namespace {

// RFC 5681 §3.2: the duplicate acknowledgment that signals loss.
constexpr uint32_t kDuplicateThreshold = 3;

// An MSS option holds 16 bits.
uint32_t bounded_smss(uint32_t smss) { return std::clamp(smss, 1U, 65535U); }

}  // namespace

// RFC 6582 §3.2 step 1 starts recover at ISS. Read literally, "ack - 1 > recover" would then bar
// the first flight, whose SND.UNA is ISS + 1, from fast retransmit, which RFC 5681 §3.2 wants for
// any segment. One less keeps both: no acknowledgment but that of the SYN lies between.
Congestion::Congestion(Seq iss, uint32_t initial_segments, ClauseSet* coverage)
    : coverage_(coverage),
      cwnd_(initial_window(kDefaultSmss, initial_segments)),
      recover_(iss - 1),
      initial_segments_(static_cast<uint16_t>(std::min(initial_segments, 65535U))) {
  hit(Clause::kRfc6582_1);
}

uint32_t Congestion::initial_window(uint32_t smss, uint32_t initial_segments) {
  if (initial_segments == 0) initial_segments = smss > 2190 ? 2 : smss > 1095 ? 3 : 4;
  const uint64_t octets = uint64_t{initial_segments} * smss;
  return static_cast<uint32_t>(std::min<uint64_t>(octets, kLargestWindow));
}

void Congestion::on_established(uint32_t smss) {
  hit(syn_lost_ ? Clause::kRfc5681_5 : Clause::kRfc5681_3);
  hit(Clause::kRfc5681_4);
  smss_ = bounded_smss(smss);
  cwnd_ = initial_window(smss_, syn_lost_ ? 1 : initial_segments_);
}

Congestion::AckEffect Congestion::on_ack(uint32_t octets, Seq una, uint32_t flight, bool marked) {
  duplicate_acks_ = 0;
  limited_segments_ = 0;
  timed_out_ = false;
  if (in_recovery_) return on_ack_in_recovery(octets, una, flight);
  // RFC 6582 §6: a recover that falls behind by half the circle would seem to lie ahead. As close
  // behind as this it is still covered by una, and by all that follows.
  if ((una - 1).after(recover_)) recover_ = una - 2;
  if (!marked) open_window(octets);
  return AckEffect::kNone;
}

// RFC 3168 §6.1.2: as a loss, but nothing has to go again.
void Congestion::on_echo(uint32_t flight) {
  if (in_recovery_) return;  // the window was reduced within this round trip
  reduce_ssthresh(flight);
  set_cwnd(ssthresh_);
  counted_ = 0;
}

// RFC 5681 §3.1.
void Congestion::open_window(uint32_t octets) {
  hit(Clause::kMust19);
  hit(Clause::kRfc5681_2);
  if (cwnd_ < ssthresh_) {  // slow start, equation (2)
    hit(Clause::kRfc5681_9);
    set_cwnd(uint64_t{cwnd_} + std::min(octets, smss_));
    return;
  }
  // Congestion avoidance: one SMSS for each cwnd of acknowledged octets. What one acknowledgment
  // covers beyond that does not count, so that the next step takes another round trip.
  hit(Clause::kRfc5681_8);
  counted_ += std::min(octets, cwnd_);
  if (counted_ < cwnd_) return;
  counted_ -= cwnd_;
  set_cwnd(uint64_t{cwnd_} + smss_);
}

// RFC 6582 §3.2 step 3.
Congestion::AckEffect Congestion::on_ack_in_recovery(uint32_t octets, Seq una, uint32_t flight) {
  if ((una - 1).at_or_after(recover_)) {
    // The first of the two values that the RFC offers: it leaves no room for a burst.
    hit(Clause::kRfc5681_15);
    hit(Clause::kRfc6582_3);
    set_cwnd(std::min<uint64_t>(ssthresh_, uint64_t{std::max(flight, smss_)} + smss_));
    in_recovery_ = false;
    return AckEffect::kFullAck;
  }
  hit(Clause::kRfc6582_4);
  hit(Clause::kRfc5681_19);
  uint64_t deflated = cwnd_ - std::min(octets, cwnd_);
  if (octets >= smss_) deflated += smss_;
  // Never below the smallest window there is, LW: 0 would look like a closed send window.
  set_cwnd(std::max<uint64_t>(deflated, smss_));
  const bool first = !partial_ack_seen_;
  partial_ack_seen_ = true;
  return first ? AckEffect::kFirstPartialAck : AckEffect::kPartialAck;
}

bool Congestion::on_duplicate_ack(Seq una, Seq sent_end, uint32_t flight, bool new_sack) {
  if (duplicate_acks_ < std::numeric_limits<uint8_t>::max()) ++duplicate_acks_;
  if (in_recovery_) {  // RFC 5681 §3.2 step 4
    set_cwnd(uint64_t{cwnd_} + smss_);
    return false;
  }
  if (duplicate_acks_ == 1) flight_at_first_duplicate_ = flight;
  if (duplicate_acks_ < kDuplicateThreshold) {
    hit(Clause::kRfc5681_13);
    hit(Clause::kRfc2018_11);
    if (new_sack) ++limited_segments_;
    return false;
  }
  limited_segments_ = 0;
  hit(Clause::kRfc6582_2);
  if (!(una - 1).after(recover_)) return false;  // RFC 6582 §3.2 step 2, and §4
  recover_ = sent_end - 1;
  // RFC 5681 §3.2 step 2 leaves out what limited transmit sent: that is what lies beyond cwnd and
  // was not outstanding before the first duplicate.
  reduce_ssthresh(std::min(flight, std::max(cwnd_, flight_at_first_duplicate_)));
  set_cwnd(uint64_t{ssthresh_} + uint64_t{kDuplicateThreshold} * smss_);  // step 3
  hit(Clause::kRfc5681_14);
  in_recovery_ = true;
  partial_ack_seen_ = false;
  counted_ = 0;
  return true;
}

void Congestion::on_timeout(Seq sent_end, uint32_t flight) {
  // RFC 5681 §3.1: held constant when this segment timed out before.
  if (!timed_out_) reduce_ssthresh(flight);
  hit(Clause::kRfc5681_7);
  hit(Clause::kRfc6582_5);
  timed_out_ = true;
  set_cwnd(smss_);  // LW, whatever the initial window was
  counted_ = 0;
  duplicate_acks_ = 0;
  limited_segments_ = 0;
  recover_ = sent_end - 1;  // RFC 6582 §3.2 step 4
  in_recovery_ = false;
}

void Congestion::on_idle_restart() {
  hit(Clause::kRfc5681_16);
  const uint32_t initial = initial_window(smss_, syn_lost_ ? 1 : initial_segments_);
  set_cwnd(std::min(initial, cwnd_));  // RW
  counted_ = 0;
}

void Congestion::on_smss_change(uint32_t smss) {
  smss = bounded_smss(smss);
  const uint64_t scaled = smss < smss_ ? uint64_t{cwnd_} * smss / smss_ : cwnd_;
  set_cwnd(std::max<uint64_t>(scaled, smss));
  counted_ = 0;
  smss_ = smss;
}

// Equation (4) of RFC 5681.
void Congestion::reduce_ssthresh(uint32_t flight) {
  hit(Clause::kRfc5681_6);
  ssthresh_ = std::max(flight / 2, 2 * smss_);
}

void Congestion::set_cwnd(uint64_t octets) {
  cwnd_ = static_cast<uint32_t>(std::min<uint64_t>(octets, kLargestWindow));
}

}  // namespace synfin
