#include "harness/play/describe.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <iterator>
#include <string_view>
#include <utility>

#include "harness/play/resolve.h"
#include "harness/wire/packet.h"
#include "harness/wire/text.h"

namespace synfin::play {
namespace {

using script::OptionSpec;

void add_option(std::string& out, const std::string& option) {
  out += out.empty() ? "" : ",";
  out += option;
}

std::string describe_option(const OptionSpec& option) {
  switch (option.kind) {
    case OptionSpec::Kind::kMss:
      return fmt::format("mss {}", option.value);
    case OptionSpec::Kind::kWindowScale:
      return fmt::format("wscale {}", option.value);
    case OptionSpec::Kind::kSackPermitted:
      return "sackOK";
    case OptionSpec::Kind::kTimestamps:
      return fmt::format("TS val {} ecr {}",
                         option.any_value ? "any" : fmt::to_string(option.value),
                         option.any_echo ? "any" : fmt::to_string(option.echo));
    case OptionSpec::Kind::kSack: {
      std::string out = "sack";
      for (const auto& [left, right] : option.sack) {
        out += fmt::format(" {}:{}", describe(left), describe(right));
      }
      return out;
    }
    case OptionSpec::Kind::kNop:
      return "nop";
    case OptionSpec::Kind::kEol:
      return "eol";
    case OptionSpec::Kind::kRaw: {
      const auto kind = static_cast<uint8_t>(option.value);
      wire::OptionOctets octets;
      return octets.raw(kind, option.raw_length, option.raw) ? wire::option_text(octets.octets())
                                                             : fmt::format("opt {}", kind);
    }
  }
  return "";
}

}  // namespace

std::string describe(const script::Number& number) {
  if (number.base == script::Base::kAbsolute) {
    return fmt::format("={}", static_cast<uint32_t>(number.offset));
  }
  if (number.base == script::Base::kLiteral) return fmt::to_string(number.offset);
  std::string out(name_of(number.base));
  for (const auto& term : number.terms) {
    if (term.base == script::Base::kLiteral) continue;
    out += term.minus ? '-' : '+';
    out += name_of(term.base);
  }
  if (number.offset != 0) out += fmt::format("{:+}", number.offset);
  return out;
}

std::string describe(const script::SegmentSpec& spec) {
  std::string out = wire::to_text(spec.flags);
  const std::string length = spec.any_length ? "*" : fmt::to_string(spec.length);
  if (spec.any_seq || spec.seq.symbolic()) {
    out += fmt::format(" {}({})", spec.any_seq ? "*" : describe(spec.seq), length);
  } else {
    script::Number end = spec.seq;
    end.offset += spec.length;
    out += fmt::format(" {}:{}({})", describe(spec.seq), describe(end), spec.length);
  }
  if (spec.ack) out += " ack " + describe(*spec.ack);
  if (spec.window) out += " win " + describe(*spec.window);
  if (spec.urgent) out += fmt::format(" urg {}", *spec.urgent);
  std::string options;
  for (const OptionSpec& option : spec.options) add_option(options, describe_option(option));
  if (spec.any_options) add_option(options, "...");
  if (!options.empty()) out += " <" + options + ">";
  return out;
}

std::string describe_start(const Segment& segment, uint32_t seq) {
  const auto size = static_cast<uint32_t>(segment.text.size());
  return fmt::format("{} {}:{}({})", wire::to_text(segment.flags), seq, seq + size, size);
}

std::string describe(const wire::Decoded& packet, const Connection& connection) {
  const Segment& segment = packet.segment;
  // Where there is no ISS 0 stands for 0 (RFC 9293 §3.10.7.1), and only that has a plain number.
  const bool plain = connection.known_iss() || segment.seq == Seq(0);
  std::string out = plain ? describe_start(segment, segment.seq.value() - connection.iss())
                          : fmt::format("{} ={}({})", wire::to_text(segment.flags),
                                        segment.seq.value(), segment.text.size());
  if (segment.flags.ack()) {
    out += fmt::format(" ack {}", segment.ack.value() - connection.peer_isn());
  }
  out += fmt::format(" win {}", segment.wnd);
  if (segment.flags.urg()) out += fmt::format(" urg {}", segment.up);
  if (!packet.option_octets.empty()) {
    out += " <" + wire::options_text(packet.option_octets, Seq(connection.peer_isn())) + ">";
  }
  return out;
}

std::string describe(const script::CallSpec& call) {
  constexpr std::array<std::string_view, 18> kNames = {
      "socket", "bind",       "listen",     "accept", "connect",  "read",
      "write",  "send",       "recv",       "sendto", "recvfrom", "shutdown",
      "close",  "setsockopt", "getsockopt", "fcntl",  "ioctl",    "poll"};
  const auto index = static_cast<std::size_t>(call.name);
  const std::string_view name = index < kNames.size() ? kNames[index] : "call";
  return call.fd < 0 ? fmt::format("{}()", name) : fmt::format("{}({})", name, call.fd);
}

std::string describe_errno(int error) {
  if (error == 0) return "0";
  const char* name = strerrorname_np(error);
  return fmt::format("{} ({})", name != nullptr ? name : fmt::to_string(error).c_str(),
                     strerrordesc_np(error) != nullptr ? strerrordesc_np(error) : "unknown");
}

std::string describe(Duration time) {
  return fmt::format("{:.6f}", std::chrono::duration<double>(time).count());
}

}  // namespace synfin::play
