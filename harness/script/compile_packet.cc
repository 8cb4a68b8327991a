#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/script/compile_parts.h"
#include "harness/script/symbols.h"
#include "harness/script/words.h"

namespace synfin::script {
namespace {

constexpr std::size_t kMaxOptionOctets = wire::OptionOctets::kCapacity;

static_assert(static_cast<int>(Base::kIss) == proto::Number::ISS);
static_assert(static_cast<int>(Base::kSndMaxWnd) == proto::Number::SND_MAX_WND);
static_assert(static_cast<int>(Base::kAbsolute) == proto::Number::ABSOLUTE);

bool in(int64_t value, int64_t low, int64_t high) { return value >= low && value <= high; }

Result<void> check(std::string_view what, int64_t value, int64_t high) {
  if (in(value, 0, high)) return {};
  return fail(fmt::format("{} {} is out of range: at most {}", what, value, high));
}

// The octets that an option takes in the header.
std::size_t size_of(const OptionSpec& option) {
  switch (option.kind) {
    case OptionSpec::Kind::kMss:
      return 4;
    case OptionSpec::Kind::kWindowScale:
      return 3;
    case OptionSpec::Kind::kSackPermitted:
      return 2;
    case OptionSpec::Kind::kSack:
      return 2 + 8 * option.sack.size();
    case OptionSpec::Kind::kTimestamps:
      return 10;
    case OptionSpec::Kind::kRaw:
      return (option.raw_length ? 2 : 1) + option.raw.size();
    default:
      return 1;
  }
}

Result<void> add_sack(const proto::TcpOption::Sack& sack, OptionSpec* spec) {
  for (const auto& block : sack.blocks()) {
    const auto left = compile_number(block.left());
    const auto right = compile_number(block.right());
    if (!left) return fail(left.error().message);
    if (!right) return fail(right.error().message);
    spec->sack.emplace_back(*left, *right);
  }
  return {};
}

Result<void> set_timestamps(const proto::TcpOption::Timestamps& timestamps, bool inject,
                            OptionSpec* spec) {
  if (inject && (timestamps.any_value() || timestamps.any_echo())) {
    return fail("'any' is for expected timestamps only");
  }
  if (!inject && timestamps.echo_last()) return fail("'ecr last' is for injected segments only");
  for (const auto* number : {&timestamps.value(), &timestamps.echo_reply()}) {
    if (number->base() != proto::Number::LITERAL || number->plus_size() > 0 ||
        number->minus_size() > 0) {
      return fail("timestamps have no names");
    }
    if (auto done = check("timestamp", number->offset(), kMaxSequence); !done) return done;
  }
  spec->kind = OptionSpec::Kind::kTimestamps;
  spec->value = static_cast<uint32_t>(timestamps.value().offset());
  spec->echo = static_cast<uint32_t>(timestamps.echo_reply().offset());
  spec->echo_last = timestamps.echo_last();
  spec->any_value = timestamps.any_value();
  spec->any_echo = timestamps.any_echo();
  return {};
}

Result<void> set_raw(const proto::TcpOption::Raw& raw, OptionSpec* spec) {
  if (auto done = check("option kind", raw.kind(), 255); !done) return done;
  if (auto done = check("option length", raw.length(), 255); !done) return done;
  spec->kind = OptionSpec::Kind::kRaw;
  spec->value = raw.kind();
  if (raw.has_length()) spec->raw_length = static_cast<uint8_t>(raw.length());
  spec->raw.assign(raw.data().begin(), raw.data().end());
  return {};
}

Result<OptionSpec> compile_option(const proto::TcpOption& option, bool inject) {
  OptionSpec spec;
  Result<void> done;
  switch (option.what_case()) {
    case proto::TcpOption::kMss:
      spec.kind = OptionSpec::Kind::kMss;
      spec.value = option.mss().value();
      done = check("MSS", spec.value, 0xffff);
      break;
    case proto::TcpOption::kWindowScale:
      spec.kind = OptionSpec::Kind::kWindowScale;
      spec.value = option.window_scale().shift();
      done = check("shift count", spec.value, 255);
      break;
    case proto::TcpOption::kSackPermitted:
      spec.kind = OptionSpec::Kind::kSackPermitted;
      break;
    case proto::TcpOption::kSack:
      spec.kind = OptionSpec::Kind::kSack;
      done = add_sack(option.sack(), &spec);
      break;
    case proto::TcpOption::kTimestamps:
      done = set_timestamps(option.timestamps(), inject, &spec);
      break;
    case proto::TcpOption::kNop:
      spec.kind = OptionSpec::Kind::kNop;
      break;
    case proto::TcpOption::kEol:
      spec.kind = OptionSpec::Kind::kEol;
      break;
    case proto::TcpOption::kRaw:
      done = set_raw(option.raw(), &spec);
      break;
    default:
      return fail("a TCP option is empty");
  }
  if (!done) return fail(done.error().message);
  return spec;
}

Result<wire::Malformation> compile_malformation(const proto::Malformation& source) {
  if (!in(source.data_offset(), 0, 15) || !in(source.reserved(), 0, 15)) {
    return fail("data offset and reserved bits are at most 15");
  }
  if (!in(source.checksum_value(), 0, 0xffff) || !in(source.truncate(), 0, 0xffff) ||
      !in(source.ip_length(), 0, 0xffff) || !in(source.ttl(), 0, 255)) {
    return fail("a number of the malformation is out of range");
  }
  wire::Malformation made;
  switch (source.checksum()) {
    case proto::Malformation::BAD:
      made.checksum = wire::Malformation::Checksum::kBad;
      break;
    case proto::Malformation::ZERO:
      made.checksum = wire::Malformation::Checksum::kZero;
      break;
    case proto::Malformation::VALUE:
      made.checksum = wire::Malformation::Checksum::kValue;
      break;
    default:
      break;
  }
  made.checksum_value = static_cast<uint16_t>(source.checksum_value());
  made.reserved = static_cast<uint8_t>(source.reserved());
  if (source.has_data_offset()) made.data_offset = static_cast<uint8_t>(source.data_offset());
  if (source.has_truncate()) made.truncate = static_cast<uint16_t>(source.truncate());
  if (source.has_ip_length()) made.ip_length = static_cast<uint16_t>(source.ip_length());
  return made;
}

Result<void> set_traffic_class(const proto::Segment& segment, SegmentSpec* spec) {
  if (auto done = check("traffic class", segment.traffic_class(), 255); !done) return done;
  if (segment.has_traffic_class() && segment.ecn() != 0) {
    return fail("the traffic class holds the ECN codepoint: a packet has one of the two");
  }
  if (segment.has_traffic_class()) {
    spec->traffic_class = static_cast<uint8_t>(segment.traffic_class());
  }
  return {};
}

// What is said of the IP header besides.
Result<void> set_envelope(const proto::Malformation& source, bool inject, SegmentSpec* spec) {
  if (source.has_ttl()) spec->ttl = static_cast<uint8_t>(source.ttl());
  const bool given =
      !source.ip_options().empty() || !source.source().empty() || !source.destination().empty();
  if (given && !inject) return fail("ipopt=, src= and dst= are for injected segments only");
  const std::vector<uint8_t> options(source.ip_options().begin(), source.ip_options().end());
  if (!spec->ip_options.append(options)) {
    return fail(fmt::format("the IP options take {} octets; the header has room for {}",
                            options.size(), kMaxOptionOctets));
  }
  for (const auto& [text, into] : {std::pair(&source.source(), &spec->source),
                                   std::pair(&source.destination(), &spec->destination)}) {
    if (text->empty()) continue;
    const auto address = wire::parse_address(*text);
    if (!address) return fail(address.error().message);
    *into = *address;
  }
  return {};
}

Result<void> add_options(const proto::Segment& segment, bool inject, SegmentSpec* spec) {
  spec->any_options = segment.any_options();
  if (inject && spec->any_options) return fail("<...> is for expected segments only");
  std::size_t octets = 0;
  spec->options.reserve(static_cast<std::size_t>(segment.options_size()));
  for (const auto& source : segment.options()) {
    auto option = compile_option(source, inject);
    if (!option) return fail(option.error().message);
    octets += size_of(*option);
    spec->options.push_back(std::move(*option));
  }
  if (octets > kMaxOptionOctets) {
    return fail(fmt::format("the TCP options take {} octets; the header has room for {}", octets,
                            kMaxOptionOctets));
  }
  return {};
}

Result<void> set_numbers(const proto::Segment& segment, bool inject, SegmentSpec* spec) {
  spec->any_seq = segment.any_seq();
  spec->any_length = segment.any_length();
  if (inject && spec->any_seq) return fail("'*' is for expected sequence numbers only");
  if (inject && spec->any_length) return fail("'*' is for expected lengths only");
  if (spec->any_length && spec->length != 0) return fail("any length is not one length");
  if (spec->any_length && !spec->any_seq && segment.seq().base() == proto::Number::LITERAL) {
    return fail("plain numbers have an end: no length is any length there");
  }
  const auto seq = compile_number(segment.seq());
  const auto ack = compile_number(segment.ack());
  const auto window = compile_number(segment.window());
  if (!seq) return fail(seq.error().message);
  if (!ack) return fail(ack.error().message);
  if (!window) return fail(window.error().message);
  spec->seq = *seq;
  if (segment.has_ack()) spec->ack = *ack;
  if (segment.has_window()) {
    if (window->base == Base::kAbsolute || (!window->symbolic() && window->offset > 0xffff)) {
      return fail(fmt::format("window {} is out of range: at most 65535", window->offset));
    }
    spec->window = *window;
  }
  if (auto done = check("urgent pointer", segment.urgent(), 0xffff); !done) return done;
  if (segment.has_urgent()) spec->urgent = static_cast<uint16_t>(segment.urgent());
  return {};
}

Result<void> add_terms(const google::protobuf::RepeatedField<int>& names, bool minus,
                       Number* number) {
  for (const int name : names) {
    const auto free = std::find_if(number->terms.begin(), number->terms.end(),
                                   [](const auto& term) { return term.base == Base::kLiteral; });
    if (free == number->terms.end()) {
      return fail(fmt::format("a number is a name and at most {} more", Number::kMaxTerms));
    }
    if (!in(name, proto::Number::ISS, proto::Number::RCV_WND) || number->base == Base::kAbsolute ||
        number->base == Base::kLiteral) {
      return fail("names are added to a name, or taken from one");
    }
    *free = {static_cast<Base>(name), minus};
  }
  return {};
}

}  // namespace

Result<Number> compile_number(const proto::Number& number) {
  if (!in(number.base(), 0, proto::Number::ABSOLUTE)) return fail("unknown name of a number");
  Number made{.base = static_cast<Base>(number.base()), .offset = number.offset()};
  if (auto done = add_terms(number.plus(), false, &made); !done) return fail(done.error().message);
  if (auto done = add_terms(number.minus(), true, &made); !done) return fail(done.error().message);
  const bool plain = made.base == Base::kLiteral || made.base == Base::kAbsolute;
  if (!in(made.offset, plain ? 0 : -kMaxSequence, kMaxSequence)) {
    return fail(fmt::format("number {} is out of range", made.offset));
  }
  return made;
}

Result<void> compile_segment(const proto::Segment& segment, bool inject, SegmentSpec* spec) {
  spec->flags = Flags(segment.flags());
  spec->length = segment.length();
  spec->ecn = static_cast<uint8_t>(segment.ecn());
  if (segment.flags() > 0xff) return fail("the flags are one octet");
  if (segment.ecn() >= kEcnNames.size() || (inject && segment.ecn() + 1 == kEcnNames.size())) {
    return fail("this ECN codepoint cannot stand here");
  }
  if (auto done = check("length", spec->length, 0xffff); !done) return done;
  if (auto done = set_numbers(segment, inject, spec); !done) return done;
  if (auto done = add_options(segment, inject, spec); !done) return done;
  if (!segment.text().empty() && segment.text().size() != segment.length()) {
    return fail(fmt::format("the text has {} octets, but the segment says {}",
                            segment.text().size(), segment.length()));
  }
  spec->text.assign(segment.text().begin(), segment.text().end());
  if (segment.has_malformation()) {
    const auto malformation = compile_malformation(segment.malformation());
    if (!malformation) return fail(malformation.error().message);
    spec->malformation = *malformation;
    if (auto done = set_envelope(segment.malformation(), inject, spec); !done) return done;
  }
  return set_traffic_class(segment, spec);
}

Result<IcmpSpec> compile_icmp(const proto::Icmp& icmp) {
  auto spec = find_icmp(icmp.type(), icmp.code());
  if (!spec) {
    return fail(fmt::format("there is no ICMP message '{}{}{}'", icmp.type(),
                            icmp.code().empty() ? "" : " ", icmp.code()));
  }
  if (icmp.has_mtu()) spec->mtu = icmp.mtu();
  if (icmp.has_seq()) {
    const auto seq = compile_number(icmp.seq());
    if (!seq) return fail(seq.error().message);
    spec->seq = *seq;
  }
  if (auto done = check("length", icmp.length(), 0xffff); !done) return fail(done.error().message);
  spec->length = icmp.length();
  return *spec;
}

}  // namespace synfin::script
