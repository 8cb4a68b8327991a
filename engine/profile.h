// A profile: one set of the choices that the RFCs leave to an implementer, with numbers.
//
// The rules read it where a MAY or SHOULD makes two behaviours right; the policy reads it to decide
// what is sent when. Judging a target, it says which of the right behaviours that target has.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/time.h"

namespace synfin {

struct Profile {
  std::string name = "rfc9293";

  // --- options and sizes -----------------------------------------------------------------------
  uint16_t mss = 1460;              // announced (RFC 9293 §3.7.1); the least of both is used
  uint16_t default_mss = 536;       // no MSS option received: 536, 1220 for IPv6 (MUST-15)
  uint16_t path_mss = 1460;         // what the path takes: MMS_S - 20 (MUST-16)
  uint32_t receive_buffer = 65535;  // octets
  uint32_t send_buffer = 1U << 18;  // octets
  std::optional<uint8_t> window_scale = 7;  // offered shift, 0–14; absent: not offered (RFC 7323)
  bool timestamps = true;
  bool sack = true;
  bool dsack = true;           // RFC 2883
  bool ecn = true;             // RFC 3168: agreed to where the peer asks for it
  bool ecn_requested = false;  // and asked for in a SYN of our own

  // --- what the rules leave open -----------------------------------------------------------------
  bool rfc5961 = true;                // challenge ACKs for RST, SYN and old ACKs
  bool rfc5961_ack_check = true;      // MAY-12: the lower bound of SEG.ACK
  bool rfc6191 = true;                // SYN in TIME-WAIT judged by timestamps
  bool time_wait_accepts_syn = true;  // MAY-2: by sequence number
  bool rfc1337 = false;               // fix F1: RST ignored in TIME-WAIT
  // A SYN in the window in SYN-RECEIVED after a passive OPEN: back to LISTEN, as RFC 9293 §3.10.7.4
  // step 4 has it before it comes to RFC 5961. That is about synchronized states (§4.2), and
  // SYN-RECEIVED is none (RFC 9293 §3.5.2); stacks that challenge there all the same say false.
  bool syn_received_returns_to_listen = true;
  // A duplicate of the very SYN draws the SYN,ACK again; permitted besides the ACK of step 1.
  bool duplicate_syn_repeats_syn_ack = true;
  // §3.6.1: text that arrives after a CLOSE which also ended reading draws a RST (SHLD-3, MAY-1).
  bool reset_on_text_after_close = true;
  // A peer has said two things of one number beyond a hole: that a FIN stands there, and text. No
  // rule says which to believe: the FIN, or the text.
  bool text_overrules_waiting_fin = false;
  // RFC 7323 §3.2: a segment without the timestamps that were negotiated is dropped (SHOULD).
  bool drop_without_timestamps = true;
  // RFC 7323 §5.2: a RST has timestamps where the segment that caused it has, or where they were
  // negotiated (RECOMMENDED).
  bool timestamps_on_resets = true;
  // MUST-7: what an illegal option length leads to is left open. A whole connection or listener
  // drops the segment where the option stands so many octets before the end of the header; 0:
  // never.
  uint8_t drops_illegal_option_from = 0;
  // RFC 5961 §7: for so long after a challenge ACK no other is sent; 0: no limit.
  Duration challenge_ack_interval{0};
  // SHLD-26: a hard ICMP error aborts a synchronized connection too. RFC 5461 tells why many stacks
  // take it for a soft one there; while a connection opens it always aborts.
  bool hard_icmp_aborts_synchronized = true;
  // Ways in which a stack may part from a rule and still be followed; timestamps/ tests the first
  // rule itself. PAWS lets TSvals pass that are older than TS.Recent by this many ticks; not where
  // little of a connection is kept: half open at a listener, closed in FIN-WAIT-2, in TIME-WAIT.
  uint32_t paws_slack = 0;
  // And a TS.Recent of 0 counts as none.
  bool zero_timestamp_is_none = false;
  // MAY-12 is SND.UNA - MAX.SND.WND. A stack may also refuse an ACK of octets that it never sent,
  // and still be followed; acceptance/old-ack-at-limit tests the rule.
  bool refuses_acks_before_first_octet = false;
  // The widest window begins, where it was opened passively, with that of the ACK that ends the
  // handshake.
  bool forgets_window_of_syn = false;
  // A segment whose ACK is refused, or a SYN, leaves TS.Recent as it is, though RFC 7323 §5.3 R3
  // looks at SEG.SEQ alone.
  bool refused_acks_update_timestamps = true;
  // An ACK older than SND.UNA leaves TS.Recent as it is.
  bool old_acks_update_timestamps = true;
  // Closed in FIN-WAIT-2, only the peer's FIN sets TS.Recent.
  bool orphans_leave_timestamps = false;

