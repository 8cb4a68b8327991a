// Congestion control: how much may be in flight (RFC 5681, and NewReno of RFC 6582).
#pragma once

#include <cstdint>

#include "engine/clause.h"
#include "engine/seq.h"

namespace synfin {

// The congestion window of one sender: slow start, congestion avoidance, limited transmit, fast
// retransmit and fast recovery. All sizes are in octets.
//
// Two quantities appear in many calls:
//   flight    FlightSize: octets sent and not yet cumulatively acknowledged (RFC 5681 §2), that is
//             the highest sequence number sent, plus one, less SND.UNA
//   sent_end  one past the highest sequence number sent so far; SND.NXT unless the caller takes
//             SND.NXT back to retransmit
//
// It decides nothing about segments: the caller sends what min(cwnd() + limited_transmit(),
// SND.WND) leaves room for, and retransmits when told to.
class Congestion {
 public:
  // RFC 9293 §3.7.1 (MUST-15), for IPv4.
  static constexpr uint32_t kDefaultSmss = 536;
  // The largest window that can be advertised (RFC 7323 §2.3). cwnd never exceeds it; ssthresh
  // starts there ("arbitrarily high", RFC 5681 §3.1).
  static constexpr uint32_t kLargestWindow = 65535U << 14;

  // What an acknowledgment of new octets asks of the caller besides sending what cwnd() allows.
  enum class AckEffect : uint8_t {
    kNone,
    // RFC 6582 §3.2 step 3: retransmit the first unacknowledged segment ...
    kPartialAck,
    // ... and, for the first such acknowledgment of a recovery, restart the retransmission timer.
    kFirstPartialAck,
    // Fast recovery is over.
    kFullAck,
  };

  // `iss` is the connection's ISS. `initial_segments` is the initial window in segments, at most
  // 65535; 0 means by SMSS, as RFC 5681 §3.1 says. `coverage` may be null.
  explicit Congestion(Seq iss, uint32_t initial_segments = 0, ClauseSet* coverage = nullptr);

  // The initial window of RFC 5681 §3.1 for `initial_segments` = 0, else that many segments. The
  // RFC bounds it in segments as well as in octets; small segments are the caller's to count.
  static uint32_t initial_window(uint32_t smss, uint32_t initial_segments = 0);

  // --- the handshake ---

  // A SYN or SYN,ACK was lost: the initial window will be one segment (RFC 5681 §3.1).
  void on_syn_lost() { syn_lost_ = true; }

  // The handshake is complete and SMSS known (1 to 65535): cwnd becomes the initial window. Do not
  // pass the acknowledgment of the SYN to on_ack(); it must not open the window (RFC 5681 §3.1).
  void on_established(uint32_t smss);

  // --- acknowledgments ---

  // SND.UNA moved to `una` and so acknowledged `octets` of text that were not before. `flight` is
  // what remains. `marked`: it carries an ECE (RFC 3168), and does not open the window.
  AckEffect on_ack(uint32_t octets, Seq una, uint32_t flight, bool marked = false);
  // An ECE tells of congestion that the window was not yet reduced for; `flight` as it was before.
  void on_echo(uint32_t flight);

  // A duplicate acknowledgment by the definition of RFC 5681 §2, which is the caller's to check.
  // `new_sack` is false if SACK is in use and the segment brought no new SACK information; it then
  // allows no limited transmit (RFC 5681 §3.2 step 1). Returns true if the segment at SND.UNA is to
  // be retransmitted now: fast recovery has begun.
  bool on_duplicate_ack(Seq una, Seq sent_end, uint32_t flight, bool new_sack = true);

  // How far FlightSize may exceed cwnd() for new text because of the first and second duplicate
  // acknowledgment: one SMSS for each (RFC 5681 §3.2 step 1, RFC 3042).
  uint32_t limited_transmit() const { return limited_segments_ * smss_; }

  // --- time ---

  // The retransmission timer expired for the segment at SND.UNA (not for a SYN). `flight` is what
  // was outstanding (RFC 5681 §3.1, RFC 6582 §3.2 step 4).
  void on_timeout(Seq sent_end, uint32_t flight);

  // Text is about to be sent, and none was for longer than the RTO (RFC 5681 §4.1).
  void on_idle_restart();

  // The path takes smaller segments than thought (SMSS 1 to 65535): cwnd shrinks by the ratio of
  // new to old, so that it stays the same number of segments (RFC 5681 §3.1). A larger size raises
  // cwnd only if it is below one segment.
  void on_smss_change(uint32_t smss);

  // --- state ---

  uint32_t cwnd() const { return cwnd_; }
  uint32_t ssthresh() const { return ssthresh_; }
  uint32_t smss() const { return smss_; }
  // Duplicate acknowledgments since SND.UNA last moved, up to 255.
  uint32_t duplicate_acks() const { return duplicate_acks_; }
  bool in_fast_recovery() const { return in_recovery_; }
  bool in_slow_start() const { return !in_recovery_ && cwnd_ < ssthresh_; }
  // RFC 6582's "recover": the highest sequence number sent when loss was last found.
  Seq recover() const { return recover_; }

 private:
  void set_cwnd(uint64_t octets);
  void open_window(uint32_t octets);
  AckEffect on_ack_in_recovery(uint32_t octets, Seq una, uint32_t flight);
  void reduce_ssthresh(uint32_t flight);

  void hit(Clause clause) const {
    if (coverage_ != nullptr) coverage_->set(static_cast<std::size_t>(clause));
  }

  ClauseSet* coverage_;
  uint32_t cwnd_;
  uint32_t ssthresh_ = kLargestWindow;
  uint32_t smss_ = kDefaultSmss;
  uint32_t counted_ = 0;  // octets acknowledged towards the next step of congestion avoidance
  Seq recover_;
  uint32_t flight_at_first_duplicate_ = 0;
  uint16_t initial_segments_;
  uint8_t duplicate_acks_ = 0;
  uint8_t limited_segments_ = 0;  // duplicate acknowledgments that allow limited transmit
  bool in_recovery_ = false;
  bool partial_ack_seen_ = false;  // in this recovery
  bool timed_out_ = false;         // the segment at SND.UNA was retransmitted by timer already
  bool syn_lost_ = false;
};

}  // namespace synfin
