// Heat maps: rows are flags, columns SEQ and ACK classes. A letter says what the stack did, and its
// colour the same.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "harness/atlas/cells.h"
#include "harness/atlas/domain.h"
#include "harness/atlas/words.h"
#include "harness/report/html_atlas_parts.h"
#include "harness/report/html_parts.h"

namespace synfin::report {
namespace {

using atlas::AckClass;
using atlas::Atlas;
using atlas::Behaviour;
using atlas::Cell;
using atlas::PayloadClass;
using atlas::SeqClass;
using atlas::SetUp;

constexpr std::size_t kGroup = 6;  // characters that a SEQ class has at least
constexpr char kNone = ' ';
constexpr char kSilent = '.';
constexpr char kSilentMove = 'M';
constexpr char kBroken = '!';

struct Letter {
  char letter;
  std::string_view meaning;
};
constexpr std::array<Letter, 5> kLetters = {{
    {'a', "ACK"},
    {'r', "RST"},
    {'s', "SYN"},
    {'o', "something else"},
    {kSilent, "silence"},
}};

// RST, SYN and FIN vary slowest: what they do shows as bands.
constexpr std::array<uint8_t, 8> kMain = {0,    kFin,        kSyn,        kSyn | kFin,
                                          kRst, kRst | kFin, kRst | kSyn, kRst | kSyn | kFin};
constexpr std::array<uint8_t, 4> kSide = {0, kPsh, kUrg, kPsh | kUrg};

std::string_view short_name(SeqClass seq) {
  constexpr std::array<std::string_view, atlas::kSeqClasses> kNames = {
      "any", "IRS", "NXT-1", "NXT", "NXT+1", "mid", "end-1", "end", "end+1", "2^31"};
  return kNames[static_cast<std::size_t>(seq)];
}

std::string long_name(PayloadClass payload) {
  switch (payload) {
    case PayloadClass::kEmpty:
      return "no text";
    case PayloadClass::kOne:
      return "1 octet";
    case PayloadClass::kStraddling:
      return "2 octets from RCV.NXT-1";
    case PayloadClass::kBeyondWindow:
      break;
  }
  return "RCV.WND+1 octets";
}

std::string flag_names(uint8_t flags) {
  std::string text = atlas::describe(Flags(flags));
  std::replace(text.begin(), text.end(), ',', ' ');
  return flags == 0 ? "–" : text;
}

std::string class_of(char letter) {
  switch (letter) {
    case kSilent:
      return "q";
    case kBroken:
      return "b";
    case kSilentMove:
      return "m";
    default:
      return std::string(1, letter);
  }
}

std::string text_of(const Behaviour& behaviour, const SetUp& set_up) {
  if (!behaviour.broken.empty()) return "broken\x1f" + behaviour.broken + "\x1f";
  const atlas::Words words = atlas::describe(behaviour, set_up);
  return words.answers + "\x1f" + std::string(to_string(behaviour.state)) + "\x1f" + words.api;
}

}  // namespace

uint32_t TextTable::number(const std::string& text) {
  const auto [found, added] = numbers_.emplace(text, static_cast<uint32_t>(texts_.size()));
  if (added) texts_.push_back(text);
  return found->second;
}

char letter_of(const Behaviour& behaviour, const SetUp& set_up) {
  if (!behaviour.broken.empty()) return kBroken;
  const bool moves = behaviour.state != set_up.state;
  if (behaviour.answers.empty()) return moves ? kSilentMove : kSilent;
  const auto any = [&](ControlBit bit) {
    return std::any_of(behaviour.answers.begin(), behaviour.answers.end(),
                       [bit](const atlas::Wire& wire) { return wire.flags.has(bit); });
  };
  const char letter = any(kRst) ? 'r' : any(kSyn) ? 's' : any(kAck) ? 'a' : 'o';
  return moves ? static_cast<char>(std::toupper(letter)) : letter;
}

std::string letters_key() {
  std::string items;
  for (const auto& [letter, meaning] : kLetters) {
    items += fmt::format("<li><i class=\"{}\">{}</i> {}</li>\n", class_of(letter), letter, meaning);
  }
  items += fmt::format("<li><i class=\"m\">{}</i> silence, and another state</li>\n", kSilentMove);
  items +=
      "<li><i class=\"A\">A</i> <i class=\"R\">R</i> <i class=\"S\">S</i> the same as the "
      "small letter, and another state</li>\n";
  items += fmt::format("<li><i class=\"b\">{}</i> the stack broke</li>\n", kBroken);
  items += "<li><i class=\"a x\">a</i> underlined: in a finding</li>\n";
  return "<ul class=\"key letters\">\n" + items + "</ul>\n";
}

// A place in a row: a cell's SEQ and ACK classes, or a gap.
struct AtlasMaps::Column {
  std::optional<SeqClass> seq;
  AckClass ack = AckClass::kNone;
};

// A row as text, and the numbers of what its cells did.
struct AtlasMaps::Drawn {
  std::string html;
  std::string numbers;
  friend bool operator==(const Drawn&, const Drawn&) = default;
};

AtlasMaps::AtlasMaps(const AtlasPage& page, std::size_t which, TextTable& texts)
    : atlas_(*page.atlases[which]), which_(which), texts_(texts), text_of_(atlas_.set_ups.size()) {
  for (const SetUp& set_up : atlas_.set_ups) marked_.emplace_back(set_up.entries.size());
  for (const atlas::Finding& finding : *page.findings) {
    for (const uint32_t cell : finding.cells) {
      const atlas::Place& place = page.domain->places[which][cell];
      marked_[place.set_up][place.entry] = true;
    }
  }
}

// First those without ACK, one for each SEQ class; then for each SEQ class those with ACK.
std::vector<AtlasMaps::Column> AtlasMaps::columns(const SetUp& set_up, PayloadClass payload) const {
  std::vector<SeqClass> seqs = atlas::seq_classes(set_up.variables);
  if (payload == PayloadClass::kStraddling) seqs = {SeqClass::kLeftBefore};
  const std::vector<AckClass> acks = atlas::ack_classes(set_up.variables);
  std::vector<Column> columns;
  for (const SeqClass seq : seqs) columns.push_back({seq, AckClass::kNone});
  columns.resize(std::max(columns.size(), kGroup) + 1);
  for (const SeqClass seq : seqs) {
    for (const AckClass ack : acks) columns.push_back({seq, ack});
    columns.resize(columns.size() + 1 + (acks.size() < kGroup ? kGroup - acks.size() : 0));
  }
  while (!columns.empty() && !columns.back().seq) columns.pop_back();
  return columns;
}

AtlasMaps::Drawn AtlasMaps::row(const SetUp& set_up, const std::vector<Column>& columns,
                                uint8_t flags, PayloadClass payload) {
  const auto index = static_cast<std::size_t>(&set_up - atlas_.set_ups.data());
  Drawn out;
  std::string run;  // letters of one class
  std::string run_class;
  uint32_t number = 0;
  std::size_t repeats = 0;
  const auto flush_number = [&] {
    if (repeats > 0) out.numbers += fmt::format("{}*{} ", number, repeats);
    repeats = 0;
  };
  const auto flush_run = [&] {
    if (run.empty()) return;
    out.html += run_class.empty() ? run : fmt::format("<i class=\"{}\">{}</i>", run_class, run);
    run.clear();
  };
  for (const Column& column : columns) {
    char letter = kNone;
    std::string name;
    if (column.seq) {
      Cell cell;
      cell.flags = column.ack == AckClass::kNone ? flags : static_cast<uint8_t>(flags | kAck);
      cell.seq = *column.seq;
      cell.ack = column.ack;
      cell.payload = payload;
      const auto entry = index_->find(cell);
      const uint32_t behaviour = entry ? set_up.entries[*entry].behaviour : atlas::kNotPlayed;
      if (behaviour == atlas::kNotPlayed) {
        letter = '?';
      } else {
        letter = letter_of(atlas_.behaviours[behaviour], set_up);
        name = class_of(letter) + (marked_[index][*entry] ? " x" : "");
        const auto [text, added] = text_of_[index].try_emplace(behaviour);
        if (added) {
          text->second = texts_.number(text_of(atlas_.behaviours[behaviour], set_up));
        }
        if (text->second != number) {
          flush_number();
          number = text->second;
        }
        ++repeats;
      }
    }
    if (name != run_class) {
      flush_run();
      run_class = name;
    }
    run += letter;
  }
  flush_run();
  flush_number();
  return out;
}

std::string AtlasMaps::map(const SetUp& set_up, PayloadClass payload) {
  const std::vector<Column> places = columns(set_up, payload);
  std::string layout;  // for the script: SEQ and ACK classes of each character
  std::string head(places.size() + kGroup, ' ');
  std::string acks(places.size(), ' ');
  std::optional<SeqClass> seq;
  const std::vector<AckClass> known = atlas::ack_classes(set_up.variables);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Column& column = places[i];
    layout += column.seq ? static_cast<char>('A' + static_cast<int>(*column.seq)) : ' ';
    layout += column.seq ? static_cast<char>('A' + static_cast<int>(column.ack)) : ' ';
    if (!column.seq) continue;
    if (column.ack == AckClass::kNone) {
      acks[i] = static_cast<char>('A' + static_cast<int>(*column.seq) -
                                  static_cast<int>(*places.front().seq));
      continue;
    }
    if (seq != column.seq) {
      const std::string_view name = short_name(*column.seq);
      std::copy(name.begin(), name.end(), head.begin() + static_cast<std::ptrdiff_t>(i));
      seq = column.seq;
    }
    const auto place = std::find(known.begin(), known.end(), column.ack) - known.begin();
    acks[i] = static_cast<char>('1' + place);
  }
  head.replace(0, 6, "no ACK");
  head.resize(head.find_last_not_of(' ') + 1);
  std::string rows =
      fmt::format("<div class=\"h\"><b></b>{}</div><div class=\"h\"><b></b>{}</div>", head, acks);
  for (const uint8_t main : kMain) {
    std::vector<Drawn> drawn;
    for (const uint8_t side : kSide) {
      drawn.push_back(row(set_up, places, static_cast<uint8_t>(main | side), payload));
    }
    const bool alike = std::all_of(drawn.begin(), drawn.end(),
                                   [&](const Drawn& each) { return each == drawn.front(); });
    for (std::size_t i = 0; i < (alike ? 1 : drawn.size()); ++i) {
      const auto flags = static_cast<uint8_t>(main | kSide[i]);
      rows += fmt::format("<div data-f=\"{}\" data-n=\"{}\"><b>{}</b>{}</div>", flags,
                          drawn[i].numbers, flag_names(flags) + (alike ? " *" : ""), drawn[i].html);
    }
  }
  return fmt::format("<div class=\"map\" tabindex=\"0\" data-layout=\"{}\">{}</div>\n", layout,
                     rows);
}

