// The reference TCP: the rules of RFC 9293 with a policy made from a profile. Sans-I/O: segments,
// calls and the time go in, segments and signals come out. The same inputs give the same outputs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

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
  // Enters LISTEN for one connection. `iss` is used once a SYN arrives.
  CallStatus open_passive(Time now, Seq iss);
  CallStatus open_active(Time now, Seq iss);
  // Queues as much of `octets` as there is room for and sets `taken`.
  CallStatus send(Time now, std::span<const uint8_t> octets, std::size_t& taken,
                  bool urgent = false);
  // Moves received octets out and sets `got`. kOk with got == 0: nothing there yet.
  // kConnectionClosing: the peer's FIN stands next.
  CallStatus receive(Time now, std::span<uint8_t> out, std::size_t& got);
  CallStatus close(Time now, CloseKind kind);
  CallStatus abort(Time now);
  State state() const { return rules_.state(); }

  void set_nagle(bool on) { nagle_ = on; }
  void set_keepalive(Time now, bool on, Duration idle, Duration interval, unsigned probes);
  void set_user_timeout(Time now, Duration timeout) { rules_.set_user_timeout(now, timeout); }
  void set_delayed_ack(bool on) { delayed_ack_ = on; }

  // --- the network and the clock -------------------------------------------------------------------
  void on_segment(Time now, const Segment& segment, Admission admission = {});
  void on_time(Time now);
  // Fills `out` with the next segment to send; its text is valid until the next call of any method.
  bool poll_transmit(Time now, Segment& out);
  std::optional<Signal> poll_signal() { return rules_.poll_signal(); }
  // When on_time() wants to be called next; kNever when nothing is pending.
  Time next_deadline() const;

  const Rules& rules() const { return rules_; }

 private:
  // (the policy: see reference.cc)
  Rules rules_;
};

}  // namespace synfin
