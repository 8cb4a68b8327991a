#include "harness/play/match.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "harness/play/build.h"
#include "harness/play/describe.h"
#include "harness/wire/options.h"
#include "harness/wire/text.h"

namespace synfin::play {
namespace {

using script::OptionSpec;

// Where a script's SYN names the ISN, what it acknowledges counts from what was written for it.
uint32_t ack_base(const script::SegmentSpec& spec, const Connection& own) {
  return own.peer_isn() - (own.syns_name_isn && spec.flags.syn() ? own.written_irs : 0);
}

// The window of a SYN is never scaled (RFC 7323 §2.2).
uint8_t window_shift(Flags flags, const Names& names) {
  return flags.syn() ? uint8_t{0} : names.stack_window_shift();
}

class Matcher {
 public:
  Matcher(const script::SegmentSpec& spec, const wire::Decoded& packet, Connection& own,
          const Names& names, std::vector<Difference>& out)
      : spec_(spec),
        packet_(packet),
        segment_(packet.segment),
        own_(own),
        names_(names),
        out_(out) {}

  void envelope();
  void header();
  void numbers();
  void window();
  void options();
  void text(TextCheck check);

 private:
  void differ(const char* field, std::string wanted, std::string got) {
    out_.push_back({field, std::move(wanted), std::move(got)});
  }
  // `what` of this connection, relative to `base`; true when it has a value and that is `got`.
  void number(const char* field, const script::Number& wanted, uint32_t base, uint32_t got);
  void option(const OptionSpec& wanted);
  void sack(const OptionSpec& wanted);
  void timestamps(const OptionSpec& wanted);
  void raw(const OptionSpec& wanted);
  bool is_reset_of_nothing() const;