std::string AtlasMaps::of(const SetUp& set_up) {
  if (!set_up.reached) {
    return fmt::format("<p class=\"dim\">{} does not reach it: {}</p>\n",
                       html_escape(atlas_.provenance.stack()), html_escape(set_up.why));
  }
  index_.emplace(set_up.variables, atlas_.with);
  const auto payloads = atlas::payload_classes(set_up.variables);
  const std::string group = fmt::format("pay-{}-{}", which_, &set_up - atlas_.set_ups.data());
  std::string out = "<div class=\"pay\">\n";
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    out += fmt::format(
        "<input type=\"radio\" name=\"{0}\" id=\"{0}-{1}\"{2}><label for=\"{0}-{1}\""
        ">{3}</label>\n",
        group, i, i == 0 ? " checked" : "", long_name(payloads[i]));
  }
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    out += fmt::format("<div class=\"wide p{}\" data-payload=\"{}\">{}</div>\n", i,
                       long_name(payloads[i]), map(set_up, payloads[i]));
  }
  std::string seqs;
  char letter = 'A';
  for (const SeqClass seq : atlas::seq_classes(set_up.variables)) {
    seqs += fmt::format(" <b>{}</b> {}", letter++, html_escape(to_string(seq)));
  }
  std::string acks;
  std::size_t number = 1;
  for (const AckClass ack : atlas::ack_classes(set_up.variables)) {
    acks += fmt::format(" <b>{}</b> {}", number++, html_escape(to_string(ack)));
  }
  return out +
         fmt::format(
             "<p class=\"acks\">SEQ:{}<br>ACK:{}<br>RCV.WND {}; * whatever PSH and URG are</p>\n"
             "</div>\n",
             seqs, acks, set_up.variables.rcv_wnd);
}

}  // namespace synfin::report
