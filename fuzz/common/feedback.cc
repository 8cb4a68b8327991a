#include "fuzz/common/feedback.h"

#include <array>
#include <cstddef>

#include "harness/judge/judge.h"
#include "harness/wire/codec.h"

namespace synfin::fuzz {
namespace {

constexpr std::size_t kTuples = 1U << 13U;
constexpr uint8_t kSilence = 0xff;  // no segment has all flags
constexpr uint8_t kFlagMask = 0x3f;

// libFuzzer finds its extra counters by the section they lie in, and clears them for each input.
#if defined(__clang__)
[[gnu::section("__libfuzzer_extra_counters"), gnu::used]]
#endif
std::array<uint8_t, kClauseCount + kTuples>
    g_counters{};

// Where SEQ lies to the receive window: on an edge, beside one, inside or outside.
uint32_t class_of(Seq seq, Seq nxt, uint32_t window) {
  const uint32_t ahead = seq.value() - nxt.value();
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

void Feedback::on_begin(const script::FlatProgram&) {
  clauses_.reset();
  met_.reset();
}

void Feedback::on_event(const judge::Judge& judge, const play::Trace& trace,
                        const play::Event& event) {
  const bool sent = event.kind == play::EventKind::kSent;
  if (!sent && met_ && event.kind != play::EventKind::kState) answered(kSilence);
  if (!sent && event.kind != play::EventKind::kInjected) return;
  if (sent && !met_) return;
  const auto packet = wire::decode(trace.data(event));
  if (!packet) return;
  const uint8_t flags = packet->segment.flags.bits & kFlagMask;
  if (sent) return answered(flags);
  const Rules& rules = judge.rules(event.connection);
  const uint32_t seq = class_of(packet->segment.seq, rules.tcb().rcv.nxt, rules.tcb().rcv.wnd());
  met_ = (static_cast<uint32_t>(rules.state()) << 10U | seq << 6U) + flags;
}

void Feedback::answered(uint8_t flags) {
  // Knuth's multiplicative hash.
  const uint32_t hash = ((*met_ << 8U) + flags) * 2654435761U;
  g_counters[kClauseCount + (hash >> 19U)] = 1;
  met_.reset();
}

void Feedback::end() {
  if (met_) answered(kSilence);
  for (std::size_t i = 0; i < kClauseCount; ++i) {
    if (clauses_.test(i)) g_counters[i] = 1;
  }
}

}  // namespace synfin::fuzz
