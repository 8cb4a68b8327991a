// The steps that do something to the stack.
#include <fmt/format.h>

#include <algorithm>

#include "harness/play/build.h"
#include "harness/play/describe.h"
#include "harness/play/run.h"
#include "harness/wire/codec.h"

namespace synfin::play {

using script::StepKind;

void Run::perform(const script::Step& what, Time now, Time due) {
  phase_ = Phase::kSettle;
  switch (what.kind) {
    case StepKind::kInject:
      inject_segment(what);
      break;
    case StepKind::kIcmp:
      inject_icmp(what);
      break;
    case StepKind::kCall:
      call(what);
      break;
    case StepKind::kShell:
      shell(what, now);
      break;
    case StepKind::kWait:
      last_time_ = due;
      finish_step(now);
      break;
    case StepKind::kCode:
      last_time_ = std::max(last_time_, due);
      code(what, now);
      break;
    case StepKind::kExpect:
      break;  // played elsewhere
  }
  if (!preparing_ && !shared_.traits.virtual_time) note_slip(what, last_time_ - due);
}

// A stimulus that came later than meant, by itself or together with those before it, since the
// stack did last what was expected. Half of what an expected segment is allowed: a round trip that
// was made longer makes the timers that are measured by it longer.
void Run::note_slip(const script::Step& what, Duration slip) {
  if (slip <= Duration{0}) return;
  slipped_ += slip;
  slipped_in_row_ += slip;
  if (slipped_in_row_ <= tolerance(what.when.start) / 2) return;
  result_.late = fmt::format("line {} was played {} s late", what.line, describe(slipped_in_row_));
}

void Run::inject_segment(const script::Step& what) {
  const auto& spec = segment(what.index);
  wire::Packet packet;
  if (auto built = build(spec, names(what.connection), shared_.text, packet); !built) {
    break_off(fmt::format("line {}: {}", what.line, built.error().message));
    return;
  }
  const auto size = wire::encode(packet, shared_.packet);
  if (!size) {
    break_off(fmt::format("line {}: {}", what.line, size.error().message));
    return;
  }
  Connection& connection = connections_[what.connection];
  const uint32_t written = spec.seq.symbolic() ? 0 : static_cast<uint32_t>(spec.seq.offset);
  if (!spec.strays()) connection.injected(packet.segment, written);
  // encode() has just made its checksums.
  const bool sound = packet.malformation == wire::Malformation{};
  inject_packet(what, std::span(shared_.packet).first(*size), sound);
}

void Run::inject_icmp(const script::Step& what) {
  const auto size = build_icmp(program_->icmps[what.index], names(what.connection), shared_.packet);
  if (!size) {
    break_off(fmt::format("line {}: {}", what.line, size.error().message));
    return;
  }
  inject_packet(what, std::span(shared_.packet).first(*size));
}

void Run::inject_packet(const script::Step& what, std::span<const uint8_t> octets, bool sound) {
  const auto at = shared_.stack.inject(id_, octets);
  if (!at) {
    break_off(fmt::format("line {}: {}", what.line, at.error().message));
    return;
  }
  stimulus(*at);
  append(EventKind::kInjected, *at, what.connection, octets);
  if (job_.observer == nullptr) return;
  const auto decoded = sound ? wire::decode_unverified(octets) : wire::decode(octets);
  notify(decoded ? &*decoded : nullptr);
}

void Run::call(const script::Step& what) {
  const Time at = shared_.stack.now();
  stimulus(at);
  Event& event = append(EventKind::kCallStart, at, what.connection);
  event.call = what.index;
  notify();
  Pending& pending = pending_.emplace_back();
  pending.step = step_;
  pending.started = at;
  if (what.when.returns) pending.returns = *what.when.returns - what.when.start;
  const script::CallSpec& call = program_->calls[what.index];
  if (program_->place.own && call.name == script::CallName::kSocket) retire(what.connection);
  pending.ticket = shared_.stack.start(id_, what.connection, call);
  if (program_->place.own && call.name == script::CallName::kListen) renew(what.connection);
}

// In its own place a case may open one connection after the other, each with a socket of its own.
void Run::retire(uint16_t connection) {
  connections_[connection].retired = connections_[connection].known_iss().has_value();
  if (!connections_[connection].retired) return;
  const auto of_it = [&](const Arrived& arrived) { return arrived.connection == connection; };
  std::erase_if(unclaimed_, of_it);
}

void Run::renew(uint16_t connection) {
  const wire::FourTuple tuple = shared_.stack.address(id_, connection);
  Connection& own = connections_[connection];
  if (tuple == own.tuple) return;
  own.reset(tuple, own.peer_isn());
  result_.tuples[connection] = tuple;
}

bool Run::concerns_a_step(const wire::Decoded& packet, uint16_t connection) const {
  if (!program_->place.own) return true;
  const Connection& own = connections_[connection];
  return !own.retired && packet.source == own.tuple.local && packet.destination == own.tuple.remote;
}

}  // namespace synfin::play
