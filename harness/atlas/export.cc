// A cell as a program.
#include <fmt/format.h>

#include <algorithm>

#include "harness/atlas/describe.h"
#include "harness/atlas/replay.h"
#include "harness/atlas/set_ups.h"
#include "harness/wire/packet.h"

namespace synfin::atlas {
namespace {

// "RCV.NXT+700(1)", or "0:1(1)" where there are no numbers yet.
std::string seq_text(const Cell& cell, const Variables& variables, uint32_t length) {
  if (cell.seq == SeqClass::kAny) return fmt::format("0:{}({})", length, length);
  if (cell.seq != SeqClass::kMiddle) return fmt::format("{}({})", to_string(cell.seq), length);
  return fmt::format("RCV.NXT+{}({})", variables.rcv_wnd / 2, length);
}

std::string ack_text(const Cell& cell, const Variables& variables) {
  if (cell.ack == AckClass::kAny) return fmt::to_string(ack_of(cell.ack, variables));
  if (cell.ack != AckClass::kBetween) return std::string(to_string(cell.ack));
  return fmt::format("SND.UNA+{}", (variables.snd_nxt - variables.snd_una) / 2);
}

std::string flag_letters(Flags flags) {
  constexpr std::string_view kLetters = "FSRP.UEW";  // by the bits of octet 13, the lowest first
  std::string out;
  for (unsigned bit = 0; bit < kLetters.size(); ++bit) {
    const bool dot = kLetters[bit] == '.';
    if (!dot && (flags.bits >> bit & 1U) != 0) out += kLetters[bit];
  }
  if (flags.ack()) out += '.';
  return out.empty() ? "-" : out;
}

std::string options_text(OptionClass options) {
  const std::vector<uint8_t> octets = option_octets(options);
  if (octets.empty()) return "";
  const script::OptionSpec spec = options_of(options).front();
  if (spec.kind == script::OptionSpec::Kind::kTimestamps) {
    return fmt::format(" <TS val {} ecr 0>", spec.value);
  }
  return fmt::format(" <opt {} len {} 0x{:02x}>", octets[0], octets[1],
                     fmt::join(octets.begin() + 2, octets.begin() + 4, ""));
}

std::string comment(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return "// " + text + "\n";
}

}  // namespace

std::string cell_text(const Atlas& atlas, const SetUp& set_up, const Cell& cell,
                      const Behaviour* behaviour) {
  const SetUpInfo* info = find_set_up(set_up.id);
  const Stimulus stimulus = stimulus_of(cell, set_up.variables);
  std::string text = comment(fmt::format("{}: {}.", set_up.id, describe(cell)));
  if (behaviour != nullptr) {
    text += comment(fmt::format("{} {}: {}.", atlas.provenance.stack(),
                                atlas.provenance.stack_version(), describe(*behaviour)));
  }
  text += fmt::format("//@ ip {}\n\n", atlas.ipv6 ? 6 : 4);
  text += set_up.program;
  if (!text.ends_with('\n')) text += '\n';
  text += fmt::format("\n+0 < {} {}", flag_letters(stimulus.flags),
                      seq_text(cell, set_up.variables, stimulus.length));
  if (stimulus.flags.ack()) text += " ack " + ack_text(cell, set_up.variables);
  text += fmt::format(" win {}", stimulus.window);
  if (stimulus.flags.urg()) text += fmt::format(" urg {}", stimulus.urgent);
  text += options_text(stimulus.options);
  const auto quiet = std::chrono::duration<double>(atlas.quiet_time).count();
  text += fmt::format("\n+{:.3f} wait\n", quiet);
  const bool accepts = info != nullptr && info->accepts;
  const bool accepted =
      accepts && behaviour != nullptr && behaviour->api.accept && behaviour->api.accept->value >= 0;
  if (accepted) text += fmt::format("+0 accept({}, ..., ...) = {}\n", kListenerFd, kConnectionFd);
  if (info != nullptr && info->reads && (!accepts || accepted)) {
    text += fmt::format("+0 recv({}, ..., 4096, MSG_DONTWAIT)\n", kConnectionFd);
  }
  return text;
}

}  // namespace synfin::atlas
