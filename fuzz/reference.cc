// A program -> the reference: what has to hold of it (engine/invariants.h) holds after every event,
// and no RST answers a RST. That it only makes legal moves it asserts itself.
#include "harness/stack/reference.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/invariants.h"
#include "fuzz/common/feedback.h"
#include "fuzz/common/program_input.h"
#include "harness/judge/trial.h"
#include "harness/wire/codec.h"

namespace synfin::fuzz {
namespace {

class Target : public Feedback {
 public:
  void play(const proto::Program& program) {
    program_ = &program;
    (void)trial_.run(program);
    end();
  }

  void on_event(const judge::Judge& judge, const play::Trace& trace,
                const play::Event& event) override {
    Feedback::on_event(judge, trace, event);
    if (event.kind == play::EventKind::kCallStart) reset_ = false;
    if (event.kind != play::EventKind::kInjected && event.kind != play::EventKind::kSent) return;
    const auto packet = wire::decode(trace.data(event));
    const bool resets = packet && packet->segment.flags.rst();
    // What is sent later is sent by a timer.
    if (event.kind == play::EventKind::kSent && resets && reset_ && event.at == reset_at_) {
      give_up("a RST answers a RST (RFC 9293 §3.5.2)", *program_);
    }
    if (event.kind == play::EventKind::kInjected) reset_ = resets;
    reset_at_ = event.at;
  }

 private:
  void look_at(Time now, const Reference& tcp) {
    const std::string_view what = broken_invariant(tcp, now);
    if (!what.empty()) give_up(what, *program_);
  }

  judge::Trial trial_{[this] {
                        return stack::make_reference_stack(
                            {.profile = {}, .watch = [this](Time now, const Reference& tcp) {
                               look_at(now, tcp);
                             }});
                      },
                      Profile{},
                      {},
                      this,
                      clauses()};
  const proto::Program* program_ = nullptr;
  bool reset_ = false;  // the last stimulus was a RST
  Time reset_at_{};
};

}  // namespace
}  // namespace synfin::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static synfin::fuzz::Target target;
  const synfin::proto::Program* program = synfin::fuzz::read_program(data, size);
  if (program != nullptr) target.play(*program);
  return 0;
}
