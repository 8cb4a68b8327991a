// The transmission control block: the variables of RFC 9293 §3.3.1 under their own names.
//
// Sequence numbers are absolute. Windows are in octets, after scaling (RFC 7323 §2.3).
#pragma once

#include <cstdint>
#include <optional>

#include "engine/segment.h"
#include "engine/seq.h"
#include "engine/time.h"

namespace synfin {

constexpr uint8_t kMostWindowShift = 14;  // RFC 7323 §2.3

struct SendSequence {
  Seq iss;               // initial send sequence number; see Tcb::iss_known
  Seq una;               // oldest unacknowledged sequence number
  Seq nxt;               // next sequence number to be sent
  Seq wl1;               // SEG.SEQ of the last window update
  Seq wl2;               // SEG.ACK of the last window update
  Seq up;                // the octet after the urgent text; see Tcb::send_urgent
  Seq max_edge;          // the furthest right edge that the peer ever offered
  uint32_t wnd = 0;      // what the peer offers, from una
  uint32_t max_wnd = 0;  // the largest wnd ever (RFC 5961 §5.2)
  uint8_t shift = 0;     // Snd.Wind.Shift: how far the peer's window field is shifted left
};

struct ReceiveSequence {
  Seq irs;            // initial receive sequence number
  Seq nxt;            // next sequence number expected
  Seq up;             // the octet after the peer's urgent text; see Tcb::receive_urgent
  Seq edge;           // nxt + wnd: the furthest right edge that was advertised
  uint8_t shift = 0;  // Rcv.Wind.Shift: how far our window field is shifted right

  // RCV.WND. What was advertised once stays good (RFC 7323 §2.4), so it is measured to the edge.
  uint32_t wnd() const { return edge.after(nxt) ? Seq::distance(nxt, edge) : 0; }
};

// What of a SYN both sides have to agree on.
struct Offer {
  std::optional<uint16_t> mss;
  std::optional<uint8_t> window_scale;
  bool sack_permitted : 1 = false;
  bool timestamps : 1 = false;
  bool ecn : 1 = false;

  Offer() = default;
  explicit Offer(const Segment& syn)
      : mss(syn.options.mss),
        window_scale(syn.options.window_scale),
        sack_permitted(syn.options.sack_permitted),
        timestamps(syn.options.timestamps.has_value()),
        ecn(syn.flags.sets_up_ecn()) {}
};

struct Tcb {
  SendSequence snd;
  ReceiveSequence rcv;

  bool iss_known = false;       // a SYN has gone out
  bool irs_known = false;       // a SYN has come in
  bool send_urgent = false;     // snd.up is ahead of snd.una
  bool receive_urgent = false;  // rcv.up is ahead of what the user has read

  uint16_t send_mss = 536;  // SendMSS: what the peer's SYN announced, or the default
  bool scaling = false;     // both SYNs carried the window scale option
  bool timestamps = false;  // both SYNs carried the timestamps option
  bool sack = false;        // both SYNs permitted SACK
  // RFC 3168: both SYNs set up ECN; a CE mark came, and no CWR since (§6.1.3); the window was
  // reduced, and no new text told so yet (§6.1.2).
  bool ecn : 1 = false;
  bool ecn_echo : 1 = false;
  bool ecn_reduced : 1 = false;
  bool ts_recent_valid : 1 = false;

  // What our own SYN offered; the peer's SYN decides with it.
  Offer offered;
  Offer peer_offered;

  // RFC 7323 §4.3.
  Time ts_recent_at{};
  uint32_t ts_recent = 0;  // where it is valid
  uint32_t last_ts_sent = 0;
  Seq last_ack_sent;
  Seq ecn_recover;  // an ECE that acknowledges no more tells of the same window
};

}  // namespace synfin
