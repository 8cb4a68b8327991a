// A program -> nothing, but for a planted fault: text in FIN-WAIT-2 is a crash. A fuzzer that does
// not find it within a minute finds nothing else either; a test sees to that.
#include <cstddef>
#include <cstdint>

#include "fuzz/common/watched_reference.h"

namespace synfin::fuzz {
namespace {

class Target final : public WatchedReference {
 private:
  void see(const judge::Judge& judge, const play::Event& event,
           const wire::Decoded* packet) override {
    if (event.kind != play::EventKind::kInjected) return;
    if (packet == nullptr || packet->segment.text.empty()) return;
    if (judge.rules(event.connection).state() == State::kFinWait2) {
      fail("the canary: text in FIN-WAIT-2");
    }
  }
};

}  // namespace
}  // namespace synfin::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static synfin::fuzz::Target target;
  return target.play(data, size);
}
