// A program -> the reference: what has to hold of it (engine/invariants.h) holds after every event,
// and no RST answers a RST. That it only makes legal moves it asserts itself.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/invariants.h"
#include "fuzz/common/watched_reference.h"

namespace synfin::fuzz {
namespace {

class Target final : public WatchedReference {
 private:
  void see(const judge::Judge&, const play::Event& event, const wire::Decoded* packet) override {
    if (event.kind == play::EventKind::kCallStart) reset_ = false;
    if (event.kind != play::EventKind::kInjected && event.kind != play::EventKind::kSent) return;
    const bool resets = packet != nullptr && packet->segment.flags.rst();
    // What is sent later is sent by a timer.
    if (event.kind == play::EventKind::kSent && resets && reset_ && event.at == reset_at_) {
      fail("a RST answers a RST (RFC 9293 §3.5.2)");
    }
    if (event.kind == play::EventKind::kInjected) reset_ = resets;
    reset_at_ = event.at;
  }

  void look_at(Time now, const Reference& tcp) override {
    const std::string_view what = broken_invariant(tcp, now);
    if (!what.empty()) fail(what);
  }

  bool reset_ = false;  // the last stimulus was a RST
  Time reset_at_{};
};

}  // namespace
}  // namespace synfin::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static synfin::fuzz::Target target;
  return target.play(data, size);
}
