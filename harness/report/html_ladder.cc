// A ladder as inline SVG, narrow enough for a phone: states outside the two lines, segments and
// calls between them.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "harness/report/html_parts.h"
#include "harness/report/ladder.h"
#include "harness/report/style.h"

namespace synfin::report {
namespace {

constexpr int kTop = 26;
constexpr int kTime = 42;    // columns of pixels for the times
constexpr int kState = 78;   // and for a state on either side
constexpr int kLetter = 7;   // the width of a letter, a little more than it is
constexpr int kSmall = 6;    // of a small one
constexpr int kLine = 14;    // from one line of text to the next
constexpr int kLeast = 196;  // between the lines
constexpr int kMost = 340;
constexpr int kSmallest = 78;  // per cent: on a narrow screen it shrinks so far, then scrolls
constexpr std::size_t kLongest = 80;  // rungs of a whole ladder

bool is_segment(const Rung& rung) {
  return rung.kind == Rung::Kind::kToTarget || rung.kind == Rung::Kind::kFromTarget;
}

int width_of(const std::string& text, int letter) {
  return static_cast<int>(columns_of(text)) * letter;
}

class Drawing {
 public:
  Drawing(std::vector<Rung> rungs, std::string target)
      : rungs_(std::move(rungs)), target_(std::move(target)) {
    std::set<std::string> connections;
    for (const Rung& rung : rungs_) connections.insert(rung.connection);
    several_ = connections.size() > 1;
    int widest = kLeast;
    for (const Rung& rung : rungs_) widest = std::max(widest, width_of(label(rung), kLetter) + 30);
    between_ = std::min(widest, kMost);
  }

  std::string draw();

 private:
  int left() const { return kTime + kState; }
  int right() const { return left() + between_; }
  int middle() const { return left() + between_ / 2; }

  void add(const Rung& rung);
  void add_segment(const Rung& rung, bool wrong);
  void text(int x, int y, const char* name, const std::string& what, int room, int letter);
  std::string label(const Rung& rung) const;

  std::vector<Rung> rungs_;
  std::string target_;
  std::string out_;
  int between_ = kLeast;
  int y_ = kTop;
  bool several_ = false;
};

std::string Drawing::label(const Rung& rung) const {
  std::string text = several_ ? "[" + rung.connection + "]" : "";
  const auto append = [&](const std::string& part) {
    if (!part.empty()) text += (text.empty() ? "" : " ") + part;
  };
  for (const std::string& cell : rung.cells) append(cell);
  append(rung.window);
  append(rung.wrong);
  return text;
}

// Text that does not fit is cut off, and whole in its title.
void Drawing::text(int x, int y, const char* name, const std::string& what, int room, int letter) {
  if (what.empty()) return;
  const std::string shown = shorten(what, static_cast<std::size_t>(room / letter));
  const std::string title =
      shown == what ? "" : fmt::format("<title>{}</title>", html_escape(what));
  out_ += fmt::format("<text x=\"{}\" y=\"{}\" class=\"{}\">{}{}</text>", x, y, name, title,
                      html_escape(shown));
}

void Drawing::add_segment(const Rung& rung, bool wrong) {
  const bool forth = rung.kind == Rung::Kind::kToTarget;
  text(middle(), y_ + 10, wrong ? "m bad" : "m", label(rung), between_ - 12, kLetter);
  const int y = y_ + 16;
  const int from = forth ? left() : right();
  const int tip = forth ? right() - 1 : left() + 1;
  const int back = forth ? tip - 8 : tip + 8;
  out_ += fmt::format(
      "<path class=\"a{}\" d=\"M{} {}H{}\"/><path class=\"t{}\" d=\"M{} {}L{} {}L{} {}z\"/>",
      wrong ? " bad" : "", from, y, back, wrong ? " bad" : "", tip, y, back, y - 4, back, y + 4);
  y_ += 20;
  if (!rung.options.empty()) {
    text(middle(), y_ + 8, "m s", rung.options, between_ - 8, kSmall);
    y_ += 12;
  }
}

void Drawing::add(const Rung& rung) {
  if (rung.kind == Rung::Kind::kGap) {
    out_ += fmt::format("<text x=\"{}\" y=\"{}\" class=\"m d\">⋮</text>", middle(), y_ + 11);
    y_ += 18;
    return;
  }
  const bool wrong = !rung.notes.empty();
  const int base = y_ + (is_segment(rung) ? 19 : 11);
  if (rung.kind != Rung::Kind::kNote) {
    const std::string time = fmt::format("{:.3f}", static_cast<double>(rung.at_ns) * 1e-9);
    out_ += fmt::format("<text x=\"{}\" y=\"{}\" class=\"e d\">{}</text>", kTime - 6, base, time);
  }
  text(left() - 7, base, "e s", rung.peer_state, kState, kSmall);
  text(right() + 7, base, wrong ? "s bad" : "s", rung.target_state, kState, kSmall);
  if (is_segment(rung)) {
    add_segment(rung, wrong);
  } else {
    text(right() - 8, y_ + 11, "e c", label(rung), between_ - 16, kLetter);
    y_ += kLine + 2;
  }
  for (const std::string& note : rung.notes) {
    text(right() - 8, y_ + 10, "e bad", note, between_ + kTime + kState - 16, kLetter);
    y_ += kLine;
  }
  y_ += 4;
}

std::string Drawing::draw() {
  for (const Rung& rung : rungs_) add(rung);
  const int width = right() + kState;
  const std::string lines = fmt::format("<path class=\"l\" d=\"M{0} {1}V{2}M{3} {1}V{2}\"/>",
                                        left(), kTop - 6, y_, right());
  const std::string head = fmt::format(
      "<text x=\"{}\" y=\"13\" class=\"m b\">peer</text><text x=\"{}\" y=\"13\" class=\"m "
      "b\">{}</text>",
      left(), right(), html_escape(target_));
  return fmt::format(
      "<div class=\"wide\"><svg class=\"ladder\" role=\"img\" aria-label=\"What went between the "
      "peer and {0}\" width=\"{1}\" height=\"{2}\" viewBox=\"0 0 {1} {2}\" "
      "style=\"min-width:{3}px\">{4}{5}{6}</svg></div>\n",
      html_escape(target_), width, y_ + 6, width * kSmallest / 100, lines, head, out_);
}

}  // namespace

std::string html_ladder(const proto::CaseResult& result, const std::string& target) {
  std::vector<Rung> rungs = make_rungs(result, nullptr);
  constexpr std::size_t kBefore = 16;
  constexpr std::size_t kAfter = 4;
  if (rungs.size() > kLongest) rungs = around_notes(rungs, kBefore, kAfter);
  if (rungs.size() > kLongest) rungs.resize(kLongest);
  return Drawing(std::move(rungs), target).draw();
}

}  // namespace synfin::report
