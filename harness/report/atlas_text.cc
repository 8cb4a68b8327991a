#include "harness/report/atlas_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace synfin::report {
namespace {

constexpr std::size_t kMarginColumns = 17;
constexpr std::size_t kFewRules = 4;  // shown of a finding that has many

// The text in lines of at most so many columns, broken at blanks.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    std::string& line = lines.back();
    if (line.empty()) {
      line = word;
    } else if (columns_of(line) + 1 + columns_of(word) <= columns) {
      line += fmt::format(" {}", word);
    } else {
      lines.emplace_back(word);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

class Lines {
 public:
  explicit Lines(const Style& style) : style_(style) {}

  // `margin` stands before the first line.
  void add(std::string_view text, Ink ink = Ink::kPlain, std::string margin = "") {
    const std::size_t columns = std::max<std::size_t>(style_.columns, 60) - kMarginColumns;
    for (const std::string& line : wrapped(text, columns)) {
      out_ += pad_right(margin, kMarginColumns) + style_.paint(ink, line) + "\n";
      margin.clear();
    }
  }
  std::string take() { return std::move(out_); }

 private:
  const Style& style_;
  std::string out_;
};

std::string rule_text(const atlas::Finding::Where& where) {
  return fmt::format("{} · {}", where.rule.states, where.rule.segment);
}

std::string rule_id(const atlas::Difference& difference) {
  if (!difference.clause) return "";
  const ClauseInfo& clause = info(*difference.clause);
  return fmt::format(" ({}, RFC {} §{}, {})", clause.id, clause.rfc, clause.section,
                     to_string(clause.level));
}

}  // namespace

std::string grouped(uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string finding_text(const atlas::Finding& finding, std::size_t number,
                         const std::string& replay, const AtlasTextOptions& options) {
  const Style& style = options.style;
  Lines lines(style);
  const std::string head = fmt::format("{:<3}{} cell{}", number, grouped(finding.cells.size()),
                                       finding.cells.size() == 1 ? "" : "s");
  const std::size_t shown =
      options.all ? finding.where.size() : std::min(finding.where.size(), kFewRules);
  for (std::size_t i = 0; i < shown; ++i) {
    lines.add(rule_text(finding.where[i]), Ink::kBold, i == 0 ? head : "");
  }
  if (shown < finding.where.size()) {
    lines.add(fmt::format("and {} more rules; -v shows them", finding.where.size() - shown),
              Ink::kDim);
  }
  const atlas::Difference& difference = finding.difference;
  lines.add(fmt::format("{}: {}{}", options.wanted, difference.wanted, rule_id(difference)));
  lines.add(fmt::format("{}: {}", options.got, difference.got));
  if (!difference.known.empty()) {
    lines.add("known: " + difference.known, Ink::kDim);
    if (options.all) lines.add(difference.reason, Ink::kDim);
  }
  if (!replay.empty()) lines.add("replay: " + replay, Ink::kDim);
  return lines.take();
}

std::vector<std::string> finding_comments(const atlas::Finding& finding,
                                          const AtlasTextOptions& options) {
  const atlas::Difference& difference = finding.difference;
  std::vector<std::string> out;
  for (const atlas::Finding::Where& where : finding.where) {
    if (out.size() == kFewRules) break;
    out.push_back(rule_text(where));
  }
  out.push_back(fmt::format("{}: {}{}", options.wanted, difference.wanted, rule_id(difference)));
  out.push_back(fmt::format("{}: {}", options.got, difference.got));
  return out;
}

}  // namespace synfin::report
