#include "harness/atlas/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <string_view>
#include <vector>

#include "harness/play/describe.h"
#include "harness/wire/text.h"

namespace synfin::atlas {
namespace {

constexpr uint64_t bit(std::size_t value) { return uint64_t{1} << value; }
constexpr uint64_t bit(SeqClass value) { return bit(static_cast<std::size_t>(value)); }
constexpr uint64_t bit(AckClass value) { return bit(static_cast<std::size_t>(value)); }
constexpr uint64_t bit(PayloadClass value) { return bit(static_cast<std::size_t>(value)); }

void add(std::string& text, std::string_view more, std::string_view between = ", ") {
  if (more.empty()) return;
  if (!text.empty()) text += between;
  text += more;
}

// --- classes -------------------------------------------------------------------------------------

// Several classes under one name.
struct Group {
  uint64_t values;
  std::string_view name;
};

constexpr uint64_t kInWindow = bit(SeqClass::kLeft) | bit(SeqClass::kLeftAfter) |
                               bit(SeqClass::kMiddle) | bit(SeqClass::kRightBefore);
constexpr uint64_t kBefore = bit(SeqClass::kIrs) | bit(SeqClass::kLeftBefore);
constexpr uint64_t kBeyond =
    bit(SeqClass::kRight) | bit(SeqClass::kRightAfter) | bit(SeqClass::kOpposite);
constexpr std::array<Group, 7> kSeqGroups = {{
    {kInWindow, "SEQ in the window"},
    {kInWindow & ~bit(SeqClass::kLeft), "SEQ in the window, not RCV.NXT"},
    {kBefore, "SEQ before RCV.NXT"},
    {kBeyond, "SEQ beyond the window"},
    {kBefore | kBeyond, "SEQ outside the window"},
    {kBefore | kInWindow, "SEQ not beyond the window"},
    {kInWindow | kBeyond, "SEQ not before RCV.NXT"},
}};

constexpr uint64_t kOld =
    bit(AckClass::kTooOld) | bit(AckClass::kOldest) | bit(AckClass::kUnaBefore);
constexpr uint64_t kGood = bit(AckClass::kUna) | bit(AckClass::kBetween) | bit(AckClass::kNxt);
constexpr uint64_t kUnsent = bit(AckClass::kNxtAfter) | bit(AckClass::kOpposite);
constexpr std::array<Group, 7> kAckGroups = {{
    {kUnsent, "ACK of something never sent"},
    {kOld, "ACK of before SND.UNA"},
    {kOld & ~bit(AckClass::kTooOld), "ACK of before SND.UNA, by SND.MAX.WND at most"},
    {kGood, "good ACK"},
    {kOld | kGood, "ACK of something sent"},
    {kGood | kUnsent, "ACK of SND.UNA or after"},
    {kOld | kUnsent, "bad ACK"},
}};

constexpr uint64_t kText =
    bit(PayloadClass::kOne) | bit(PayloadClass::kStraddling) | bit(PayloadClass::kBeyondWindow);
constexpr std::array<Group, 2> kPayloadGroups = {{
    {kText, "with text"},
    {bit(PayloadClass::kEmpty), "no text"},
}};

std::string name_of(std::size_t dimension, std::size_t value) {
  switch (dimension) {
    case kSeqDimension:
      return fmt::format("SEQ {}", to_string(static_cast<SeqClass>(value)));
    case kAckDimension:
      return fmt::format("ACK {}", to_string(static_cast<AckClass>(value)));
    case kPayloadDimension:
      switch (static_cast<PayloadClass>(value)) {
        case PayloadClass::kEmpty:
          return "no text";
        case PayloadClass::kOne:
          return "1 octet";
        case PayloadClass::kStraddling:
          return "2 octets from RCV.NXT-1";
        case PayloadClass::kBeyondWindow:
          return "RCV.WND+1 octets";
      }
      return {};
    case kEcnDimension:
      return fmt::format("ECN bits {}", to_string(static_cast<EcnClass>(value)));
    default:
      return fmt::format("options {}", to_string(static_cast<OptionClass>(value)));
  }
}

// "SEQ RCV.NXT to RCV.NXT+RCV.WND": three or more that follow one another; empty for others.
std::string range(std::size_t dimension, uint64_t values, uint64_t possible) {
  const auto first = static_cast<std::size_t>(std::countr_zero(values));
  const std::size_t last = 63 - static_cast<std::size_t>(std::countl_zero(values));
  const uint64_t span = (bit(last) | (bit(last) - 1)) & ~(bit(first) - 1);
  const bool ordered = dimension == kSeqDimension || dimension == kAckDimension;
  if (!ordered || std::popcount(values) < 3 || (span & possible) != values) return {};
  const std::string end = name_of(dimension, last);
  return fmt::format("{} to {}", name_of(dimension, first), end.substr(end.find(' ') + 1));
}

// The values that a rule has of those that could be, in words; empty where they are all.
std::string classes(std::size_t dimension, uint64_t values, uint64_t possible,
                    std::span<const Group> groups) {
  values &= possible;
  if (values == possible) return {};
  for (const Group& group : groups) {
    const bool several = std::popcount(group.values & possible) > 1;
    if ((group.values & possible) == values && (several || std::has_single_bit(group.values))) {
      return std::string(group.name);
    }
  }
  std::string text = range(dimension, values, possible);
  if (!text.empty()) return text;
  const bool but = std::popcount(possible & ~values) == 1 && std::popcount(values) > 2;
  for (uint64_t rest = but ? possible & ~values : values; rest != 0; rest &= rest - 1) {
    const std::string name = name_of(dimension, static_cast<std::size_t>(std::countr_zero(rest)));
    // "SEQ RCV.NXT or RCV.NXT+1": the first word is said once.
    const bool repeats = !text.empty() && dimension != kPayloadDimension;
    add(text, repeats ? std::string_view(name).substr(name.find(' ') + 1) : name, " or ");
  }
  return but ? "not " + text : text;
}

// --- flags ---------------------------------------------------------------------------------------

constexpr std::array<std::pair<ControlBit, std::string_view>, kFlagBits> kFlagNames = {
    {{kSyn, "SYN"}, {kFin, "FIN"}, {kRst, "RST"}, {kAck, "ACK"}, {kPsh, "PSH"}, {kUrg, "URG"}}};
// Those without which a segment has hardly a meaning of its own.
constexpr uint8_t kSide = kPsh | kUrg;

std::string names(uint8_t flags, std::string_view between) {
  std::string text;
  for (const auto& [flag, name] : kFlagNames) {
    if ((flags & flag) != 0) add(text, name, between);
  }
  return text;
}

// Which flags are on and off in all segments of a rule; those that may be either are in neither.
struct FlagRule {
  uint8_t on = 0;
  uint8_t off = 0;
};

FlagRule flags_of(const Box& box, const Box& possible) {
  FlagRule rule;
  for (std::size_t i = 0; i < kFlagBits; ++i) {
    const std::size_t d = kFlagDimension + i;
    const uint64_t values = box[d] & possible[d];
    if (values == possible[d]) continue;
    const auto flag = static_cast<uint8_t>(1U << i);
    (values == 2 ? rule.on : rule.off) |= flag;
  }
  return rule;
}

std::string flags_in_words(const FlagRule& rule, bool no_text) {
  constexpr uint8_t kAll = (1U << kFlagBits) - 1;
  const uint8_t rest = kAll & ~rule.on & ~kSide;
  // The main flags are all settled: the segment has a name.
  if ((rule.off & rest) == rest) {
    std::string text = names(rule.on, ",");
    if (text.empty()) text = "no flags";
    if (rule.on == kAck && no_text) text = "bare ACK";
    const uint8_t also = rule.off & kSide;
    if (also != 0) text += " without " + names(also, ", ");
    return text;
  }
  if (rule.on == 0 && rule.off == 0) return "any segment";
  std::string text = rule.on == 0 ? "any segment" : "any segment with " + names(rule.on, ", ");
  if (rule.off != 0) text += " without " + names(rule.off, ", ");
  return text;
}

// --- states --------------------------------------------------------------------------------------

std::string state_of(const std::string& set_up) { return set_up.substr(0, set_up.find('/')); }

// A state of which all set-ups are there is told by its name; of others, which there are, or which
// are not: "ESTABLISHED (not hole)".
std::string states(const std::vector<std::string>& set_ups, uint64_t values) {
  struct Parts {
    std::string here;
    std::string missing;
    int count = 0;  // here
    int all = 0;
    bool plain = false;  // the set-up that has the state's own name
  };
  std::vector<std::string> order;
  std::map<std::string, Parts> parts;
  for (std::size_t i = 0; i < set_ups.size(); ++i) {
    const std::string state = state_of(set_ups[i]);
    Parts& part = parts[state];
    const bool here = (values & bit(i)) != 0;
    const bool plain = state == set_ups[i];
    if (here && part.count++ == 0) order.push_back(state);
    ++part.all;
    part.plain = part.plain || (here && plain);
    add(here ? part.here : part.missing,
        plain ? std::string_view("plain") : std::string_view(set_ups[i]).substr(state.size() + 1));
  }
  std::string text;
  for (const std::string& state : order) {
    const Parts& part = parts[state];
    add(text, state);
    const bool but = part.plain && part.count * 2 >= part.all;
    if (part.count == part.all) continue;
    text += but ? fmt::format(" (not {})", part.missing) : fmt::format(" ({})", part.here);
  }
  return text;
}

std::string where(const Domain& domain, uint64_t values) {
  const std::size_t all = domain.set_ups.size();
  const auto count = static_cast<std::size_t>(std::popcount(values));
  if (count == all && all > 1) return "every state";
  const uint64_t missing = ~values & (all == 64 ? ~uint64_t{0} : bit(all) - 1);
  if (all > 3 && count * 3 >= all * 2) {
    return "every state but " + states(domain.set_ups, missing);
  }
  return states(domain.set_ups, values);
}

// Whether there is an ACK number the flag tells as well as the class: the same box, said by the
// flag.
Box said_by_flags(const Grid& grid, Box box) {
  constexpr std::size_t kFlag = kFlagDimension + std::countr_zero(uint8_t{kAck});
  const uint64_t none = bit(AckClass::kNone);
  const uint64_t here = box[kAckDimension] & grid.around(box)[kAckDimension];
  const bool on = (here & none) == 0;
  const bool off = here == none;
  if (on) {
    box[kFlag] = 2;
    box[kAckDimension] |= none;
  } else if (off) {
    box[kFlag] = 1;
    box[kAckDimension] = bit(grid.size(kAckDimension)) - 1;
  }
  return box;
}

}  // namespace

Rule describe(const Domain& domain, const Box& prime) {
  Box box = said_by_flags(domain.grid, prime);
  // Set-ups that have none of these cells are in a prime as well.
  box[kSetUpDimension] &= domain.grid.around(box)[kSetUpDimension];
  const Box possible = domain.grid.around(box);
  Rule rule;
  rule.states = where(domain, box[kSetUpDimension] & possible[kSetUpDimension]);
  const uint64_t payload = box[kPayloadDimension] & possible[kPayloadDimension];
  const bool no_text = payload == bit(PayloadClass::kEmpty);
  const FlagRule flags = flags_of(box, possible);
  rule.segment = flags_in_words(flags, no_text);
  const auto say = [&](std::size_t d, std::span<const Group> groups) {
    add(rule.segment, classes(d, box[d], possible[d], groups));
  };
  say(kSeqDimension, kSeqGroups);
  // Whether there is an ACK number at all, the flags tell.
  Box acks = possible;
  acks[kAckDimension] &= ~bit(AckClass::kNone);
  if (acks[kAckDimension] != 0) {
    add(rule.segment, classes(kAckDimension, box[kAckDimension], acks[kAckDimension], kAckGroups));
  }
  if (!rule.segment.starts_with("bare")) say(kPayloadDimension, kPayloadGroups);
  say(kEcnDimension, {});
  say(kOptionDimension, {});
  return rule;
}

// --- behaviours ----------------------------------------------------------------------------------

std::string describe(const Number& number, const Variables& variables) {
  constexpr std::array<std::string_view, kBases> kNames = {
      "",        "ISS",     "SND.UNA",         "SND.NXT", "IRS",
      "RCV.NXT", "SEG.SEQ", "SEG.SEQ+SEG.LEN", "SEG.ACK", "its ISS"};
  if (number.base == Base::kZero) return fmt::to_string(number.offset);
  std::string text(kNames[static_cast<std::size_t>(number.base)]);
  int64_t offset = number.offset;
  const auto window = static_cast<int64_t>(variables.rcv_wnd);
  const bool receives = number.base == Base::kRcvNxt || number.base == Base::kIrs;
  if (receives && window > 2 && offset >= window - 1 && offset <= window + 1) {
    text += "+RCV.WND";
    offset -= window;
  }
  if (offset != 0) text += fmt::format("{:+}", offset);
  return text;
}

std::string describe(Flags flags) {
  std::string text = names(flags.bits & ((1U << kFlagBits) - 1), ",");
  if (flags.has(kEce)) add(text, "ECE", ",");
  if (flags.has(kCwr)) add(text, "CWR", ",");
  return text.empty() ? "no flags" : text;
}

std::string describe(const Wire& answer, const Variables& variables) {
  std::string text = describe(answer.flags);
  text += " seq " + describe(answer.seq, variables);
  if (answer.flags.ack()) text += " ack " + describe(answer.ack, variables);
  if (answer.length > 0) text += fmt::format(" with {} octets", answer.length);
  if (!answer.text.empty()) text += " that are not its text";
  // A size is each stack's own; whether there is room is not.
  if (answer.window == 0 && !answer.flags.rst() && variables.rcv_wnd > 0) text += " win 0";
  if (answer.urgent != 0) text += fmt::format(" urg {}", answer.urgent);
  if (answer.reserved != 0) text += " with reserved bits";
  if (answer.bad_checksum) text += " with a bad checksum";
  return text;
}

namespace {

std::string octets(int64_t count, const Variables& variables) {
  const auto window = static_cast<int64_t>(variables.rcv_wnd);
  if (window > 2 && count == window) return "RCV.WND octets";
  return fmt::format("{} octet{}", count, count == 1 ? "" : "s");
}

std::string error_name(int error) {
  const std::string text = play::describe_errno(error);
  return text.substr(0, text.find(' '));
}

std::string api_in_words(const Api& api, const Variables& variables) {
  std::string text;
  if (api.accept) {
    add(text, api.accept->value >= 0 ? "accept: a connection"
                                     : "accept: " + error_name(api.accept->error));
  }
  if (api.read) {
    std::string read = "read: ";
    if (api.read->value > 0) {
      read += octets(api.read->value, variables);
      if (api.other_text) read += " that the peer did not send";
    } else {
      read += api.read->value == 0 ? "end of text" : error_name(api.read->error);
    }
    add(text, read);
  }
  return text;
}

}  // namespace

Words describe(const Behaviour& behaviour, const SetUp& set_up) {
  Words words;
  for (const Wire& answer : behaviour.answers) {
    add(words.answers, describe(answer, set_up.variables), "; ");
    add(words.options, wire::options_text(answer.options), "; ");
  }
  if (behaviour.other_packets > 0) {
    add(words.answers, fmt::format("{} packets of another kind", behaviour.other_packets), "; ");
  }
  if (words.answers.empty()) words.answers = "silence";
  words.state = behaviour.state == set_up.state ? "stays" : std::string(to_string(behaviour.state));
  words.api = api_in_words(behaviour.api, set_up.variables);
  return words;
}

}  // namespace synfin::atlas
