// The state diagram as the transition table has it, with the moves that the run made in colour.
// Moves to CLOSED stand as words in the box of the state they leave: eleven arrows to one box would
// hide the others.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "engine/state.h"
#include "harness/report/html_parts.h"

namespace synfin::report {
namespace {

constexpr int kWidth = 178;  // of a box
constexpr int kTitle = 26;
constexpr int kChip = 15;    // the height of a line of words in a box
constexpr int kSecond = 87;  // where the second column of words begins
constexpr int kPitch = 122;

struct Place {
  int x;  // the middle of the box
  int row;
};

// In the order of State.
constexpr std::array<Place, kStateCount> kPlaces = {{{346, 0},
                                                     {346, 1},
                                                     {600, 2},
                                                     {92, 2},
                                                     {346, 3},
                                                     {92, 4},
                                                     {92, 5},
                                                     {600, 4},
                                                     {346, 5},
                                                     {600, 5},
                                                     {346, 6}}};

enum class Side : uint8_t { kTop, kBottom, kLeft, kRight };

// How an arrow leaves its box and comes to the other: a side, and how far along it (-1 to 1).
struct Route {
  State from;
  State to;
  Side leaves;
  double leaves_at;
  Side comes;
  double comes_at;
  bool bent = false;  // a curve round the corner instead of a straight line
};

// What has no entry is a straight line from middle to middle.
constexpr auto kRoutes = std::to_array<Route>({
    {State::kClosed, State::kListen, Side::kBottom, 0, Side::kTop, 0},
    {State::kClosed, State::kSynSent, Side::kRight, 0, Side::kTop, 0.45, true},
    {State::kListen, State::kSynSent, Side::kRight, 0, Side::kTop, -0.35, true},
    {State::kListen, State::kSynReceived, Side::kLeft, 0, Side::kTop, 0, true},
    {State::kSynReceived, State::kListen, Side::kTop, 0.7, Side::kBottom, -0.6},
    {State::kSynSent, State::kSynReceived, Side::kLeft, 0, Side::kRight, 0},
    {State::kSynReceived, State::kEstablished, Side::kBottom, 0.6, Side::kTop, -0.5},
    {State::kSynSent, State::kEstablished, Side::kBottom, -0.6, Side::kTop, 0.5},
    {State::kSynReceived, State::kFinWait1, Side::kBottom, -0.3, Side::kTop, -0.3},
    {State::kEstablished, State::kFinWait1, Side::kBottom, -0.5, Side::kTop, 0.6},
    {State::kEstablished, State::kCloseWait, Side::kBottom, 0.5, Side::kTop, -0.6},
    {State::kFinWait1, State::kFinWait2, Side::kBottom, -0.3, Side::kTop, -0.3},
    {State::kFinWait1, State::kClosing, Side::kRight, 0, Side::kTop, 0, true},
    {State::kFinWait1, State::kTimeWait, Side::kBottom, 0.85, Side::kTop, -0.7},
    {State::kFinWait2, State::kTimeWait, Side::kBottom, 0, Side::kLeft, 0, true},
    {State::kClosing, State::kTimeWait, Side::kBottom, 0.2, Side::kTop, 0.2},
    {State::kCloseWait, State::kLastAck, Side::kBottom, 0, Side::kTop, 0},
});

struct Point {
  double x;
  double y;
};

// The moves from one state to another, by whatever events.
struct Arrow {
  State from;
  State to;
  std::vector<const Edge*> edges;
};

class Diagram {
 public:
  explicit Diagram(const proto::RunResult& run) {
    for (const proto::EdgeTaken& taken : run.edges_taken()) {
      for (std::size_t i = 0; i < kEdges.size(); ++i) {
        const Edge& edge = kEdges[i];
        if (to_string(edge.from) == taken.from() && to_string(edge.to) == taken.to() &&
            to_string(edge.event) == taken.event()) {
          cases_[i] = taken.cases();
        }
      }
    }
  }

  std::string draw();
  std::string table() const;
  std::size_t taken() const {
    return kEdges.size() - static_cast<std::size_t>(std::count(cases_.begin(), cases_.end(), 0U));
  }

 private:
  uint32_t cases_of(const Edge& edge) const {
    return cases_[static_cast<std::size_t>(&edge - kEdges.data())];
  }
  bool visited(State state) const;
  static int height_of(State state);
  static Point side_of(State state, Side side, double at);
  void draw_box(State state);
  void draw_arrow(const Arrow& arrow);
  void draw_way_round(const Arrow& arrow);
  void draw_path(const Arrow& arrow, const std::string& path, Point middle);
  std::string title_of(const Edge& edge) const;

