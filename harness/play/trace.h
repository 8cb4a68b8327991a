// What happened when a program was played, as plain structs in buffers that are used again.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/state.h"
#include "engine/time.h"

namespace synfin::play {

enum class EventKind : uint8_t {
  kInjected,  // a packet was given to the stack
  kSent,      // the stack sent a packet
  kCallStart,
  kCallReturn,
  kState,  // the stack's own state, read from it
  kQuiet,  // the quiet time has passed since the last stimulus: what was due at once is late
};

// One happening. Octets live in Trace::octets so that a trace is two allocations, kept for reuse.
struct Event {
  EventKind kind = EventKind::kInjected;
  Time at{};
  uint32_t step = 0;  // index of the step it belongs to
  uint16_t connection = 0;
  uint32_t offset = 0;  // packets and data: position in Trace::octets
  uint32_t size = 0;
  uint32_t call = 0;  // index into FlatProgram::calls
  int64_t value = 0;  // a call's result
  int error = 0;      // its errno
  State state = State::kClosed;
  bool expected = false;  // kSent: the program's own expectation took this packet
};

struct Trace {
  std::vector<Event> events;
  std::vector<uint8_t> octets;

  std::span<const uint8_t> data(const Event& event) const {
    return std::span(octets).subspan(event.offset, event.size);
  }
  void clear() {
    events.clear();
    octets.clear();
  }
};

}  // namespace synfin::play
