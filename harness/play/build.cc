#include "harness/play/build.h"

#include <fmt/format.h>

#include <array>

#include "harness/play/describe.h"
#include "harness/stack/pattern.h"

namespace synfin::play {
namespace {

using script::OptionSpec;

Result<void> no_value(const script::Number& number) {
  return fail(fmt::format("{} has no value at this point of the program", describe(number)));
}

Result<void> add_sack(const OptionSpec& option, const Names& names, wire::OptionOctets& out,
                      bool& fits) {
  std::array<SackBlock, Options::kMaxSackBlocks> blocks{};
  if (option.sack.size() > blocks.size()) return fail("a SACK option holds at most four blocks");
  for (std::size_t i = 0; i < option.sack.size(); ++i) {
    const auto left = resolve(option.sack[i].first, names.own.iss(), names);
    const auto right = resolve(option.sack[i].second, names.own.iss(), names);
    if (!left) return no_value(option.sack[i].first);
    if (!right) return no_value(option.sack[i].second);
    blocks[i] = {Seq(*left), Seq(*right)};
  }
  fits = out.sack(std::span(blocks).first(option.sack.size()));
  return {};
}

Result<void> add_option(const OptionSpec& option, const Names& names, wire::OptionOctets& out) {
  bool fits = true;
  switch (option.kind) {
    case OptionSpec::Kind::kMss:
      fits = out.mss(static_cast<uint16_t>(option.value));
      break;
    case OptionSpec::Kind::kWindowScale:
      fits = out.window_scale(static_cast<uint8_t>(option.value));
      break;
    case OptionSpec::Kind::kSackPermitted:
      fits = out.sack_permitted();
      break;
    case OptionSpec::Kind::kSack:
      if (auto added = add_sack(option, names, out, fits); !added) return added;
      break;
    case OptionSpec::Kind::kTimestamps: {
      const uint32_t echo = option.echo_last ? names.own.last_timestamp().value_or(0)
                                             : names.own.timestamp(option.echo);
      fits = out.timestamps(option.value, echo);
      break;
    }
    case OptionSpec::Kind::kNop:
      fits = out.nop();
      break;
    case OptionSpec::Kind::kEol:
      fits = out.eol();
      break;
    case OptionSpec::Kind::kRaw:
      fits = out.raw(static_cast<uint8_t>(option.value), option.raw_length, option.raw);
      break;
  }
  if (!fits) return fail("the options take more than the 40 octets that a header has for them");
  return {};
}

void fill_text(const script::SegmentSpec& spec, uint32_t position, std::vector<uint8_t>& text) {
  if (!spec.text.empty()) {
    text.assign(spec.text.begin(), spec.text.end());
    return;
  }
  text.resize(spec.length);
  stack::fill_pattern(position, text);
}

}  // namespace

std::optional<uint8_t> ecn_bits(uint8_t spec) {
  constexpr std::array<uint8_t, 5> kBits = {0, 0, 2, 1, 3};
  if (spec == 0 || spec >= kBits.size()) return std::nullopt;
  return kBits[spec];
}

Result<void> build(const script::SegmentSpec& spec, const Names& names, std::vector<uint8_t>& text,
                   wire::Packet& packet) {
  // A script's SYN names a number by itself.
  const bool names_isn = names.own.syns_name_isn && spec.flags.syn();
  const uint32_t base = names.own.peer_isn() - (names_isn ? names.own.written_irs : 0);
  const auto seq = resolve(spec.seq, base, names);
  if (!seq) return no_value(spec.seq);
  Segment& segment = packet.segment;
  segment = {};
  segment.flags = spec.flags;
  segment.seq = Seq(*seq);
  if (spec.ack) {
    const auto ack = resolve(*spec.ack, names.own.iss(), names);
    if (!ack) return no_value(*spec.ack);
    segment.ack = Seq(*ack);
  }
  segment.wnd = 0xffff;
  if (spec.window) {
    const uint8_t shift = spec.flags.syn() ? uint8_t{0} : names.peer_window_shift();
    const auto window = resolve_window(*spec.window, shift, names);
    if (!window) return no_value(*spec.window);
    segment.wnd = *window;
  }
  segment.up = spec.urgent.value_or(0);
  fill_text(spec, segment.text_seq().value() - names.own.peer_text(), text);
  segment.text = text;

  packet.options.clear();
  for (const OptionSpec& option : spec.options) {
    if (auto added = add_option(option, names, packet.options); !added) return added;
  }
  packet.source = names.own.tuple.remote;
  packet.destination = names.own.tuple.local;
  if (spec.source) packet.source.address = *spec.source;
  if (spec.destination) packet.destination.address = *spec.destination;
  packet.ip_options = spec.ip_options;
  packet.malformation = spec.malformation;
  packet.ttl = spec.ttl.value_or(64);
  packet.traffic_class = spec.traffic_class.value_or(ecn_bits(spec.ecn).value_or(0));
  return {};
}

}  // namespace synfin::play