  std::array<uint32_t, kEdges.size()> cases_{};
  std::string arrows_;
  std::string boxes_;
};

std::vector<const Edge*> moves(State from, State to) {
  std::vector<const Edge*> edges;
  for (const Edge& edge : kEdges) {
    if (edge.from == from && edge.to == to) edges.push_back(&edge);
  }
  return edges;
}

// As short as the box wants it.
std::string word_of(EventKind event) {
  if (event == EventKind::kFinWait2Timeout) return "FW2 timeout";
  return std::string(to_string(event));
}

int Diagram::height_of(State state) {
  const int words = static_cast<int>(moves(state, State::kClosed).size());
  return kTitle + (words > 0 ? (words + 1) / 2 * kChip + 5 : 0);
}

Point Diagram::side_of(State state, Side side, double at) {
  const Place& place = kPlaces[static_cast<std::size_t>(state)];
  const double height = height_of(state);
  const double top = 8 + place.row * kPitch;
  switch (side) {
    case Side::kTop:
      return {place.x + at * kWidth / 2, top};
    case Side::kBottom:
      return {place.x + at * kWidth / 2, top + height};
    case Side::kLeft:
      return {place.x - kWidth / 2.0, top + height / 2 + at * height / 2};
    case Side::kRight:
      break;
  }
  return {place.x + kWidth / 2.0, top + height / 2 + at * height / 2};
}

bool Diagram::visited(State state) const {
  return std::any_of(kEdges.begin(), kEdges.end(), [&](const Edge& edge) {
    return (edge.from == state || edge.to == state) && cases_of(edge) > 0;
  });
}

std::string Diagram::title_of(const Edge& edge) const {
  const uint32_t cases = cases_of(edge);
  return fmt::format(
      "{} → {} by {} ({}): {}", to_string(edge.from), to_string(edge.to), to_string(edge.event),
      info(edge.clause).id,
      cases == 0 ? "not in this run" : fmt::format("in {} case{}", cases, cases == 1 ? "" : "s"));
}

void Diagram::draw_box(State state) {
  const Point corner = side_of(state, Side::kTop, -1);
  const int height = height_of(state);
  boxes_ += fmt::format(
      "<rect class=\"box{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"7\"/><text "
      "class=\"name\" x=\"{}\" y=\"{}\">{}</text>",
      visited(state) ? " on" : "", corner.x, corner.y, kWidth, height, corner.x + kWidth / 2.0,
      corner.y + 18, to_string(state));
  int place = 0;
  for (const Edge* edge : moves(state, State::kClosed)) {
    const bool on = cases_of(*edge) > 0;
    const int row = place / 2;
    const double x = corner.x + 8 + place % 2 * kSecond;
    const double y = corner.y + kTitle + 9 + row * kChip;
    boxes_ +=
        fmt::format("<text class=\"w{}\" x=\"{}\" y=\"{}\">{} {}<title>{}</title></text>",
                    on ? " on" : "", x, y, on ? "●" : "○", word_of(edge->event), title_of(*edge));
    ++place;
  }
}

void Diagram::draw_path(const Arrow& arrow, const std::string& path, Point middle) {
  const bool on = std::any_of(arrow.edges.begin(), arrow.edges.end(),
                              [this](const Edge* edge) { return cases_of(*edge) > 0; });
  std::string words;
  std::string titles;
  for (const Edge* edge : arrow.edges) {
    words += fmt::format("{}<tspan class=\"{}\">{}</tspan>", words.empty() ? "" : ", ",
                         cases_of(*edge) > 0 ? "on" : "off", word_of(edge->event));
    titles += (titles.empty() ? "" : "\n") + title_of(*edge);
  }
  arrows_ += fmt::format(
      "<g><title>{}</title><path class=\"edge{}\" d=\"{}\" marker-end=\"url(#{})\"/><text "
      "class=\"ev\" x=\"{:.0f}\" y=\"{:.0f}\">{}</text></g>",
      titles, on ? " on" : "", path, on ? "tip-on" : "tip", middle.x, middle.y + 4, words);
}

// TIME-WAIT to SYN-RECEIVED goes round the whole left side.
void Diagram::draw_way_round(const Arrow& arrow) {
  const Point from = side_of(arrow.from, Side::kLeft, 0.6);
  const Point to = side_of(arrow.to, Side::kLeft, 0);
  constexpr int kFar = -24;
  const std::string path =
      fmt::format("M{0} {1}H{2}Q{3} {1} {3} {4}V{5}Q{3} {6} {2} {6}H{7}", from.x, from.y, kFar + 10,
                  kFar, from.y - 10, to.y + 10, to.y, to.x - 2);
  draw_path(arrow, path, {100, from.y});
}

void Diagram::draw_arrow(const Arrow& arrow) {
  if (arrow.from == State::kTimeWait && arrow.to == State::kSynReceived) {
    draw_way_round(arrow);
    return;
  }
  const auto found = std::find_if(kRoutes.begin(), kRoutes.end(), [&](const Route& route) {
    return route.from == arrow.from && route.to == arrow.to;
  });
  const Route route = found != kRoutes.end() ? *found : Route{arrow.from, arrow.to,   Side::kBottom,
                                                              0,          Side::kTop, 0};
  const Point a = side_of(route.from, route.leaves, route.leaves_at);
  const Point b = side_of(route.to, route.comes, route.comes_at);
  if (!route.bent) {
    draw_path(arrow, fmt::format("M{:.1f} {:.1f}L{:.1f} {:.1f}", a.x, a.y, b.x, b.y),
              {(a.x + b.x) / 2, (a.y + b.y) / 2});
    return;
  }
  const bool sideways = route.leaves == Side::kLeft || route.leaves == Side::kRight;
  const Point c = sideways ? Point{b.x, a.y} : Point{a.x, b.y};
  draw_path(arrow,
            fmt::format("M{:.1f} {:.1f}Q{:.1f} {:.1f} {:.1f} {:.1f}", a.x, a.y, c.x, c.y, b.x, b.y),
            {(a.x + 2 * c.x + b.x) / 4, (a.y + 2 * c.y + b.y) / 4});
}

std::string Diagram::draw() {
  for (std::size_t from = 0; from < kStateCount; ++from) {
    draw_box(static_cast<State>(from));
    for (std::size_t to = 1; to < kStateCount; ++to) {  // CLOSED is 0
      Arrow arrow{static_cast<State>(from), static_cast<State>(to), {}};
      arrow.edges = moves(arrow.from, arrow.to);
      if (!arrow.edges.empty()) draw_arrow(arrow);
    }
  }
  constexpr const char* kTip =
      "<marker id=\"{0}\" class=\"{0}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
      "markerWidth=\"9\" markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path "
      "d=\"M0 0L8 4L0 8z\"/></marker>";
  return fmt::format(
      "<div class=\"wide\"><svg class=\"states\" role=\"img\" aria-label=\"The states and the "
      "moves "
      "between them; the table below has the same\" width=\"730\" height=\"830\" viewBox=\"-32 0 "
      "730 "
      "830\"><defs>{}{}</defs>{}{}</svg></div>\n",
      fmt::format(kTip, "tip"), fmt::format(kTip, "tip-on"), arrows_, boxes_);
}

std::string Diagram::table() const {
  std::string out =
      "<div class=\"wide\"><table class=\"moves\">\n<thead><tr><th>from</th><th>event</th>"
      "<th>to</th><th>rule</th><th class=\"n\">cases</th></tr></thead>\n<tbody>\n";
  for (const Edge& edge : kEdges) {
    const uint32_t cases = cases_of(edge);
    out += fmt::format(
        "<tr{0}><td>{1}</td><td>{2}</td><td>{3}</td><td><a class=\"id\" "
        "href=\"#rule-{4}\">{4}</a></td><td class=\"n\">{5}</td></tr>\n",
        cases == 0 ? " class=\"dim\"" : "", to_string(edge.from), to_string(edge.event),
        to_string(edge.to), info(edge.clause).id, cases == 0 ? "–" : std::to_string(cases));
  }
  return out + "</tbody>\n</table></div>\n";
}

}  // namespace

std::string html_states(const HtmlInput& input) {
  Diagram diagram(input.run);
  return fmt::format(
      "<section id=\"states\">\n<h2>States</h2>\n<p>{} of the {} moves of RFC 9293 were made in "
      "this "
      "run. <span class=\"on\">Solid, ●</span>: made. <span class=\"off\">Dashed, ○</span>: not. "
      "The words in a box are its moves to CLOSED.</p>\n{}<details><summary>All moves</summary>\n{}"
      "</details>\n</section>\n",
      diagram.taken(), kEdges.size(), diagram.draw(), diagram.table());
}

}  // namespace synfin::report
