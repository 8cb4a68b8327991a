// Stands in for the judge.
#pragma once

#include <map>

#include "harness/play/observer.h"
#include "harness/wire/codec.h"

namespace synfin::testing {

// Knows what a test tells it, and what a packet brings.
class FakeObserver : public play::Observer {
 public:
  void begin(const script::FlatProgram&, std::span<const wire::FourTuple>,
             const play::Trace&) override {}
  void on_event(const play::Event& event, const wire::Decoded* packet) override {
    ++events;
    if (event.kind == play::EventKind::kSent) {
      if (packet->segment.flags.syn()) values[script::Base::kIss] = packet->segment.seq.value();
      values[script::Base::kSndNxt] = packet->segment.end().value();
    }
  }
  std::optional<uint32_t> value(uint16_t, script::Base name) const override {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
  uint8_t peer_window_shift(uint16_t) const override { return 3; }
  uint8_t stack_window_shift(uint16_t) const override { return 2; }
  Timer retransmission_timer(uint16_t) const override { return timer; }
  bool last_was_allowed_repetition() const override { return repetition; }
  bool last_was_allowed() const override { return allowed; }

  std::map<script::Base, uint32_t> values;
  Timer timer;
  bool repetition = false;
  bool allowed = true;
  int events = 0;
};

}  // namespace synfin::testing
