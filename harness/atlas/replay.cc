#include "harness/atlas/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "harness/atlas/probe.h"
#include "harness/atlas/set_ups.h"
#include "harness/script/parser.h"
#include "harness/stack/pattern.h"
#include "harness/wire/codec.h"

namespace synfin::atlas {
namespace {

using play::Event;
using play::EventKind;

// Far enough apart that no number of one side passes for one of the other.
constexpr uint32_t kIss = 0x1000'0000;
constexpr uint32_t kNewIss = 0x2000'0000;  // of an incarnation after it
constexpr uint32_t kIrs = 0x5000'0000;
constexpr Time kStart{std::chrono::seconds(1)};

EventKind kind_of(Happening::Kind kind) {
  switch (kind) {
    case Happening::Kind::kInjected:
      return EventKind::kInjected;
    case Happening::Kind::kSent:
      return EventKind::kSent;
    case Happening::Kind::kCallStart:
      return EventKind::kCallStart;
    case Happening::Kind::kCallReturn:
      return EventKind::kCallReturn;
    case Happening::Kind::kState:
      break;
  }
  return EventKind::kState;
}

std::vector<uint8_t> option_octets(OptionClass options) {
  wire::OptionOctets out;
  for (const script::OptionSpec& spec : options_of(options)) {
    if (spec.kind == script::OptionSpec::Kind::kTimestamps) {
      out.timestamps(spec.value, spec.echo);
    } else {
      out.raw(static_cast<uint8_t>(spec.value), spec.raw_length, spec.raw);
    }
  }
  return {out.octets().begin(), out.octets().end()};
}

Wire wire_of(const Stimulus& stimulus) {
  Wire wire;
  wire.flags = stimulus.flags;
  wire.seq = {Base::kSegSeq, 0};
  wire.ack = {Base::kSegAck, 0};
  wire.window = stimulus.window;
  wire.urgent = stimulus.urgent;
  wire.length = stimulus.length;
  wire.options = option_octets(stimulus.options);
  return wire;
}

}  // namespace

Result<Replay> Replay::of(const Atlas& atlas, const SetUp& set_up) {
  Replay replay;
  if (auto prepared = replay.prepare(atlas, set_up); !prepared) {
    return fail(fmt::format("{}: {}", set_up.id, prepared.error().message));
  }
  return replay;
}

Result<void> Replay::prepare(const Atlas& atlas, const SetUp& set_up) {
  const SetUpInfo* info = find_set_up(set_up.id);
  if (info == nullptr) return fail("there is no such set-up");
  const auto source = script::parse(set_up.program, set_up.id);
  if (!source) return fail(script::to_string("its program", source.error()));
  auto program = cell_program(*source, *info, atlas.quiet_time);
  if (!program) return tl::make_unexpected(program.error());
  program_ = std::move(*program);
  variables_ = set_up.variables;
  quiet_time_ = atlas.quiet_time;
  tuple_.local = {wire::Address::ipv4(192, 0, 2, 1), 8080};
  tuple_.remote = {wire::Address::ipv4(192, 0, 2, 2), 40000};
  if (atlas.ipv6) {
    tuple_.local.address = {.v6 = true, .octets = {0x20, 0x01, 0x0d, 0xb8, 1}};
    tuple_.remote.address = {.v6 = true, .octets = {0x20, 0x01, 0x0d, 0xb8, 2}};
  }
  packet_.resize(wire::kMaxPacket);
  for (const Happening& happening : set_up.events) {
    if (auto prepared = prepare(happening); !prepared) return prepared;
  }
  set_up_ = std::move(trace_);
  return {};
}

Result<void> Replay::prepare(const Happening& happening) {
  const auto& steps = program_.flat.steps;
  if (happening.step >= program_.cell_step) return fail("something happened after its last step");
  const bool call = happening.kind == Happening::Kind::kCallStart ||
                    happening.kind == Happening::Kind::kCallReturn;
  if (call && steps[happening.step].kind != script::StepKind::kCall) {
    return fail(fmt::format("step {} is no call", happening.step + 1));
  }
  if (happening.kind == Happening::Kind::kInjected || happening.kind == Happening::Kind::kSent) {
    return append_packet(happening.wire, happening.kind == Happening::Kind::kSent, happening.step);
  }
  append(kind_of(happening.kind), happening.step, Duration{0});
  Event& event = trace_.events.back();
  event.state = happening.state;
  if (!call) return {};
  event.call = steps[happening.step].index;
  event.value = happening.value;
  event.error = happening.error;
  const bool reads = program_.flat.calls[event.call].name == script::CallName::kRead;
  if (happening.kind != Happening::Kind::kCallReturn || !reads || happening.value <= 0) return {};
  const auto count = static_cast<uint32_t>(std::min<int64_t>(happening.value, wire::kMaxPacket));
  event.offset = static_cast<uint32_t>(trace_.octets.size());
  event.size = count;
  trace_.octets.resize(trace_.octets.size() + count);
  stack::fill_pattern(read_before_, std::span(trace_.octets).last(count));
  read_before_ += count;
  return {};
}

void Replay::append(EventKind kind, uint32_t step, Duration at) {
  Event event;
  event.kind = kind;
  event.step = step;
  event.at = kStart + at;
  trace_.events.push_back(event);
}

uint32_t Replay::absolute(const Number& number) const {
  const auto offset = static_cast<uint32_t>(number.offset);
  switch (number.base) {
    case Base::kZero:
      return offset;
    case Base::kIss:
      return kIss + offset;
    case Base::kSndUna:
      return kIss + variables_.snd_una + offset;
    case Base::kSndNxt:
      return kIss + variables_.snd_nxt + offset;
    case Base::kIrs:
      return kIrs + offset;
    case Base::kRcvNxt:
      return kIrs + variables_.rcv_nxt + offset;
    case Base::kSegSeq:
      return kIrs + stimulus_.seq + offset;
    case Base::kSegEnd:
      return kIrs + stimulus_.end() + offset;
    case Base::kSegAck:
      return kIss + stimulus_.ack + offset;
    case Base::kNewIss:
      return kNewIss + offset;
  }
  return offset;
}

Result<void> Replay::append_packet(const Wire& wire, bool sent, uint32_t step) {
  wire::Packet packet;
  packet.source = sent ? tuple_.local : tuple_.remote;
  packet.destination = sent ? tuple_.remote : tuple_.local;
  Segment& segment = packet.segment;
  segment.flags = wire.flags;
  segment.seq = Seq(absolute(wire.seq));
  if (wire.flags.ack()) segment.ack = Seq(absolute(wire.ack));
  segment.wnd = wire.window;
  segment.up = wire.urgent;
  text_ = wire.text;
  if (text_.empty()) {
    text_.resize(std::min<std::size_t>(wire.length, wire::kMaxPacket));
    const bool newly = wire.seq.base == Base::kNewIss;
    const uint32_t isn = sent ? (newly ? kNewIss : kIss) : kIrs;
    stack::fill_pattern(segment.text_seq().value() - isn - 1, text_);
  }
  segment.text = text_;
  if (!packet.options.append(wire.options)) return fail("more options than a header holds");
  packet.malformation.reserved = wire.reserved;
  if (wire.bad_checksum) packet.malformation.checksum = wire::Malformation::Checksum::kBad;
  const auto size = wire::encode(packet, packet_);
  if (!size) return tl::make_unexpected(size.error());
  append(sent ? EventKind::kSent : EventKind::kInjected, step, Duration{0});
  Event& event = trace_.events.back();
  event.offset = static_cast<uint32_t>(trace_.octets.size());
  event.size = static_cast<uint32_t>(*size);
  trace_.octets.insert(trace_.octets.end(), packet_.begin(),
                       packet_.begin() + static_cast<std::ptrdiff_t>(*size));
  return {};
}

// The octets that recv() gave: those of the peer, or others where it was so.
void Replay::append_read(const Behaviour& behaviour) {
  Event& event = trace_.events.back();
  event.value = behaviour.api.read->value;
  event.error = behaviour.api.read->error;
  if (event.value <= 0) return;
  event.size = static_cast<uint32_t>(std::min<int64_t>(event.value, wire::kMaxPacket));
  event.offset = static_cast<uint32_t>(trace_.octets.size());
  trace_.octets.resize(trace_.octets.size() + event.size);
  const auto read = std::span(trace_.octets).last(event.size);
  stack::fill_pattern(read_before_, read);
  if (behaviour.api.other_text) read.front() ^= 0xffU;
}

Result<void> Replay::tell(const Cell& cell, const Behaviour& behaviour, play::Observer& observer,
                          const std::function<void(const Moment&)>& after) {
  trace_.events.clear();
  trace_.octets = set_up_.octets;
  stimulus_ = stimulus_of(cell, variables_);
  program_.set(stimulus_);
  const auto told = [&](const Moment& moment) {
    observer.on_event(trace_.events.back());
    after(moment);
  };
  observer.begin(program_.flat, std::span(&tuple_, 1), trace_);
  for (const Event& event : set_up_.events) {
    trace_.events.push_back(event);
    told({Moment::Kind::kSetUp});
  }
  if (auto sent = append_packet(wire_of(stimulus_), false, program_.cell_step); !sent) return sent;
  told({Moment::Kind::kSegment});
  const uint32_t wait = program_.cell_step + 1;
  for (std::size_t i = 0; i < behaviour.answers.size(); ++i) {
    if (auto sent = append_packet(behaviour.answers[i], true, wait); !sent) return sent;
    told({Moment::Kind::kAnswer, i});
  }
  if (!behaviour.broken.empty()) return {};
  append(EventKind::kQuiet, wait, quiet_time_);
  told({Moment::Kind::kQuiet});
  append(EventKind::kState, wait, quiet_time_);
  trace_.events.back().state = behaviour.state;
  told({Moment::Kind::kState});
  const auto calls = [&](uint32_t step, const std::function<void()>& returns) {
    for (const EventKind kind : {EventKind::kCallStart, EventKind::kCallReturn}) {
      append(kind, step, quiet_time_);
      trace_.events.back().call = program_.flat.steps[step].index;
      if (kind == EventKind::kCallReturn) returns();
      told({Moment::Kind::kApi});
    }
  };
  if (behaviour.api.accept && program_.accept_step) {
    calls(*program_.accept_step, [&] {
      trace_.events.back().value = behaviour.api.accept->value < 0 ? -1 : kConnectionFd;
      trace_.events.back().error = behaviour.api.accept->error;
    });
  }
  if (behaviour.api.read && program_.read_step) {
    calls(*program_.read_step, [&] { append_read(behaviour); });
  }
  return {};
}

}  // namespace synfin::atlas