  // Step 1 of §3.10.7.4 lets pass as well what ends no earlier than RCV.NXT was when it was last
  // acknowledged and begins no later than the right edge: its ACK, window and timestamp are taken.
  // Where little of a connection is kept only an empty segment at the right edge passes.
  bool window_takes_its_edges = false;
  // While text or a FIN waits to be read, a segment with text beyond the right edge is refused as a
  // whole.
  bool unread_text_guards_edge = false;
  // The window of an ACK of something new is taken, however old its SEQ is.
  bool new_acks_bring_their_window = false;
  // The window of a SYN,ACK that ends a simultaneous open is scaled, though RFC 7323 §2.2 excepts
  // it.
  bool scales_window_of_syn_ack = false;
  // The window scale of a SYN that is dropped while a connection opens may count.
  bool dropped_syn_may_scale = false;
  // Text beyond a hole may be thrown away when nothing has come for so long. 0: never.
  Duration hole_patience{0};
  // A segment that is not acceptable is dropped after its ACK is taken.
  bool takes_any_ack = false;
  // A segment without ACK, or with one of what was never sent, is handled on as if it had a good
  // one.
  bool text_needs_no_ack = false;
  // The window of any segment with ACK is looked at, acceptable or not; and one that is wider
  // counts with the ACK of the last one, however old its SEQ is.
  bool any_segment_tells_its_window = false;
  // A window that only shrank, with the SEQ of the one before, is not taken; nor one of 0.
  bool shrunk_window_is_kept_out = false;
  bool zero_window_is_kept_out = false;
  // A window that is the one before, scaled down and so perhaps smaller, may count as unchanged.
  bool predicts_scaled_windows = false;
  // Text in order may be taken though its ACK is refused as too old.
  bool predicted_text_needs_no_ack = false;
  // In-order text may set SND.WL1, also back.
  bool text_may_set_wl1_back = false;
  // A segment without ACK, RST and SYN is dropped before all else.
  bool drops_what_lacks_ack = false;
  // A RST at the right edge of the window, or beyond it where more is kept than told, may draw a
  // challenge ACK.
  bool challenges_resets_beyond = false;
  // In SYN-SENT a SYN without ACK is dropped: there is no simultaneous open.
  bool drops_crossing_syn = false;
  // Without scaling a window of more than 65535 octets may be kept, and told as 65535.
  bool keeps_more_than_it_tells = false;
  // For judging: what waits beyond a hole is kept as it came, and of a segment that meets with it
  // text and FIN may be lost, or of what it meets.
  bool queues_whole_segments = false;
  // For judging: a receive buffer is one of memory, which segments take more of than of octets. In
  // a small one there may be no room for text within the window, beside what waits already.
  bool receive_buffer_is_memory = false;

  // RFC 8985: a hole that SACK shows is taken for a loss after a fraction of the round trip, where
  // RFC 6675 §4 waits for three segments beyond it.
  bool time_based_loss = false;

  // For judging: what the ACK of a segment lets go is sent before its text is queued, or resets.
  bool sends_before_text = false;

