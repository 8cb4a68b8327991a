#include "harness/report/ladder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace synfin::report {
namespace {

constexpr std::size_t kTimeColumns = 8;

bool is_segment(const Rung& rung) {
  return rung.kind == Rung::Kind::kToTarget || rung.kind == Rung::Kind::kFromTarget;
}

// Draws rung after rung once the widths of the columns are known.
class Drawing {
 public:
  Drawing(const std::vector<Rung>& rungs, const LadderOptions& options)
      : rungs_(rungs), options_(options) {
    measure();
  }

  std::string draw() {
    heading();
    for (const Rung& rung : rungs_) add(rung);
    return std::move(out_);
  }

 private:
  void measure();
  void heading();
  void add(const Rung& rung);
  std::string label(const Rung& rung) const;
  std::string middle(const Rung& rung) const;
  // The row up to the left bar; `gap` rungs have no time of their own.
  std::string left(const Rung& rung, bool first) const;
  void right(const Rung& rung, const std::string& note, bool first);
  std::string margin() const { return std::string(options_.indent, ' '); }
  std::size_t left_columns() const {
    return (options_.times ? kTimeColumns + 2 : 0) + (peer_ > 0 ? peer_ + 1 : 0);
  }
  Ink ink(const Rung& rung) const { return rung.notes.empty() ? Ink::kPlain : Ink::kRed; }

  const std::vector<Rung>& rungs_;
  const LadderOptions& options_;
  std::array<std::size_t, 4> cells_{};
  std::size_t label_ = 0;
  std::size_t peer_ = 0;
  std::size_t target_ = 0;
  bool several_ = false;  // connections
  std::string out_;
};

void Drawing::measure() {
  std::set<std::string> connections;
  for (const Rung& rung : rungs_) {
    connections.insert(rung.connection);
    peer_ = std::max(peer_, columns_of(rung.peer_state));
    target_ = std::max(target_, columns_of(rung.target_state));
    if (!is_segment(rung) || rung.cells.size() < cells_.size()) continue;
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      cells_[i] = std::max(cells_[i], columns_of(rung.cells[i]));
    }
  }
  several_ = connections.size() > 1;
  for (const Rung& rung : rungs_) {
    if (is_segment(rung)) label_ = std::max(label_, columns_of(label(rung)));
  }
  label_ = std::max(label_, columns_of(options_.peer) + 12);
}

std::string Drawing::label(const Rung& rung) const {
  std::string text;
  if (several_) text = fmt::format("[{}] ", rung.connection);
  if (rung.cells.size() == 1) text += rung.cells[0];
  for (std::size_t i = 0; rung.cells.size() > 1 && i < cells_.size(); ++i) {
    if (cells_[i] == 0) continue;
    text += pad_right(rung.cells[i], cells_[i] + (i + 1 < cells_.size() ? 2 : 0));
  }
  const auto append = [&](const std::string& part) {
    if (part.empty()) return;
    while (text.ends_with("   ")) text.pop_back();
    text += (text.ends_with(' ') ? "" : "  ") + part;
  };
  if (options_.windows) append(rung.window);
  append(rung.wrong);
  if (options_.options) append(rung.options);
  text.erase(text.find_last_not_of(' ') + 1);
  return shorten(text, options_.widest_label);
}

std::string Drawing::middle(const Rung& rung) const {
  constexpr std::size_t kArrow = 7;  // the line's least length, beside the label
  const std::size_t whole = label_ + kArrow;
  if (!is_segment(rung)) {
    return std::string(whole, ' ');
  }
  const std::string text = label(rung);
  std::string line;
  for (std::size_t i = columns_of(text) + 5; i < whole; ++i) line += "─";
  if (rung.kind == Rung::Kind::kToTarget) return "── " + text + " " + line + "▶";
  return "◀" + line + " " + text + " ──";
}

void Drawing::heading() {
  const std::size_t bars = label_ + 7 + 3;  // from one bar to the next
  out_ += margin() + std::string(left_columns(), ' ');
  out_ += options_.style.paint(Ink::kBold, options_.peer);
  out_ += std::string(bars - columns_of(options_.peer), ' ');
  out_ += options_.style.paint(Ink::kBold, options_.target) + "\n";
}

std::string Drawing::left(const Rung& rung, bool first) const {
  std::string text = margin();
  if (options_.times) {
    std::string time;
    if (first && rung.kind != Rung::Kind::kGap && rung.kind != Rung::Kind::kNote) {
      time = fmt::format("{:.3f}", static_cast<double>(rung.at_ns) * 1e-9);
    }
    text += options_.style.paint(Ink::kDim, pad_left(time, kTimeColumns)) + "  ";
  }
  if (peer_ > 0) {
    text += options_.style.paint(Ink::kDim, pad_left(first ? rung.peer_state : "", peer_)) + " ";
  }
  return text;
}

void Drawing::right(const Rung& rung, const std::string& note, bool first) {
  const bool call = rung.kind == Rung::Kind::kCall && first;
  const bool more = call || !note.empty();
  std::string state = first ? rung.target_state : "";
  if (more) state = pad_right(state, target_);
  std::string tail;
  if (call) {
    tail = (target_ > 0 ? "  " : "") + (several_ ? fmt::format("[{}] ", rung.connection) : "") +
           rung.cells[0];
  }
  if (!note.empty()) tail += "  ◀ " + note;
  if (!state.empty() || !tail.empty()) out_ += " ";
  out_ += options_.style.paint(ink(rung), state);
  out_ += note.empty() ? tail : options_.style.paint(Ink::kRed, tail);
  out_ += "\n";
}

void Drawing::add(const Rung& rung) {
  if (rung.kind == Rung::Kind::kGap) {
    out_ += left(rung, true) + "⋮" + std::string(label_ + 9, ' ') + "⋮\n";
    return;
  }
  out_ += left(rung, true) + "│ " + options_.style.paint(ink(rung), middle(rung)) + " │";
  right(rung, rung.notes.empty() ? "" : rung.notes[0], true);
  for (std::size_t i = 1; i < rung.notes.size(); ++i) {
    out_ += left(rung, false) + "│ " + std::string(label_ + 7, ' ') + " │";
    right(rung, rung.notes[i], false);
  }
}

}  // namespace

std::vector<Rung> around_notes(const std::vector<Rung>& rungs, std::size_t before,
                               std::size_t after) {
  std::vector<bool> keep(rungs.size(), false);
  bool any = false;
  for (std::size_t i = 0; i < rungs.size(); ++i) {
    if (rungs[i].notes.empty()) continue;
    any = true;
    const std::size_t from = i > before ? i - before : 0;
    const std::size_t to = std::min(rungs.size(), i + after + 1);
    std::fill(keep.begin() + static_cast<std::ptrdiff_t>(from),
              keep.begin() + static_cast<std::ptrdiff_t>(to), true);
  }
  if (!any) return rungs;
  std::vector<Rung> kept;
  for (std::size_t i = 0; i < rungs.size(); ++i) {
    if (keep[i]) {
      kept.push_back(rungs[i]);
    } else if (kept.empty() || kept.back().kind != Rung::Kind::kGap) {
      Rung gap;
      gap.kind = Rung::Kind::kGap;
      gap.connection = rungs[i].connection;
      kept.push_back(std::move(gap));
    }
  }
  return kept;
}

std::string draw_ladder(const std::vector<Rung>& rungs, const LadderOptions& options) {
  return Drawing(rungs, options).draw();
}

}  // namespace synfin::report
