// Who watches a program being played: the judge. It follows every event as it happens, because a
// program's symbolic numbers are resolved from the judge's shadow.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "engine/time.h"
#include "harness/play/trace.h"
#include "harness/script/flat.h"
#include "harness/wire/codec.h"

namespace synfin::play {

class Observer {
 public:
  virtual ~Observer() = default;

  // Called once, before anything happens. All three outlive the play.
  virtual void begin(const script::FlatProgram& program, std::span<const wire::FourTuple> tuples,
                     const Trace& trace) = 0;
  // Called after each event has been appended to the trace, in the order of the trace. `packet`:
  // what a kInjected or kSent event carries, decoded; null where that is no TCP, and of other
  // events.
  virtual void on_event(const Event& event, const wire::Decoded* packet) = 0;
  // The present value of a name for a connection; nullopt while it has none (no ISS before the
  // stack's SYN). kSndWnd, kSndMaxWnd and kRcvWnd are octets, the others absolute numbers.
  virtual std::optional<uint32_t> value(uint16_t connection, script::Base name) const = 0;
  // How far the peer's window field is shifted (RFC 7323 §2.3): the scale that the peer, played by
  // the harness, announced; 0 unless both SYNs carried the option.
  virtual uint8_t peer_window_shift(uint16_t connection) const = 0;
  // How far the stack's own window field is shifted.
  virtual uint8_t stack_window_shift(uint16_t connection) const = 0;
  // The stack's retransmission timer (RFC 6298): how long it runs by the stack's profile, the round
  // trips that were seen and backing off, and when it was last started.
  struct Timer {
    Time started{};
    Duration timeout{0};
  };
  virtual Timer retransmission_timer(uint16_t connection) const = 0;
  // True when the last kSent event only repeats octets (SYN and FIN included) that the stack had
  // sent before, and the rules allow that repetition now.
  virtual bool last_was_allowed_repetition() const = 0;
  // True when the last kSent event is a segment that the rules allow, asked for or not.
  virtual bool last_was_allowed() const = 0;
};

}  // namespace synfin::play
