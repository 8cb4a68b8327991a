// The reference, played to and looked at: what a target that takes programs has beside the thing
// that it looks for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "engine/time.h"
#include "fuzz/common/feedback.h"
#include "harness/judge/trial.h"

namespace synfin {
class Reference;
}

namespace synfin::fuzz {

class WatchedReference : public Feedback {
 public:
  // What LLVMFuzzerTestOneInput() returns.
  int play(const uint8_t* data, std::size_t size);
  void on_event(const judge::Judge& judge, const play::Event& event,
                const wire::Decoded* packet) final;

 protected:
  WatchedReference();
  // Tells what is wrong and the program, and ends the process as a crash.
  [[noreturn]] void fail(std::string_view what) const;

 private:
  // Each event, before the judge hears of it.
  virtual void see(const judge::Judge& judge, const play::Event& event,
                   const wire::Decoded* packet) = 0;
  // The engine, after each thing that it did.
  virtual void look_at(Time, const Reference&) {}

  judge::Trial trial_;
  const proto::Program* program_ = nullptr;
};

}  // namespace synfin::fuzz
