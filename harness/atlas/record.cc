#include "harness/atlas/record.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/script/flat.h"
#include "harness/wire/bytes.h"
#include "harness/wire/options.h"

namespace synfin::atlas {
namespace {

using play::Event;
using play::EventKind;

int32_t offset(Seq from, Seq to) { return Seq::signed_distance(from, to); }

// A TSval of the stack is a time: it is no part of a behaviour.
void keep_options(const wire::Decoded& packet, bool sent, std::vector<uint8_t>& kept) {
  kept.assign(packet.option_octets.begin(), packet.option_octets.end());
  if (!sent) return;
  std::size_t at = 0;
  wire::for_each_option(packet.option_octets, [&](uint8_t kind, std::span<const uint8_t> octets) {
    constexpr std::size_t kTsval = 2;
    if (kind == wire::kOptionTimestamps && octets.size() == 10) {
      std::fill_n(kept.begin() + static_cast<std::ptrdiff_t>(at + kTsval), 4, uint8_t{0});
    }
    at += octets.size();
  });
}

bool is_pattern(std::span<const uint8_t> octets, uint32_t position) {
  for (const uint8_t octet : octets) {
    if (octet != script::pattern(position++)) return false;
  }
  return true;
}

// All but the numbers of the header. `position`: of the first octet of text among the sender's.
void keep_rest(const wire::Decoded& packet, bool sent, uint32_t position, Seq irs, Wire& wire) {
  const Segment& segment = packet.segment;
  wire.flags = segment.flags;
  wire.window = segment.wnd;
  wire.urgent = segment.flags.urg() ? segment.up : uint16_t{0};
  wire.length = static_cast<uint32_t>(segment.text.size());
  wire.reserved = packet.reserved;
  wire.bad_checksum = !packet.tcp_checksum_ok || !packet.ip_checksum_ok;
  keep_options(packet, sent, wire.options);
  if (sent) move_sack(wire.options, -irs.value());
  wire.text.clear();
  if (!is_pattern(segment.text, position)) {
    wire.text.assign(segment.text.begin(), segment.text.end());
  }
}

// The ISNs that the set-up's packets show.
struct Isns {
  std::optional<Seq> iss;
  std::optional<Seq> irs;
};

void keep_set_up(const wire::Decoded& packet, bool sent, Isns& isns, Wire& wire) {
  auto& isn = sent ? isns.iss : isns.irs;
  if (!isn && packet.segment.flags.syn()) isn = packet.segment.seq;
  const auto& own = sent ? isns.iss : isns.irs;
  const auto& other = sent ? isns.irs : isns.iss;
  const Base own_base = sent ? Base::kIss : Base::kIrs;
  const Base other_base = sent ? Base::kIrs : Base::kIss;
  const Segment& segment = packet.segment;
  wire.seq = own ? Number{own_base, offset(*own, segment.seq)}
                 : Number{Base::kZero, offset(Seq(0), segment.seq)};
  if (segment.flags.ack()) {
    wire.ack = other ? Number{other_base, offset(*other, segment.ack)}
                     : Number{Base::kZero, offset(Seq(0), segment.ack)};
  }
  const uint32_t position = own ? segment.text_seq().value() - own->value() - 1 : 0;
  keep_rest(packet, sent, position, isns.irs.value_or(Seq(0)), wire);
}

void clear(Wire& wire) {
  wire.flags = {};
  wire.seq = wire.ack = {};
  wire.window = wire.urgent = 0;
  wire.length = 0;
  wire.options.clear();
  wire.text.clear();
  wire.reserved = 0;
  wire.bad_checksum = false;
}

// The next of `events`, which keeps the memory of the one that was there.
Happening& next_of(std::vector<Happening>& events, std::size_t& count) {
  if (count == events.size()) events.emplace_back();
  Happening& next = events[count++];
  clear(next.wire);
  next.value = 0;
  next.error = 0;
  next.state = State::kClosed;
  return next;
}

std::optional<Seq> first_iss(const play::PlayResult& result, uint32_t end) {
  for (const Event& event : result.trace.events) {
    if (event.step >= end) break;
    if (event.kind != EventKind::kSent) continue;
    const auto packet = wire::decode(result.trace.data(event));
    if (packet && packet->segment.flags.syn()) return packet->segment.seq;
  }
  return std::nullopt;
}

}  // namespace

void move_sack(std::span<uint8_t> options, uint32_t by) {
  std::size_t at = 0;
  wire::for_each_option(options, [&](uint8_t kind, std::span<const uint8_t> octets) {
    constexpr std::size_t kFirst = 2;
    for (std::size_t i = kFirst; kind == wire::kOptionSack && i + 4 <= octets.size(); i += 4) {
      wire::put32(&options[at + i], wire::get32(&options[at + i]) + by);
    }
    at += octets.size();
  });
}

script::SegmentSpec segment_of(const Stimulus& stimulus) {
  script::SegmentSpec spec;
  spec.flags = stimulus.flags;
  spec.seq = {.offset = static_cast<int32_t>(stimulus.seq)};
  if (stimulus.flags.ack()) spec.ack = script::Number{.offset = static_cast<int32_t>(stimulus.ack)};
  spec.length = stimulus.length;
  spec.window = script::Number{.offset = stimulus.window};
  if (stimulus.flags.urg()) spec.urgent = stimulus.urgent;
  spec.options = options_of(stimulus.options);
  return spec;
}

void record_set_up(const play::PlayResult& result, uint32_t end, std::vector<Happening>& events) {
  Isns isns;
  std::size_t count = 0;
  for (const Event& event : result.trace.events) {
    if (event.step >= end) break;
    if (event.kind == EventKind::kQuiet) continue;
    Happening& happening = next_of(events, count);
    happening.step = event.step;
    switch (event.kind) {
      case EventKind::kInjected:
      case EventKind::kSent: {
        const bool sent = event.kind == EventKind::kSent;
        happening.kind = sent ? Happening::Kind::kSent : Happening::Kind::kInjected;
        const auto packet = wire::decode(result.trace.data(event));
        if (packet) {
          keep_set_up(*packet, sent, isns, happening.wire);
        } else {
          --count;  // nothing that a set-up tells of
        }
        break;
      }
      case EventKind::kCallStart:
        happening.kind = Happening::Kind::kCallStart;
        break;
      case EventKind::kCallReturn:
        happening.kind = Happening::Kind::kCallReturn;
        happening.value = event.value;
        happening.error = event.error;
        break;
      case EventKind::kState:
        happening.kind = Happening::Kind::kState;
        happening.state = event.state;
        break;
      case EventKind::kQuiet:
        break;
    }
  }
  events.resize(count);
}

// Where several names fit, the rules' own comes first: RFC 9293 §3.10.7.1 makes the number of a
// reset from the segment, and other segments have the connection's.
Number Recorder::seq_name(const Segment& segment) {
  const Seq seq = segment.seq;
  if (segment.flags.rst()) {
    if (seg_ack_ && seq == *seg_ack_) return {Base::kSegAck, 0};
    if (seq == Seq(0)) return {};
  } else if (segment.flags.syn()) {
    if (iss_ && seq == *iss_) return {Base::kIss, 0};
    if (!new_iss_) new_iss_ = seq;
    return {Base::kNewIss, offset(*new_iss_, seq)};
  }
  if (new_iss_) return {Base::kNewIss, offset(*new_iss_, seq)};
  if (!iss_) return {Base::kZero, offset(Seq(0), seq)};
  const Seq nxt = *iss_ + variables_.snd_nxt;
  if (seq == *iss_ + variables_.snd_una && seq != nxt) return {Base::kSndUna, 0};
  return {Base::kSndNxt, offset(nxt, seq)};
}

Number Recorder::ack_name(const Segment& segment) const {
  if (!segment.flags.ack()) return {};
  const Seq ack = segment.ack;
  const Seq nxt = irs_ + variables_.rcv_nxt;
  if (!segment.flags.rst() && variables_.irs_known && ack == nxt) return {Base::kRcvNxt, 0};
  if (ack == seg_end_) return {Base::kSegEnd, 0};
  if (ack == seg_seq_) return {Base::kSegSeq, 0};
  if (variables_.irs_known && !new_iss_) return {Base::kRcvNxt, offset(nxt, ack)};
  return {Base::kSegSeq, offset(seg_seq_, ack)};
}

void Recorder::answer(const wire::Decoded& packet, Behaviour& behaviour) {
  const Segment& segment = packet.segment;
  const bool text_or_fin = segment.len() > 0 && !segment.flags.syn() && !segment.flags.rst();
  if (text_or_fin && iss_ && !new_iss_ && segment.end().at_or_before(*iss_ + variables_.snd_nxt)) {
    return;  // sent before: a retransmission is no answer
  }
  Wire& wire = behaviour.answers.emplace_back();
  wire.seq = seq_name(segment);
  wire.ack = ack_name(segment);
  const Seq from = new_iss_ ? *new_iss_ : iss_.value_or(segment.seq);
  keep_rest(packet, true, segment.text_seq().value() - from.value() - 1, irs_, wire);
}

void Recorder::api(const play::PlayResult& result, const Event& event, const CellProgram& program,
                   Behaviour& behaviour) const {
  const Api::Outcome outcome{event.value, event.value < 0 ? event.error : 0};
  if (program.accept_step == event.step) {
    behaviour.api.accept = Api::Outcome{std::min<int64_t>(outcome.value, 0), outcome.error};
    return;
  }
  if (program.read_step != event.step) return;
  const bool none_accepted = behaviour.api.accept && behaviour.api.accept->value < 0;
  if (none_accepted) return;
  behaviour.api.read = outcome;
  uint32_t read_before = 0;
  for (const Happening& happening : events_) {
    const bool reads = happening.kind == Happening::Kind::kCallReturn && happening.value > 0 &&
                       script::CallName::kRead ==
                           program.flat.calls[program.flat.steps[happening.step].index].name;
    if (reads) read_before += static_cast<uint32_t>(happening.value);
  }
  behaviour.api.other_text = !is_pattern(result.trace.data(event), read_before);
}

Recorder::Recorder(const Variables& variables, const std::vector<Happening>& events)
    : variables_(variables), events_(events) {
  std::erase_if(events_, [](const Happening& happening) {
    return happening.kind == Happening::Kind::kState;
  });
}

std::string Recorder::record(const play::PlayResult& result, const CellProgram& program,
                             const Stimulus& stimulus, Behaviour& behaviour) {
  auto memory = std::move(behaviour.answers);
  memory.clear();
  behaviour = {};
  behaviour.answers = std::move(memory);
  if (result.unreliable) return result.unreliable_reason;
  if (!result.mismatches.empty() && result.mismatches.front().step < program.cell_step) {
    const play::Mismatch& mismatch = result.mismatches.front();
    return fmt::format("wanted {}, got {}", mismatch.wanted, mismatch.got);
  }
  record_set_up(result, program.cell_step, played_);
  if (played_ != events_) return "the set-up went otherwise than before";
  iss_ = first_iss(result, program.cell_step);
  new_iss_.reset();
  bool injected = false;
  for (const Event& event : result.trace.events) {
    if (event.step < program.cell_step) continue;
    if (event.kind == EventKind::kInjected) {
      injected = true;
      const auto packet = wire::decode(result.trace.data(event));
      if (!packet) return "the segment cannot be read";
      seg_seq_ = packet->segment.seq;
      seg_end_ = packet->segment.end();
      seg_ack_.reset();
      if (packet->segment.flags.ack()) seg_ack_ = packet->segment.ack;
      irs_ = seg_seq_ - stimulus.seq;
    } else if (event.kind == EventKind::kSent && event.step <= program.cell_step + 1) {
      const auto packet = wire::decode(result.trace.data(event));
      if (packet) {
        answer(*packet, behaviour);
      } else {
        ++behaviour.other_packets;
      }
    } else if (event.kind == EventKind::kState && event.step == program.cell_step + 1) {
      behaviour.state = event.state;
    } else if (event.kind == EventKind::kCallReturn) {
      api(result, event, program, behaviour);
    }
  }
  if (result.outcome == play::Outcome::kBroken || result.outcome == play::Outcome::kCrashed) {
    if (!injected) return result.broken;
    behaviour.broken = result.broken;
  }
  return "";
}

}  // namespace synfin::atlas
