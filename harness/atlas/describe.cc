#include "harness/atlas/describe.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <string_view>

#include "harness/atlas/cells.h"
#include "harness/wire/text.h"

namespace synfin::atlas {
namespace {

constexpr std::array<std::string_view, kBases> kBaseNames = {
    "",        "ISS",     "SND.UNA",         "SND.NXT", "IRS",
    "RCV.NXT", "SEG.SEQ", "SEG.SEQ+SEG.LEN", "SEG.ACK", "NEW.ISS"};

std::string describe(const Api::Outcome& outcome) {
  if (outcome.value >= 0) return fmt::to_string(outcome.value);
  const char* name = ::strerrorname_np(outcome.error);
  return name != nullptr ? name : fmt::format("errno {}", outcome.error);
}

}  // namespace

std::string describe(const Number& number) {
  if (number.base == Base::kZero) return fmt::to_string(static_cast<uint32_t>(number.offset));
  const std::string_view name = kBaseNames[static_cast<std::size_t>(number.base)];
  return number.offset == 0 ? std::string(name) : fmt::format("{}{:+}", name, number.offset);
}

std::string describe(const Wire& wire) {
  std::string out = fmt::format("{} seq {}", flags_text(wire.flags), describe(wire.seq));
  if (wire.length > 0) out += fmt::format(" ({})", wire.length);
  if (wire.flags.ack()) out += " ack " + describe(wire.ack);
  out += fmt::format(" win {}", wire.window);
  if (wire.flags.urg()) out += fmt::format(" urg {}", wire.urgent);
  if (!wire.options.empty()) out += fmt::format(" <{}>", wire::options_text(wire.options));
  if (!wire.text.empty()) out += " with other text";
  if (wire.reserved != 0) out += fmt::format(" reserved {:#x}", wire.reserved);
  if (wire.bad_checksum) out += " with a wrong checksum";
  return out;
}

std::string describe(const Behaviour& behaviour) {
  std::string out;
  for (const Wire& wire : behaviour.answers) out += describe(wire) + ", ";
  for (unsigned i = 0; i < behaviour.other_packets; ++i) out += "a packet that is not TCP, ";
  out = out.empty() ? "silence" : out.substr(0, out.size() - 2);
  if (!behaviour.broken.empty()) return out + "; " + behaviour.broken;
  out += fmt::format("; {}", to_string(behaviour.state));
  const Api& api = behaviour.api;
  if (api.accept) out += "; accept " + (api.accept->value >= 0 ? "ok" : describe(*api.accept));
  if (!api.read) return out;
  out += api.read->value == 0 ? "; end of text" : "; read " + describe(*api.read);
  return api.other_text ? out + " of other text" : out;
}

}  // namespace synfin::atlas
