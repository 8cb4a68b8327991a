#include "harness/report/html.h"

#include <fmt/format.h>

#include <cctype>
#include <set>

#include "harness/report/failure.h"
#include "harness/report/html_parts.h"
#include "harness/report/style.h"

namespace synfin::report {
namespace {

// Nothing is loaded from anywhere, whatever a result might hold.
constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
)";

constexpr std::string_view kLinks = R"(<nav aria-label="Parts of this page">
<a href="#summary">Summary</a> <a href="#findings">Findings</a> <a href="#rules">Rules</a>
<a href="#states">States</a> <a href="#coverage">Coverage</a> <a href="#cases">Cases</a>
</nav>
)";

}  // namespace

std::string html_escape(std::string_view text) {
  std::string out;
  for (const char c : plain_text(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string html_verdict_class(proto::Verdict verdict) {
  return verdict == proto::VERDICT_UNSPECIFIED ? "v-none" : "v-" + verdict_word(verdict);
}

std::string html_verdict(proto::Verdict verdict) {
  const bool none = verdict == proto::VERDICT_UNSPECIFIED;
  return fmt::format("<span class=\"v {}\">{}</span>", html_verdict_class(verdict),
                     none ? "NO CASE" : proto::Verdict_Name(verdict));
}

std::map<std::string, std::string> html_anchors(const proto::RunResult& run) {
  std::map<std::string, std::string> anchors;
  std::set<std::string> taken;
  for (const proto::CaseResult& result : run.cases()) {
    std::string anchor = "case-";
    for (const char c : result.id()) {
      const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '/' ||
                         c == '@' || c == '.';
      anchor += plain ? c : '_';
    }
    const std::string stem = anchor;
    for (int more = 2; !taken.insert(anchor).second; ++more) {
      anchor = fmt::format("{}-{}", stem, more);
    }
    anchors.emplace(result.id(), anchor);
  }
  return anchors;
}

std::string to_html(const proto::RunResult& run, const proto::Requirements& catalogue) {
  const HtmlInput input{run, catalogue, rule_results(run), html_anchors(run)};
  std::string out(kHead);
  out += fmt::format("<title>synfin: {} {}</title>\n<style>\n{}</style>\n",
                     html_escape(run.provenance().stack()),
                     html_escape(run.provenance().stack_version()), html_style());
  out += kLinks;
  out += "<main>\n";
  for (const auto part :
       {html_summary, html_findings, html_rules, html_states, html_coverage, html_cases}) {
    out += part(input);
  }
  out += fmt::format("</main>\n<footer>synfin {}</footer>\n<script>\n{}</script>\n</html>\n",
                     html_escape(run.provenance().version()), html_script());
  return out;
}

}  // namespace synfin::report