  const script::SegmentSpec& spec_;
  const wire::Decoded& packet_;
  const Segment& segment_;
  Connection& own_;
  const Names& names_;
  std::vector<Difference>& out_;
};

// What every segment of a stack has to be (RFC 9293 §3.1: MUST-2, MUST-64, MUST-69).
void Matcher::envelope() {
  if (packet_.source != own_.tuple.local || packet_.destination != own_.tuple.remote) {
    differ("address",
           wire::to_string(own_.tuple.local) + " > " + wire::to_string(own_.tuple.remote),
           wire::to_string(packet_.source) + " > " + wire::to_string(packet_.destination));
  }
  if (!packet_.ip_checksum_ok) differ("ip checksum", "right", "wrong");
  if (!packet_.tcp_checksum_ok) {
    differ("checksum", "right", fmt::format("{:#06x}, wrong", packet_.tcp_checksum));
  }
  const uint8_t reserved = spec_.malformation.reserved;
  if (packet_.reserved != reserved) {
    differ("reserved", fmt::to_string(reserved), fmt::to_string(packet_.reserved));
  }
  if (!packet_.options_well_formed) differ("options", "well-formed", "malformed");
  if (!packet_.options_zero_padded) differ("padding", "zeros", "other octets");
}

void Matcher::header() {
  constexpr unsigned kCompared = 0xffU & ~static_cast<unsigned>(kPsh);
  if ((spec_.flags.bits & kCompared) != (segment_.flags.bits & kCompared)) {
    differ("flags", wire::to_text(spec_.flags), wire::to_text(segment_.flags));
  }
  if (spec_.urgent && (!segment_.flags.urg() || segment_.up != *spec_.urgent)) {
    differ("urg", fmt::to_string(*spec_.urgent), fmt::to_string(segment_.up));
  }
  if (spec_.ttl && *spec_.ttl != packet_.ttl) {
    differ("ttl", fmt::to_string(*spec_.ttl), fmt::to_string(packet_.ttl));
  }
  if (spec_.traffic_class && *spec_.traffic_class != packet_.traffic_class) {
    differ("tos", fmt::format("{:#04x}", *spec_.traffic_class),
           fmt::format("{:#04x}", packet_.traffic_class));
  }
  const uint8_t ecn = packet_.traffic_class & 3U;
  if (spec_.ecn == 5) {
    if (ecn != 1 && ecn != 2) differ("ecn", "1 or 2", fmt::to_string(ecn));
  } else if (const auto wanted = ecn_bits(spec_.ecn); wanted && *wanted != ecn) {
    differ("ecn", fmt::to_string(*wanted), fmt::to_string(ecn));
  }
}

void Matcher::number(const char* field, const script::Number& wanted, uint32_t base, uint32_t got) {
  const auto value = resolve(wanted, base, names_);
  if (value && *value == got) return;
  const uint32_t origin = wanted.base == script::Base::kAbsolute ? 0 : base;
  std::string text = describe(wanted);
  if (!value) {
    text += ", which has no value";
  } else if (wanted.symbolic() && wanted.base != script::Base::kAbsolute) {
    text += fmt::format(" ({})", *value - origin);
  }
  differ(field, std::move(text), fmt::to_string(got - origin));
}

// RFC 9293 §3.10.7.1: a reset that answers a segment without ACK has SEQ 0, whatever the ISS was.
bool Matcher::is_reset_of_nothing() const {
  return segment_.flags.rst() && segment_.flags.ack() && segment_.seq == Seq(0) &&
         !spec_.seq.symbolic() && spec_.seq.offset == 0;
}

void Matcher::numbers() {
  const bool names_isn = own_.syns_name_isn && spec_.flags.syn();
  if (!spec_.any_seq && !names_isn && !is_reset_of_nothing()) {
    number("seq", spec_.seq, own_.iss(), segment_.seq.value());
  }
  const std::size_t length = spec_.text.empty() ? spec_.length : spec_.text.size();
  if (!spec_.any_length && segment_.text.size() != length) {
    differ("length", fmt::to_string(length), fmt::to_string(segment_.text.size()));
  }
  if (spec_.ack) number("ack", *spec_.ack, ack_base(spec_, own_), segment_.ack.value());
}

void Matcher::window() {
  if (!spec_.window) return;
  const auto wanted = resolve_window(*spec_.window, window_shift(segment_.flags, names_), names_);
  if (wanted && *wanted == segment_.wnd) return;
  differ("win", wanted ? fmt::to_string(*wanted) : describe(*spec_.window),
         fmt::to_string(segment_.wnd));
}

void Matcher::options() {
  for (const OptionSpec& wanted : spec_.options) option(wanted);
  // Last, as only a segment that is as wanted otherwise says what a written TSval stands for.
  for (const OptionSpec& wanted : spec_.options) {
    if (wanted.kind == OptionSpec::Kind::kTimestamps) timestamps(wanted);
  }
}

void Matcher::option(const OptionSpec& wanted) {
  const Options& got = segment_.options;
  switch (wanted.kind) {
    case OptionSpec::Kind::kMss:
      if (got.mss != wanted.value) {
        differ("mss", fmt::to_string(wanted.value), got.mss ? fmt::to_string(*got.mss) : "none");
      }
      return;
    case OptionSpec::Kind::kWindowScale:
      if (got.window_scale != wanted.value) {
        differ("wscale", fmt::to_string(wanted.value),
               got.window_scale ? fmt::to_string(*got.window_scale) : "none");
      }
      return;
    case OptionSpec::Kind::kSackPermitted:
      if (!got.sack_permitted) differ("sackOK", "present", "none");
      return;
    case OptionSpec::Kind::kSack:
      return sack(wanted);
    case OptionSpec::Kind::kRaw:
      return raw(wanted);
    case OptionSpec::Kind::kTimestamps:
    case OptionSpec::Kind::kNop:
    case OptionSpec::Kind::kEol:
      return;
  }
}

void Matcher::sack(const OptionSpec& wanted) {
  const Options& got = segment_.options;
  if (got.sack_count != wanted.sack.size()) {
    differ("sack", fmt::format("{} blocks", wanted.sack.size()),
           fmt::format("{} blocks", got.sack_count));
    return;
  }
  for (std::size_t i = 0; i < wanted.sack.size(); ++i) {
    number("sack", wanted.sack[i].first, own_.peer_isn(), got.sack[i].left.value());
    number("sack", wanted.sack[i].second, own_.peer_isn(), got.sack[i].right.value());
  }
}

void Matcher::timestamps(const OptionSpec& wanted) {
  const auto& got = segment_.options.timestamps;
  if (!got) {
    differ("TS", "present", "none");
    return;
  }
  if (!wanted.any_echo && wanted.echo != got->echo_reply) {
    differ("TSecr", fmt::to_string(wanted.echo), fmt::to_string(got->echo_reply));
  }
  if (!wanted.any_value && out_.empty()) {
    const uint32_t value = own_.bind_timestamp(wanted.value, got->value);
    if (value != got->value) differ("TSval", fmt::to_string(value), fmt::to_string(got->value));
  }
}

void Matcher::raw(const OptionSpec& wanted) {
  bool found = false;
  wire::for_each_option(packet_.option_octets, [&](uint8_t kind, std::span<const uint8_t> octets) {
    if (kind != wanted.value || found) return;
    const auto data = octets.size() > 2 ? octets.subspan(2) : std::span<const uint8_t>();
    found = std::equal(data.begin(), data.end(), wanted.raw.begin(), wanted.raw.end());
  });
  if (!found) differ("option", fmt::format("kind {} with its octets", wanted.value), "none");
}

void Matcher::text(TextCheck check) {
  const auto got = segment_.text;
  const uint32_t position = segment_.text_seq().value() - (own_.iss() + 1);
  for (uint32_t i = 0; i < got.size(); ++i) {
    uint8_t wanted = got[i];
    if (!spec_.text.empty()) {
      if (i >= spec_.text.size()) return;  // the length was compared already
      wanted = spec_.text[i];
    } else if (check == TextCheck::kPattern) {
      wanted = script::pattern(position + i);
    }
    if (wanted == got[i]) continue;
    differ("text", fmt::format("{:#04x} at {}", wanted, i), fmt::format("{:#04x}", got[i]));
    return;
  }
}

}  // namespace

void match(const script::SegmentSpec& spec, const wire::Decoded& packet, Connection& own,
           const Names& names, TextCheck text, std::vector<Difference>& differences) {
  Matcher matcher(spec, packet, own, names, differences);
  matcher.envelope();
  matcher.header();
  matcher.numbers();
  matcher.window();
  matcher.options();
  if (differences.empty()) matcher.text(text);
}

WantedNumbers wanted_numbers(const script::SegmentSpec& spec, const Names& names) {
  WantedNumbers out;
  if (!spec.any_seq) out.seq = resolve(spec.seq, names.own.iss(), names);
  if (spec.ack) out.ack = resolve(*spec.ack, ack_base(spec, names.own), names);
  if (spec.window)
    out.window = resolve_window(*spec.window, window_shift(spec.flags, names), names);
  return out;
}

}  // namespace synfin::play