  // --- times -------------------------------------------------------------------------------------
  Duration msl = std::chrono::seconds(120);  // 30 s, 1 min and 2 min are the usual ones
  Duration delayed_ack = std::chrono::milliseconds(200);  // 0: at once; < 500 ms (MUST-40)
  unsigned ack_every = 2;                                 // full-sized segments (SHLD-19)
  Duration rto_initial = std::chrono::seconds(1);         // RFC 6298 §2.1
  Duration rto_min = std::chrono::seconds(1);             // RFC 6298 §2.4
  Duration rto_max = std::chrono::seconds(60);            // RFC 6298 §2.5: at least 60 s
  Duration clock_granularity = std::chrono::milliseconds(1);
  // RFC 6298 §2: what the RTO has beyond SRTT at least (G); the ticks that it is counted in;
  // whether the first round trip starts anew (RttLimits).
  Duration rto_variance_min = std::chrono::milliseconds(1);
  Duration rto_tick{0};
  bool rto_starts_anew = true;
  // Whether the SYN,ACK ends what an active OPEN began to measure; else an ACK of text does.
  bool rtt_of_active_syn = true;
  Duration user_timeout{0};  // 0: none beyond R2
  // RFC 5482: whether the option is ENABLED, ADV_UTO (0: the user timeout of RFC 9293 §3.9.1.1,
  // five minutes), and the limits of what is adopted (§3.1).
  bool user_timeout_option = false;
  Duration advertised_user_timeout{0};
  Duration user_timeout_lower = std::chrono::seconds(100);
  Duration user_timeout_upper = std::chrono::hours(24);
  Duration fin_wait_2_timeout{0};  // 0: waits for ever
  // For judging: R2 of LAST-ACK where it is a time (SHLD-11), from what was last heard. 0: as
  // elsewhere.
  Duration last_ack_timeout{0};
  // For judging: the times of FIN-WAIT-2 and TIME-WAIT, too, count from what was last heard before
  // a close() both ways.
  bool last_times_count_from_peer = false;
  // For judging: R2 of a connection that was closed both ways, in retransmissions (SHLD-11). 0: as
  // elsewhere.
  unsigned orphan_retries = 0;
  // For judging: R2 of what was sent before the window closed, where the peer has been silent for
  // so long (SHLD-11). 0: as elsewhere.
  Duration silent_window_timeout{0};
  Duration override_timeout = std::chrono::milliseconds(500);  // sender's SWS, §3.8.6.2.1
  Duration persist_max = std::chrono::seconds(60);

  // --- limits ------------------------------------------------------------------------------------
  unsigned syn_retries = 8;  // R2 of a SYN: at least 3 minutes (MUST-23)
  unsigned syn_ack_retries = 5;
  // For judging: and while more than half of a backlog of eight or more is half open. 0: as ever.
  unsigned crowded_syn_ack_retries = 0;
  unsigned retries = 15;  // R2 of text and FIN: at least 100 s (SHLD-11)
  unsigned r1 = 3;        // retransmissions, at least 3 (SHLD-10)
  // For judging: R2 is the time that so many retransmissions take from rto_min on (§3.8.3).
  bool r2_is_a_time = false;
  // A listener: how many connections may be half-open, and wait for accept(), for a backlog of N.
  // The limit is N plus this slack.
  unsigned syn_queue_slack = 0;
  unsigned accept_queue_slack = 1;
  // The third ACK finds the accept queue full: dropped, and the SYN,ACK comes again; or a RST.
  bool accept_overflow_resets = false;

  // --- sending -----------------------------------------------------------------------------------
  bool nagle = true;            // the default of each connection (SHLD-7)
  unsigned initial_window = 0;  // segments; 0: RFC 5681 §3.1 by MSS

  // --- keep-alive (§3.8.4) ---
  Duration keepalive_idle = std::chrono::hours(2);
  Duration keepalive_interval = std::chrono::seconds(75);
  unsigned keepalive_probes = 9;
  bool keepalive_octet = false;  // MAY-6: they carry a garbage octet

  bool operator==(const Profile&) const = default;
};

}  // namespace synfin
