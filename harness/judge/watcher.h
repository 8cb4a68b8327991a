// Those who look on while programs are judged: what a program met with guides fuzzers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "harness/judge/judge.h"
#include "harness/play/observer.h"

namespace synfin::judge {

// Sees each event before the judge does.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void on_begin(const script::FlatProgram& program) = 0;
  // `packet`: as an observer is told (play/observer.h).
  virtual void on_event(const Judge& judge, const play::Event& event,
                        const wire::Decoded* packet) = 0;
};

// Passes all on to a judge, and answers as it does.
class Relay : public play::Observer {
 public:
  explicit Relay(Judge& judge) : judge_(judge) {}

  void begin(const script::FlatProgram& program, std::span<const wire::FourTuple> tuples,
             const play::Trace& trace) override {
    judge_.begin(program, tuples, trace);
  }
  void on_event(const play::Event& event, const wire::Decoded* packet) override {
    judge_.on_event(event, packet);
  }
  std::optional<uint32_t> value(uint16_t connection, script::Base name) const override {
    return judge_.value(connection, name);
  }
  uint8_t peer_window_shift(uint16_t connection) const override {
    return judge_.peer_window_shift(connection);
  }
  uint8_t stack_window_shift(uint16_t connection) const override {
    return judge_.stack_window_shift(connection);
  }
  Timer retransmission_timer(uint16_t connection) const override {
    return judge_.retransmission_timer(connection);
  }
  bool last_was_allowed_repetition() const override { return judge_.last_was_allowed_repetition(); }
  bool last_was_allowed() const override { return judge_.last_was_allowed(); }

 protected:
  Judge& judge_;
};

// The judge behind a watcher.
class Watched final : public Relay {
 public:
  Watched(Judge& judge, Watcher& watcher) : Relay(judge), watcher_(watcher) {}

  void begin(const script::FlatProgram& program, std::span<const wire::FourTuple> tuples,
             const play::Trace& trace) override {
    watcher_.on_begin(program);
    Relay::begin(program, tuples, trace);
  }
  void on_event(const play::Event& event, const wire::Decoded* packet) override {
    watcher_.on_event(judge_, event, packet);
    Relay::on_event(event, packet);
  }

 private:
  Watcher& watcher_;
};

// What a program met with: each time something was injected, the state that it met, its flags,
// where its SEQ lay to the receive window, and the flags of what came at once.
class Meetings : public Watcher {
 public:
  void on_begin(const script::FlatProgram& program) override;
  void on_event(const Judge& judge, const play::Event& event, const wire::Decoded* packet) override;
  // To be called once the program has been played.
  void end();

 protected:
  // A number for such a meeting, the same in every process.
  virtual void met(uint32_t meeting) = 0;

 private:
  void answered(uint8_t flags);

  std::optional<uint32_t> open_;  // state, flags and class of SEQ of what waits for its answer
};

}  // namespace synfin::judge
