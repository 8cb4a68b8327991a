// A model of a sender, for the tests of congestion control.
#pragma once

#include <cstdint>

#include "engine/congestion.h"
#include "engine/seq.h"

namespace synfin::congestion_model {

inline constexpr uint32_t kSmss = 1000;

// A sender that always has text, sends all of it in full segments, and keeps the numbers straight.
class Sender {
 public:
  explicit Sender(uint32_t initial_segments = 10, Seq iss = Seq(5000))
      : congestion(iss, initial_segments), una(iss + 1), sent_end(una) {
    congestion.on_established(kSmss);
  }

  uint32_t flight() const { return Seq::distance(una, sent_end); }

  // Sends full segments while the window allows; returns how many.
  uint32_t send() {
    uint32_t segments = 0;
    while (flight() + kSmss <= congestion.cwnd() + congestion.limited_transmit()) {
      sent_end += kSmss;
      ++segments;
    }
    return segments;
  }

  Congestion::AckEffect ack(uint32_t octets) {
    una += octets;
    return congestion.on_ack(octets, una, flight());
  }

  bool duplicate(bool new_sack = true) {
    return congestion.on_duplicate_ack(una, sent_end, flight(), new_sack);
  }

  void timeout() { congestion.on_timeout(sent_end, flight()); }

  // Three duplicate acknowledgments, without limited transmit; false if recovery did not begin.
  bool lose_first() { return !duplicate() && !duplicate() && duplicate(); }

  uint32_t cwnd() const { return congestion.cwnd(); }
  uint32_t ssthresh() const { return congestion.ssthresh(); }

  Congestion congestion;
  Seq una;
  Seq sent_end;
};

}  // namespace synfin::congestion_model
