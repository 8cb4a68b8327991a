#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "harness/report/packetdrill_parts.h"
#include "harness/script/printer.h"
#include "harness/script/words.h"
#include "harness/wire/options.h"

namespace synfin::report {
namespace {

constexpr uint32_t kFirstTimestamp = 100;

uint32_t number_at(std::span<const uint8_t> octets, std::size_t at, std::size_t size) {
  uint32_t number = 0;
  for (std::size_t i = at; i < at + size; ++i) number = number << 8U | octets[i];
  return number;
}

// From octets to options, in the numbers of a script.
class OptionReader {
 public:
  OptionReader(const wire::Decoded& packet, bool injected, PacketdrillNumbers* numbers)
      : packet_(packet), injected_(injected), numbers_(numbers) {}

  Result<void> read(proto::Segment* out) {
    if (!packet_.options_well_formed) return fail("options that are malformed");
    if (!packet_.options_zero_padded) return fail("octets behind the end of the options");
    Result<void> done;
    std::size_t read = 0;
    wire::for_each_option(packet_.option_octets,
                          [&](uint8_t kind, std::span<const uint8_t> octets) {
                            read += octets.size();
                            if (done) done = add(kind, octets, out->add_options());
                          });
    for (; read < packet_.option_octets.size(); ++read) out->add_options()->set_eol(true);
    return done;
  }

 private:
  Result<void> add(uint8_t kind, std::span<const uint8_t> octets, proto::TcpOption* out);
  Result<void> timestamps(std::span<const uint8_t> octets, proto::TcpOption::Timestamps* out);
  void sack(std::span<const uint8_t> octets, proto::TcpOption::Sack* out) const;

  const wire::Decoded& packet_;
  bool injected_;
  PacketdrillNumbers* numbers_;
};

Result<void> OptionReader::add(uint8_t kind, std::span<const uint8_t> octets,
                               proto::TcpOption* out) {
  switch (kind) {
    case wire::kOptionEol:
      out->set_eol(true);
      return {};
    case wire::kOptionNop:
      out->set_nop(true);
      return {};
    case wire::kOptionMss:
      out->mutable_mss()->set_value(number_at(octets, 2, 2));
      return {};
    case wire::kOptionWindowScale:
      out->mutable_window_scale()->set_shift(octets[2]);
      return {};
    case wire::kOptionSackPermitted:
      out->set_sack_permitted(true);
      return {};
    case wire::kOptionSack:
      sack(octets, out->mutable_sack());
      return {};
    case wire::kOptionTimestamps:
      return timestamps(octets, out->mutable_timestamps());
    default:
      break;
  }
  proto::TcpOption::Raw& raw = *out->mutable_raw();
  raw.set_kind(kind);
  raw.set_length(static_cast<uint32_t>(octets.size()));
  const auto data = octets.subspan(2);
  raw.set_data(std::string(data.begin(), data.end()));
  if (!script::has_word(raw)) return fail(fmt::format("options of kind {}", kind));
  return {};
}

void OptionReader::sack(std::span<const uint8_t> octets, proto::TcpOption::Sack* out) const {
  const auto number = [&](std::size_t at) {
    const uint32_t on_wire = number_at(octets, at, 4);
    return injected_ ? numbers_->own(on_wire)
                     : numbers_->peer(on_wire, packet_.segment.flags.syn());
  };
  for (std::size_t at = 2; at + 8 <= octets.size(); at += 8) {
    auto& block = *out->add_blocks();
    block.mutable_left()->set_offset(number(at));
    block.mutable_right()->set_offset(number(at + 4));
  }
}

Result<void> OptionReader::timestamps(std::span<const uint8_t> octets,
                                      proto::TcpOption::Timestamps* out) {
  uint32_t value = number_at(octets, 2, 4);
  uint32_t echo = number_at(octets, 6, 4);
  if (!injected_) {
    value = numbers_->timestamp(value);
  } else if (packet_.segment.flags.ack()) {
    const auto known = numbers_->echo(echo);
    if (!known) return fail(fmt::format("an echo of the timestamp {}, which it never saw", echo));
    echo = *known;
  }
  out->mutable_value()->set_offset(value);
  out->mutable_echo_reply()->set_offset(echo);
  return {};
}

}  // namespace

void PacketdrillNumbers::injected(const Segment& segment, uint32_t written, bool absolute) {
  const uint32_t seq = segment.seq.value();
  const bool syn = segment.flags.syn();
  if (!zero_) {
    zero_ = syn && absolute ? 0 : seq - (syn || !active_ ? 0 : written);
    // Whatever comes first to a listener is its connection's first number.
    if (!active_) isn_ = seq - *zero_;
  }
  if (active_ && !answered_ && syn && segment.flags.ack()) {
    answered_ = true;
    isn_ = seq - *zero_;
  }
}

Result<void> PacketdrillNumbers::sent(const Segment& segment) {
  const uint32_t seq = segment.seq.value();
  if (segment.flags.syn()) {
    if (iss_ && *iss_ != seq) return fail("a second connection, with another ISS");
    iss_ = seq;
  }
  const bool of_nothing = segment.flags.rst() && segment.flags.ack() && seq == 0;
  if (of_nothing && iss_.value_or(0) != 0) {
    return fail("the sequence number 0 of a reset, where it counts from the ISS");
  }
  return {};
}

uint32_t PacketdrillNumbers::peer(uint32_t number, bool syn) const {
  return number - zero_.value_or(0) - (syn ? 0 : isn_);
}

uint32_t PacketdrillNumbers::timestamp(uint32_t value) {
  const uint32_t first = timestamps_.empty() ? value : timestamps_.front().first;
  timestamps_.emplace_back(value, kFirstTimestamp + (value - first));
  return timestamps_.back().second;
}

std::optional<uint32_t> PacketdrillNumbers::echo(uint32_t value) const {
  const auto found = std::find_if(timestamps_.begin(), timestamps_.end(),
                                  [&](const auto& seen) { return seen.first == value; });
  if (found == timestamps_.end()) return std::nullopt;
  return found->second;
}

Result<proto::Segment> packetdrill_segment(const wire::Decoded& packet, bool injected,
                                           PacketdrillNumbers* numbers) {
  const Segment& segment = packet.segment;
  const bool syn = segment.flags.syn();
  const uint32_t seq = segment.seq.value();
  const uint32_t ack = segment.ack.value();
  const auto length = static_cast<uint32_t>(segment.text.size());
  proto::Segment out;
  out.set_flags(segment.flags.bits);
  const uint32_t start = injected ? numbers->peer(seq, syn) : numbers->own(seq);
  if (start + length < start) return fail("a segment across the number 2^32");
  out.mutable_seq()->set_offset(start);
  out.set_length(length);
  if (segment.flags.ack()) {
    out.mutable_ack()->set_offset(injected ? numbers->own(ack) : numbers->peer(ack, syn));
  }
  out.mutable_window()->set_offset(segment.wnd);
  if (segment.up != 0) out.set_urgent(segment.up);
  if (packet.reserved > script::kAccurateEcnBit) return fail("reserved bits");
  out.mutable_malformation()->set_reserved(packet.reserved);
  if (auto read = OptionReader(packet, injected, numbers).read(&out); !read) {
    return tl::make_unexpected(read.error());
  }
  return out;
}

}  // namespace synfin::report
