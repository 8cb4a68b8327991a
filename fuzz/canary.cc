// A program -> nothing, but for a planted fault: text in FIN-WAIT-2 is a crash. A fuzzer that does
// not find it within a minute finds nothing else either; a test sees to that.
#include <cstddef>
#include <cstdint>

#include "fuzz/common/feedback.h"
#include "fuzz/common/program_input.h"
#include "harness/judge/trial.h"
#include "harness/stack/reference.h"
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
    if (event.kind != play::EventKind::kInjected) return;
    const auto packet = wire::decode(trace.data(event));
    if (!packet || packet->segment.text.empty()) return;
    if (judge.rules(event.connection).state() == State::kFinWait2) {
      give_up("the canary: text in FIN-WAIT-2", *program_);
    }
  }

 private:
  judge::Trial trial_{
      [] { return stack::make_reference_stack({}); }, Profile{}, {}, this, clauses()};
  const proto::Program* program_ = nullptr;
};

}  // namespace
}  // namespace synfin::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static synfin::fuzz::Target target;
  const synfin::proto::Program* program = synfin::fuzz::read_program(data, size);
  if (program != nullptr) target.play(*program);
  return 0;
}
