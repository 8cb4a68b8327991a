#include "harness/atlas/replay.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/atlas/probe.h"
#include "harness/atlas/set_ups.h"
#include "harness/script/parser.h"
#include "harness/stack/case_address.h"
#include "harness/stack/pattern.h"
#include "harness/wire/codec.h"
#include "harness/wire/packet.h"

namespace synfin::atlas {
namespace {

using play::Event;
using play::EventKind;

constexpr Seq kIss{0x2000'0000};
constexpr Seq kIrs{0x5000'0000};
constexpr Seq kNewIss{0x8000'0000};
constexpr uint16_t kLocalPort = 8080;
constexpr Time kStart{std::chrono::seconds(1)};

bool is_read(const script::CallSpec& call) {
  return call.name == script::CallName::kRead || call.name == script::CallName::kRecv;
}

}  // namespace

Result<Replayer> Replayer::make(const Atlas& atlas, const SetUp& set_up) {
  const auto parsed = script::parse(set_up.program, set_up.id);
  if (!parsed) return fail(script::to_string("set-up " + set_up.id, parsed.error()));
  // What was asked at the end follows from what the file says; of a set-up that this version does
  // not know it is nothing.
  const SetUpInfo* known = find_set_up(set_up.id);
  SetUpInfo info;
  if (known != nullptr) info = *known;
  auto program = cell_program(*parsed, info, atlas.quiet_time);
  if (!program) return tl::make_unexpected(program.error());
  for (const Happening& happening : set_up.events) {
    const bool calls = happening.kind == Happening::Kind::kCallStart ||
                       happening.kind == Happening::Kind::kCallReturn;
    const bool fits =
        happening.step < program->cell_step &&
        (!calls || program->flat.steps[happening.step].kind == script::StepKind::kCall);
    if (!fits) return fail(fmt::format("set-up {}: its events are not its program's", set_up.id));
  }
  return Replayer(atlas, set_up, std::move(*program));
}

Replayer::Replayer(const Atlas& atlas, const SetUp& set_up, CellProgram program)
    : set_up_(&set_up),
      quiet_time_(atlas.quiet_time),
      program_(std::move(program)),
      tuples_{stack::case_tuple(1, atlas.ipv6, kLocalPort, 0)},
      octets_(wire::kMaxPacket) {}

Seq Replayer::absolute(const Number& number) const {
  const Variables& variables = set_up_->variables;
  const auto offset = static_cast<uint32_t>(number.offset);
  switch (number.base) {
    case Base::kZero:
      return Seq(offset);
    case Base::kIss:
      return kIss + offset;
    case Base::kSndUna:
      return kIss + variables.snd_una + offset;
    case Base::kSndNxt:
      return kIss + variables.snd_nxt + offset;
    case Base::kIrs:
      return kIrs + offset;
    case Base::kRcvNxt:
      return kIrs + variables.rcv_nxt + offset;
    case Base::kSegSeq:
      return seg_seq_ + offset;
    case Base::kSegEnd:
      return seg_end_ + offset;
    case Base::kSegAck:
      return seg_ack_ + offset;
    case Base::kNewIss:
      return kNewIss + offset;
  }
  return Seq(offset);
}

Event& Replayer::append(EventKind kind, uint32_t step) {
  Event& event = trace_.events.emplace_back();
  event.kind = kind;
  event.at = now_;
  event.step = step;
  event.offset = static_cast<uint32_t>(trace_.octets.size());
  if (program_.flat.steps[step].kind == script::StepKind::kCall) {
    event.call = program_.flat.steps[step].index;
  }
  return event;
}

void Replayer::notify(play::Observer& observer, const wire::Decoded* packet) {
  observer.on_event(trace_.events.back(), packet);
}

Result<void> Replayer::packet(EventKind kind, uint32_t step, const Wire& wire,
                              play::Observer& observer) {
  const bool sent = kind == EventKind::kSent;
  const wire::FourTuple& tuple = tuples_.front();
  wire::Packet packet;
  packet.source = sent ? tuple.local : tuple.remote;
  packet.destination = sent ? tuple.remote : tuple.local;
  packet.segment.flags = wire.flags;
  packet.segment.seq = absolute(wire.seq);
  if (wire.flags.ack()) packet.segment.ack = absolute(wire.ack);
  packet.segment.wnd = wire.window;
  packet.segment.up = wire.urgent;
  Seq isn = sent ? kIss : kIrs;
  if (sent && wire.seq.base == Base::kNewIss) isn = kNewIss;
  text_.assign(wire.text.begin(), wire.text.end());
  if (text_.empty()) {
    text_.resize(wire.length);
    stack::fill_pattern(packet.segment.text_seq().value() - isn.value() - 1, text_);
  }
  packet.segment.text = text_;
  options_.assign(wire.options.begin(), wire.options.end());
  if (sent) move_sack(options_, kIrs.value());
  (void)packet.options.append(options_);
  packet.malformation.reserved = wire.reserved;
  if (wire.bad_checksum) packet.malformation.checksum = wire::Malformation::Checksum::kBad;
  const auto size = wire::encode(packet, octets_);
  if (!size) return tl::make_unexpected(size.error());
  Event& event = append(kind, step);
  event.size = static_cast<uint32_t>(*size);
  trace_.octets.insert(trace_.octets.end(), octets_.begin(),
                       octets_.begin() + static_cast<std::ptrdiff_t>(*size));
  const auto decoded = wire::decode(std::span(octets_).first(*size));
  notify(observer, decoded ? &*decoded : nullptr);
  return {};
}

void Replayer::returned(uint32_t step, const Api::Outcome& outcome, bool other_text,
                        play::Observer& observer) {
  Event& event = append(EventKind::kCallReturn, step);
  event.value = outcome.value;
  event.error = outcome.error;
  if (is_read(program_.flat.calls[event.call]) && outcome.value > 0) {
    const auto size = static_cast<uint32_t>(std::min<int64_t>(outcome.value, UINT16_MAX));
    event.size = size;
    trace_.octets.resize(trace_.octets.size() + size);
    const auto read = std::span(trace_.octets).last(size);
    if (!other_text) stack::fill_pattern(read_, read);
    read_ += size;
  }
  notify(observer);
}

Result<void> Replayer::replay_set_up(play::Observer& observer) {
  for (const Happening& happening : set_up_->events) {
    switch (happening.kind) {
      case Happening::Kind::kInjected:
      case Happening::Kind::kSent: {
        const auto kind =
            happening.kind == Happening::Kind::kSent ? EventKind::kSent : EventKind::kInjected;
        if (auto told = packet(kind, happening.step, happening.wire, observer); !told) return told;
        break;
      }
      case Happening::Kind::kCallStart:
        append(EventKind::kCallStart, happening.step);
        notify(observer);
        break;
      case Happening::Kind::kCallReturn:
        returned(happening.step, {happening.value, happening.error}, false, observer);
        break;
      case Happening::Kind::kState:
        append(EventKind::kState, happening.step).state = happening.state;
        notify(observer);
        break;
    }
  }
  return {};
}

Result<void> Replayer::inject(const Cell& cell, const Shift& further, play::Observer& observer) {
  Stimulus stimulus = stimulus_of(cell, set_up_->variables);
  stimulus.seq += static_cast<uint32_t>(further.seq);
  stimulus.ack += static_cast<uint32_t>(further.ack);
  program_.flat.segments[program_.flat.steps[program_.cell_step].index] = segment_of(stimulus);
  seg_seq_ = kIrs + stimulus.seq;
  seg_end_ = kIrs + stimulus.end();
  seg_ack_ = (set_up_->variables.iss_known ? kIss : Seq(0)) + stimulus.ack;
  Wire segment;
  segment.flags = stimulus.flags;
  segment.seq = {Base::kSegSeq, 0};
  segment.ack = {Base::kSegAck, 0};
  segment.window = stimulus.window;
  segment.urgent = stimulus.urgent;
  segment.length = stimulus.length;
  segment.options = option_octets(stimulus.options);
  return packet(EventKind::kInjected, program_.cell_step, segment, observer);
}

void Replayer::ask(const Behaviour& behaviour, play::Observer& observer) {
  const auto call = [&](uint32_t step, const Api::Outcome& outcome) {
    append(EventKind::kCallStart, step);
    notify(observer);
    returned(step, outcome, behaviour.api.other_text, observer);
  };
  if (behaviour.api.accept && program_.accept_step) {
    Api::Outcome outcome = *behaviour.api.accept;
    if (outcome.value >= 0) outcome.value = kConnectionFd;
    call(*program_.accept_step, outcome);
  }
  if (behaviour.api.read && program_.read_step) call(*program_.read_step, *behaviour.api.read);
}

Result<void> Replayer::play(const Cell& cell, const Behaviour& behaviour, play::Observer& observer,
                            const Shift& further) {
  trace_.clear();
  now_ = kStart;
  read_ = 0;
  observer.begin(program_.flat, tuples_, trace_);
  if (auto told = replay_set_up(observer); !told) return told;
  if (auto told = inject(cell, further, observer); !told) return told;
  const uint32_t wait_step = program_.cell_step + 1;
  for (const Wire& answer : behaviour.answers) {
    if (auto told = packet(EventKind::kSent, wait_step, answer, observer); !told) return told;
  }
  if (!behaviour.broken.empty()) return {};
  now_ += quiet_time_;
  append(EventKind::kQuiet, wait_step);
  notify(observer);
  append(EventKind::kState, wait_step).state = behaviour.state;
  notify(observer);
  ask(behaviour, observer);
  return {};
}

}  // namespace synfin::atlas
