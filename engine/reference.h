// The reference TCP: the rules of RFC 9293 with a policy made from a profile. Sans-I/O: segments,
// calls and the time go in, segments and signals come out. The same inputs give the same outputs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/clause.h"
#include "engine/congestion.h"
#include "engine/profile.h"
#include "engine/rules.h"
#include "engine/segment.h"
#include "engine/state.h"
#include "engine/time.h"

namespace synfin {

// One connection that runs by itself.
//
// After every call of any kind, the owner sends what poll_transmit() gives until it gives nothing,
// takes what poll_signal() gives, and comes back with on_time() at next_deadline().
class Reference {
 public:
  // `profile` and `coverage` (which may be null) must outlive the connection.
  explicit Reference(const Profile& profile, ClauseSet* coverage = nullptr);

  // --- user calls (RFC 9293 §3.9.1, §3.10.1 to §3.10.6) ----------------------------------------
  // Enters LISTEN for one connection. Where the remote socket is specified a SEND opens actively.
  //
  // `iss` is the ISS of a connection that begins now. A later one adds the time since on a clock of
  // 4 µs (MUST-8), and lies above what an earlier incarnation used. So the owner gives the part of
  // RFC 6528 §3 that comes from the sockets and a secret; the same calls and segments at the same
  // times give the same numbers.
  CallStatus open_passive(Time now, Seq iss, Remote remote = Remote::kUnspecified);
  CallStatus open_active(Time now, Seq iss);
  // Queues as much of `octets` as there is room for and sets `taken`.
  CallStatus send(Time now, std::span<const uint8_t> octets, std::size_t& taken,
                  SendFlags flags = {});
  // Moves received octets out and sets `got`. kOk with got == 0: nothing there yet.
  // kConnectionClosing: the peer's FIN stands next.
  CallStatus receive(Time now, std::span<uint8_t> out, std::size_t& got);
  CallStatus close(Time now, CloseKind kind);
  CallStatus abort(Time now);
  State state() const { return rules_.state(); }

  void set_nagle(bool on) {
    rules_.set_nagle(on);
    nothing_at_ = Time::min();
  }
  void set_keepalive(Time now, bool on, Duration idle, Duration interval, unsigned probes);
  void set_user_timeout(Time now, Duration timeout) { rules_.set_user_timeout(now, timeout); }
  void set_delayed_ack(bool on) { delayed_ack_ = on; }
  // What is added to the timestamp clock (RFC 7323 §5.4); before the connection is opened.
  void set_timestamp_offset(uint32_t offset) { timestamp_offset_ = offset; }

  // --- the network and the clock ---
  void on_segment(Time now, const Segment& segment, Admission admission = {});
  void on_icmp(Time now, IcmpError error, Seq quoted);
  void on_time(Time now);
  // Fills `out` with the next segment to send; its text is valid until the next call of any method.
  bool poll_transmit(Time now, Segment& out);
  std::optional<Signal> poll_signal() { return rules_.poll_signal(); }
  // When on_time() wants to be called next; kNever when nothing is pending.
  Time next_deadline() const;

  const Rules& rules() const { return rules_; }

  const Congestion& congestion() const { return congestion_; }
  // The Diffserv field of the segment that came last (MAY-9): six bits.
  uint8_t received_diffserv() const { return diffserv_; }

 private:
  // Each fills `out` with a segment that is to go now, or returns false.
  bool transmit_reset(Segment& out);
  bool transmit_syn(Segment& out);
  bool transmit_again(Segment& out);
  bool transmit_text(Segment& out);
  bool transmit_probe(Segment& out);
  bool transmit_keepalive(Segment& out);
  bool transmit_ack(Segment& out);

  void fill_header(Segment& out);
  void fill_text(Segment& out, Seq seq, uint32_t length);
  // `most`: what one segment can hold.
  bool worth_sending(uint32_t length, uint32_t most, uint32_t room) const;
  uint32_t window_edge_gain() const;
  uint32_t most_text() const;
  uint32_t flight() const;
  uint32_t timestamp() const;
  void emit(Time now, const Segment& out);
  void control_congestion(Seq una, unsigned duplicates, bool handshake, bool marked);
  void advance_iss(Time now);
  void after_event(Time now);
  void schedule_ack(Time now);
  void on_retransmission_timeout(Time now);
  void on_keepalive_timeout(Time now);
  Time retransmission_at() const;
  Duration keepalive_idle() const;
  unsigned retransmission_limit() const;
  bool persisting() const;
  bool may_send() const;
  void hit(Clause clause) const { rules_.hit(clause); }

  Rules rules_;
  const Profile* profile_;
  Congestion congestion_;
  std::vector<uint8_t> scratch_;  // text that lies in two pieces in the send buffer
  Seq iss_;                       // of this connection or the next
  Seq resend_;                    // after a timeout: the next octet to send again
  Time iss_at_{};                 // when it was chosen
  Time now_{};
  Time nothing_at_ = Time::min();  // nothing was to be sent then, and nothing has happened since
  Time ack_at_ = kNever;           // delayed ACK
  Time persist_at_ = kNever;       // zero-window probe
  Time last_text_at_{};            // RFC 5681 §4.1: restart after idle
  Time override_at_ = kNever;      // sender's silly-window override
  Time keepalive_at_ = kNever;
  Time fin_wait_2_at_ = kNever;
  Duration keepalive_interval_;
  unsigned keepalive_limit_;
  unsigned keepalive_unanswered_ = 0;
  uint32_t timestamp_offset_ = 0;
  uint8_t persist_backoff_ = 0;
  uint8_t diffserv_ = 0;  // of the segment that came last
  bool keepalive_ = false;
  bool keepalive_now_ = false;
  bool delayed_ack_ = true;
  bool deaf_ = false;
  bool resending_ = false;     // a timeout happened: everything unacknowledged goes again
  bool resend_front_ = false;  // fast retransmit, or a partial ACK in fast recovery
  bool probe_now_ = false;
  bool syn_lost_ = false;
  bool user_read_ = false;   // the user made room: the window may be worth an update
  bool overridden_ = false;  // the override timeout has passed
};

}  // namespace synfin
