#include "harness/judge/watcher.h"

#include "harness/wire/codec.h"

namespace synfin::judge {
namespace {

constexpr uint8_t kSilence = 0xff;  // no segment has all flags
constexpr uint8_t kFlagMask = 0x3f;

// Where SEQ lies to the receive window: on an edge, beside one, inside or outside.
uint32_t class_of(Seq seq, Seq nxt, uint32_t window) {
  const uint32_t ahead = Seq::distance(nxt, seq);
  if (ahead == 0) return 0;
  if (ahead == 1) return 1;
  if (ahead == UINT32_MAX) return 2;
  if (ahead == window) return 3;
  if (ahead + 1 == window) return 4;
  if (ahead == window + 1) return 5;
  if (ahead < window) return 6;
  return ahead < (1U << 31U) ? 7 : 8;
}

}  // namespace

void Meetings::on_begin(const script::FlatProgram&) { open_.reset(); }

void Meetings::on_event(const Judge& judge, const play::Event& event, const wire::Decoded* packet) {
  const bool sent = event.kind == play::EventKind::kSent;
  if (!sent && open_ && event.kind != play::EventKind::kState) answered(kSilence);
  if (!sent && event.kind != play::EventKind::kInjected) return;
  if (sent && !open_) return;
  if (packet == nullptr) return;
  const uint8_t flags = packet->segment.flags.bits & kFlagMask;
  if (sent) return answered(flags);
  const Rules& rules = judge.rules(event.connection);
  const uint32_t seq = class_of(packet->segment.seq, rules.tcb().rcv.nxt, rules.tcb().rcv.wnd());
  open_ = (static_cast<uint32_t>(rules.state()) << 10U | seq << 6U) + flags;
}

void Meetings::answered(uint8_t flags) {
  met((*open_ << 8U) + flags);
  open_.reset();
}

void Meetings::end() {
  if (open_) answered(kSilence);
}

}  // namespace synfin::judge
