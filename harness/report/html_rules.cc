// The rules, each with its verdict and its cases; and which of them the run went through.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/report/failure.h"
#include "harness/report/html_parts.h"

namespace synfin::report {
namespace {

std::string level_word(const std::string& level) {
  if (level.starts_with("MUST")) return "must";
  return level.starts_with("SHOULD") ? "should" : "may";
}

std::string option(const std::string& value, const std::string& text) {
  return fmt::format("<option value=\"{}\">{}</option>", value, text);
}

// Only of use with JavaScript, which shows it.
std::string filters(const HtmlInput& input) {
  std::map<uint32_t, int> rfcs;
  std::set<proto::Verdict> verdicts;
  for (const proto::Requirement& rule : input.catalogue.requirements()) {
    ++rfcs[rule.rfc()];
    const auto found = input.rules.find(rule.id());
    verdicts.insert(found == input.rules.end() ? proto::VERDICT_UNSPECIFIED
                                               : found->second.verdict());
  }
  std::string rfc = option("", "every RFC");
  for (const auto& [number, count] : rfcs) {
    rfc += option(std::to_string(number), fmt::format("RFC {} ({})", number, count));
  }
  std::string verdict = option("", "every verdict");
  for (const proto::Verdict each : verdicts) {
    const bool none = each == proto::VERDICT_UNSPECIFIED;
    verdict += option(html_verdict_class(each), none ? "NO CASE" : proto::Verdict_Name(each));
  }
  return fmt::format(
      "<form class=\"filters\" data-for=\"rules\" hidden>\n"
      "<label>RFC <select name=\"rfc\">{}</select></label>\n"
      "<label>Level <select name=\"level\">{}{}{}{}</select></label>\n"
      "<label>Verdict <select name=\"verdict\">{}</select></label>\n"
      "<label>Text <input name=\"text\" type=\"search\" placeholder=\"ID or words\"></label>\n"
      "<output></output>\n</form>\n",
      rfc, option("", "every level"), option("must", "MUST"), option("should", "SHOULD"),
      option("may", "MAY"), verdict);
}

// Those that did not pass first, one a line; then links to the others.
std::string cases_of(const HtmlInput& input, const RuleResult& rule) {
  std::string told;
  std::string passed;
  int count = 0;
  for (const RuleResult::Vote& vote : rule.votes) {
    const std::string link =
        fmt::format("<a class=\"id\" href=\"#{}\">{}</a>", input.anchors.at(vote.result->id()),
                    html_escape(vote.result->id()));
    if (vote.verdict == proto::PASS) {
      passed += (passed.empty() ? "" : " ") + link;
      ++count;
      continue;
    }
    const proto::Divergence* divergence = main_divergence(*vote.result);
    std::string what = vote.result->reason();
    if (what.empty() && divergence != nullptr) {
      what = fmt::format("wanted {}, got {}", divergence->wanted(), divergence->got());
    }
    told += fmt::format("<li>{} {} <span class=\"what\">{}</span></li>\n",
                        html_verdict(vote.verdict), link, html_escape(what));
  }
  std::string out;
  if (!told.empty()) out += "<ul class=\"rows\">\n" + told + "</ul>\n";
  if (count > 0) {
    out += fmt::format("<p class=\"passed\">{} {}: {}</p>\n", html_verdict(proto::PASS), count,
                       passed);
  }
  return out;
}

std::string not_reached(const proto::Requirement& rule) {
  const std::string why = rule.unreached().empty() ? "" : " " + html_escape(rule.unreached());
  return "<p class=\"dim\">The reference did not come through this rule." + why + "</p>\n";
}

std::string rule_row(const HtmlInput& input, const proto::Requirement& rule, bool reached) {
  const auto found = input.rules.find(rule.id());
  const bool tested = found != input.rules.end();
  const proto::Verdict verdict = tested ? found->second.verdict() : proto::VERDICT_UNSPECIFIED;
  const ClauseInfo* clause = find_clause(rule.id());
  const std::size_t cases = tested ? found->second.votes.size() : 0;
  std::string inside;
  if (tested) inside = cases_of(input, found->second);
  if (!tested) {
    inside = rule.observed() == "no"
                 ? "<p>Neither segments nor calls show whether it is kept.</p>\n"
                 : "<p>No case of this run tests it.</p>\n";
  }
  inside += fmt::format("<p class=\"cmd\"><code>synfin run --req {} --stack {}</code></p>\n",
                        html_escape(rule.id()), html_escape(input.run.provenance().stack()));
  return fmt::format(
      "<details class=\"row\" id=\"rule-{0}\" data-rfc=\"{1}\" data-level=\"{2}\" "
      "data-verdict=\"{3}\">\n<summary><span class=\"id\">{0}</span><span "
      "class=\"level\">{4}</span>"
      "<span class=\"where\">{5}</span><span class=\"meaning\">{6}</span>{7}"
      "<span class=\"count\">{8}</span></summary>\n<div class=\"in\">\n{9}{10}</div>\n</details>\n",
      html_escape(rule.id()), rule.rfc(), level_word(rule.level()), html_verdict_class(verdict),
      html_escape(rule.level()), clause == nullptr ? "" : html_escape(section_of(*clause)),
      html_escape(rule.meaning()), html_verdict(verdict),
      cases == 0 ? "" : fmt::format("{} case{}", cases, cases == 1 ? "" : "s"), inside,
      reached ? "" : not_reached(rule));
}

std::set<std::string> reached_by(const proto::RunResult& run) {
  return {run.clauses_hit().begin(), run.clauses_hit().end()};
}

}  // namespace

std::string html_rules(const HtmlInput& input) {
  const std::set<std::string> reached = reached_by(input.run);
  std::string out = "<section id=\"rules\">\n<h2>Rules</h2>\n" + filters(input) +
                    "<div class=\"table\" data-list=\"rules\">\n";
  for (const proto::Requirement& rule : input.catalogue.requirements()) {
    out += rule_row(input, rule, reached.contains(rule.id()));
  }
  return out + "</div>\n</section>\n";
}

std::string html_coverage(const HtmlInput& input) {
  const std::set<std::string> reached = reached_by(input.run);
  std::map<uint32_t, std::pair<int, int>> by_rfc;  // reached, all
  std::string missed;
  for (const proto::Requirement& rule : input.catalogue.requirements()) {
    auto& [hit, all] = by_rfc[rule.rfc()];
    ++all;
    if (reached.contains(rule.id())) {
      ++hit;
      continue;
    }
    const std::string why = rule.unreached().empty() ? rule.meaning() : rule.unreached();
    missed += fmt::format("<li><a class=\"id\" href=\"#rule-{0}\">{0}</a> <span>{1}</span></li>\n",
                          html_escape(rule.id()), html_escape(why));
  }
  std::string out =
      "<section id=\"coverage\">\n<h2>Clause coverage</h2>\n<p>Rules that the reference came "
      "through while it followed the stack.</p>\n<table class=\"cover\">\n<thead><tr><th>RFC</th>"
      "<th class=\"n\">reached</th><th class=\"n\">of</th><th></th></tr></thead>\n<tbody>\n";
  for (const auto& [rfc, counts] : by_rfc) {
    out += fmt::format(
        "<tr><td>RFC {}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
        "<td><span class=\"part\"><i style=\"width:{}%\"></i></span></td></tr>\n",
        rfc, counts.first, counts.second, 100 * counts.first / counts.second);
  }
  out += "</tbody>\n</table>\n";
  if (!missed.empty()) {
    out += "<details><summary>Rules not reached</summary>\n<ul class=\"plain\">\n" + missed +
           "</ul>\n</details>\n";
  }
  return out + "</section>\n";
}

}  // namespace synfin::report
