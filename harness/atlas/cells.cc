#include "harness/atlas/cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "harness/wire/options.h"
#include "harness/wire/packet.h"

namespace synfin::atlas {
namespace {

constexpr uint32_t kHalfTurn = 1U << 31U;

// Of those that coincide, the first in this order stands for all.
constexpr std::array kSeqRank = {
    SeqClass::kLeft,       SeqClass::kLeftBefore, SeqClass::kLeftAfter,
    SeqClass::kIrs,        SeqClass::kRight,      SeqClass::kRightBefore,
    SeqClass::kRightAfter, SeqClass::kMiddle,     SeqClass::kOpposite};
constexpr std::array kAckRank = {AckClass::kUna,      AckClass::kNxt,     AckClass::kUnaBefore,
                                 AckClass::kNxtAfter, AckClass::kOldest,  AckClass::kTooOld,
                                 AckClass::kBetween,  AckClass::kOpposite};

// Those of `rank` that are distinct by `number`, in the order of their enumerators.
template <typename Class, std::size_t size, typename NumberOf>
std::vector<Class> distinct(const std::array<Class, size>& rank, const NumberOf& number) {
  std::vector<Class> kept;
  for (const Class each : rank) {
    const bool known = std::any_of(kept.begin(), kept.end(),
                                   [&](Class other) { return number(other) == number(each); });
    if (!known) kept.push_back(each);
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

constexpr std::array<std::pair<ControlBit, std::string_view>, 8> kFlagWords = {{{kSyn, "SYN"},
                                                                                {kFin, "FIN"},
                                                                                {kRst, "RST"},
                                                                                {kPsh, "PSH"},
                                                                                {kAck, "ACK"},
                                                                                {kUrg, "URG"},
                                                                                {kEce, "ECE"},
                                                                                {kCwr, "CWR"}}};

}  // namespace

uint32_t seq_of(SeqClass seq, const Variables& variables) {
  const uint32_t left = variables.rcv_nxt;
  const uint32_t right = left + variables.rcv_wnd;
  switch (seq) {
    case SeqClass::kAny:
    case SeqClass::kIrs:
      return 0;
    case SeqClass::kLeftBefore:
      return left - 1;
    case SeqClass::kLeft:
      return left;
    case SeqClass::kLeftAfter:
      return left + 1;
    case SeqClass::kMiddle:
      return left + variables.rcv_wnd / 2;
    case SeqClass::kRightBefore:
      return right - 1;
    case SeqClass::kRight:
      return right;
    case SeqClass::kRightAfter:
      return right + 1;
    case SeqClass::kOpposite:
      return left + kHalfTurn;
  }
  return 0;
}

uint32_t ack_of(AckClass ack, const Variables& variables) {
  const uint32_t una = variables.snd_una;
  const uint32_t nxt = variables.snd_nxt;
  switch (ack) {
    case AckClass::kNone:
      return 0;
    case AckClass::kAny:
      return 1;
    case AckClass::kTooOld:
      return una - variables.snd_max_wnd - 1;
    case AckClass::kOldest:
      return una - variables.snd_max_wnd;
    case AckClass::kUnaBefore:
      return una - 1;
    case AckClass::kUna:
      return una;
    case AckClass::kBetween:
      return una + (nxt - una) / 2;
    case AckClass::kNxt:
      return nxt;
    case AckClass::kNxtAfter:
      return nxt + 1;
    case AckClass::kOpposite:
      return nxt + kHalfTurn;
  }
  return 0;
}

uint32_t length_of(PayloadClass payload, const Variables& variables) {
  switch (payload) {
    case PayloadClass::kEmpty:
      return 0;
    case PayloadClass::kOne:
      return 1;
    case PayloadClass::kStraddling:
      return 2;
    case PayloadClass::kBeyondWindow:
      return variables.rcv_wnd + 1;
  }
  return 0;
}

std::vector<SeqClass> seq_classes(const Variables& variables) {
  if (!variables.irs_known) return {SeqClass::kAny};
  return distinct(kSeqRank, [&](SeqClass seq) { return seq_of(seq, variables); });
}

std::vector<AckClass> ack_classes(const Variables& variables) {
  if (!variables.iss_known) return {AckClass::kAny};
  return distinct(kAckRank, [&](AckClass ack) { return ack_of(ack, variables); });
}

// Two octets straddle the left edge where there is one. Of a window of 0 one octet is beyond it,
// and what is larger than a packet cannot be sent.
std::vector<PayloadClass> payload_classes(const Variables& variables) {
  std::vector<PayloadClass> classes = {PayloadClass::kEmpty, PayloadClass::kOne};
  if (!variables.irs_known) return classes;
  if (variables.rcv_wnd != 1) classes.push_back(PayloadClass::kStraddling);
  const bool fits = variables.rcv_wnd < kMostText;
  if (variables.rcv_wnd > 0 && fits) classes.push_back(PayloadClass::kBeyondWindow);
  return classes;
}

std::optional<SeqClass> representative(SeqClass seq, const Variables& variables) {
  if (!variables.irs_known) return SeqClass::kAny;
  if (seq == SeqClass::kAny) return std::nullopt;
  for (const SeqClass each : seq_classes(variables)) {
    if (seq_of(each, variables) == seq_of(seq, variables)) return each;
  }
  return std::nullopt;
}

std::optional<AckClass> representative(AckClass ack, const Variables& variables) {
  if (ack == AckClass::kNone) return ack;
  if (!variables.iss_known) return AckClass::kAny;
  if (ack == AckClass::kAny) return std::nullopt;
  for (const AckClass each : ack_classes(variables)) {
    if (ack_of(each, variables) == ack_of(ack, variables)) return each;
  }
  return std::nullopt;
}

std::vector<Cell> cells_of(const Variables& variables, const With& with) {
  const std::vector<SeqClass> seqs = seq_classes(variables);
  const std::vector<AckClass> acks = ack_classes(variables);
  const std::vector<PayloadClass> payloads = payload_classes(variables);
  const std::vector<SeqClass> straddling = {SeqClass::kLeftBefore};
  const std::vector<AckClass> none = {AckClass::kNone};
  std::vector<Cell> cells;
  const auto add = [&](Cell cell) {
    for (unsigned flags = 0; flags < kFlagSets; ++flags) {
      cell.flags = static_cast<uint8_t>(flags);
      for (const PayloadClass payload : payloads) {
        cell.payload = payload;
        for (const SeqClass seq : payload == PayloadClass::kStraddling ? straddling : seqs) {
          cell.seq = seq;
          for (const AckClass ack : Flags(flags).ack() ? acks : none) {
            cell.ack = ack;
            cells.push_back(cell);
          }
        }
      }
    }
  };
  for (std::size_t ecn = 0; ecn < (with.ecn ? kEcnClasses : 1); ++ecn) {
    for (std::size_t options = 0; options < (with.options ? kOptionClasses : 1); ++options) {
      Cell cell;
      cell.ecn = static_cast<EcnClass>(ecn);
      cell.options = static_cast<OptionClass>(options);
      add(cell);
    }
  }
  return cells;
}

Stimulus stimulus_of(const Cell& cell, const Variables& variables) {
  Stimulus out;
  out.flags = Flags(cell.flags);
  out.flags.set(kEce, cell.ecn == EcnClass::kEce || cell.ecn == EcnClass::kBoth);
  out.flags.set(kCwr, cell.ecn == EcnClass::kCwr || cell.ecn == EcnClass::kBoth);
  out.seq = seq_of(cell.seq, variables);
  if (out.flags.ack()) out.ack = ack_of(cell.ack, variables);
  out.length = length_of(cell.payload, variables);
  // Before the peer has announced a window, the segment may be the one that does.
  out.window = variables.snd_max_wnd == 0 ? kPeerWindow : static_cast<uint16_t>(variables.snd_wnd);
  if (out.flags.urg()) out.urgent = static_cast<uint16_t>(out.length);
  out.options = cell.options;
  return out;
}

std::vector<script::OptionSpec> options_of(OptionClass options) {
  script::OptionSpec spec;
  switch (options) {
    case OptionClass::kNone:
      return {};
    case OptionClass::kTimestamps:
    case OptionClass::kOldTimestamps:
      spec.kind = script::OptionSpec::Kind::kTimestamps;
      spec.value = options == OptionClass::kTimestamps ? kSetUpTsval + 100 : kSetUpTsval - 100;
      break;
    case OptionClass::kBadLength:
      spec.kind = script::OptionSpec::Kind::kRaw;
      spec.value = wire::kOptionMss;
      spec.raw_length = 40;
      spec.raw = {0x05, 0xb4};
      break;
    case OptionClass::kUnknown:
      spec.kind = script::OptionSpec::Kind::kRaw;
      spec.value = wire::kOptionExperiment1;
      spec.raw_length = 4;
      spec.raw = {0xab, 0xcd};
      break;
  }
  return {spec};
}

std::vector<uint8_t> option_octets(OptionClass options) {
  wire::OptionOctets out;
  for (const script::OptionSpec& spec : options_of(options)) {
    if (spec.kind == script::OptionSpec::Kind::kTimestamps) {
      (void)out.timestamps(spec.value, spec.echo);
    } else {
      (void)out.raw(static_cast<uint8_t>(spec.value), spec.raw_length, spec.raw);
    }
  }
  out.pad();
  return {out.octets().begin(), out.octets().end()};
}

std::string flags_text(Flags flags) {
  std::string out;
  for (const auto& [bit, word] : kFlagWords) {
    if (flags.has(bit)) out += fmt::format("{}{}", out.empty() ? "" : " ", word);
  }
  return out.empty() ? "no flags" : out;
}

std::optional<Flags> find_flags(std::string_view text) {
  constexpr std::string_view kLetters = "SFRP.UEW";
  Flags flags;
  if (text == "-" || text == "no flags" || text == "none") return flags;
  if (text.find_first_not_of(kLetters) == std::string_view::npos) {
    for (const char letter : text) flags.set(kFlagWords[kLetters.find(letter)].first);
    return text.empty() ? std::nullopt : std::optional(flags);
  }
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" ,+"), text.size());
    const std::string_view word = text.substr(0, end);
    const auto found = std::find_if(kFlagWords.begin(), kFlagWords.end(),
                                    [&](const auto& each) { return each.second == word; });
    if (found == kFlagWords.end()) return std::nullopt;
    flags.set(found->first);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return flags;
}

std::string describe(const Cell& cell) {
  std::string out = fmt::format("{} seq {}", flags_text(Flags(cell.flags)), to_string(cell.seq));
  if (cell.ack != AckClass::kNone) out += fmt::format(" ack {}", to_string(cell.ack));
  out += fmt::format(" payload {}", to_string(cell.payload));
  if (cell.ecn != EcnClass::kNone) out += fmt::format(" ecn {}", to_string(cell.ecn));
  if (cell.options != OptionClass::kNone) {
    out += fmt::format(" options {}", to_string(cell.options));
  }
  return out;
}

}  // namespace synfin::atlas
