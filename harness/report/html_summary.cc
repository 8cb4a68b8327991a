// The head of the page: what was tested, the four numbers, and what was not as expected.
#include <fmt/format.h>

#include <array>
#include <chrono>

#include "harness/report/failure.h"
#include "harness/report/html_parts.h"
#include "harness/report/terminal.h"

namespace synfin::report {
namespace {

constexpr std::array kOrder = {proto::PASS,  proto::WARN,  proto::INFO, proto::XFAIL, proto::SKIP,
                               proto::FLAKY, proto::XPASS, proto::FAIL, proto::ERROR};

uint32_t count_of(const proto::RunResult& run, proto::Verdict verdict) {
  const auto found = run.verdicts().find(proto::Verdict_Name(verdict));
  return found == run.verdicts().end() ? 0 : found->second;
}

std::string tile(const std::string& number, const std::string& of, const std::string& name) {
  return fmt::format("<div class=\"tile\"><b>{}</b><i>{}</i><span>{}</span></div>\n", number, of,
                     name);
}

std::string tiles(const proto::RunResult& run) {
  const Tally sums = tally(run);
  const double coverage = 100.0 * run.clauses_hit_size() / static_cast<double>(kClauseCount);
  return "<div class=\"tiles\">\n" +
         tile(std::to_string(count_of(run, proto::PASS)), fmt::format(" of {}", run.cases_size()),
              "cases pass") +
         tile(std::to_string(sums.must_met), fmt::format(" of {}", sums.must), "MUSTs met") +
         tile(std::to_string(sums.should_met), fmt::format(" of {}", sums.should), "SHOULDs met") +
         tile(fmt::format("{:.1f}", coverage), " %", "clause coverage") + "</div>\n";
}

// One bar of all cases, and its words.
std::string bar(const proto::RunResult& run) {
  std::string parts;
  std::string words;
  for (const proto::Verdict verdict : kOrder) {
    const uint32_t count = count_of(run, verdict);
    if (count == 0) continue;
    const std::string name = html_verdict_class(verdict);
    parts += fmt::format("<i class=\"{}\" style=\"flex-grow:{}\"></i>", name, count);
    words += fmt::format("<li>{} {}</li>\n", html_verdict(verdict), count);
  }
  return fmt::format(
      "<div class=\"bar\" aria-hidden=\"true\">{}</div>\n<ul class=\"key\">\n{}</ul>\n", parts,
      words);
}

std::string provenance(const proto::RunResult& run) {
  const proto::Provenance& from = run.provenance();
  std::string out = "<dl>\n";
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, html_escape(value));
  };
  add("stack", from.stack() + " " + from.stack_version());
  add("kernel", from.kernel());
  add("link", from.privilege().empty() ? from.link() : from.link() + ", " + from.privilege());
  add("profile", from.profile());
  add("seed", fmt::format("{:#x}", from.seed()));
  add("started", from.started());
  add("took", duration_text(std::chrono::nanoseconds(run.duration_ns())));
  add("packets lost on the way", std::to_string(from.dropped_packets()));
  add("synfin", from.version());
  out += "</dl>\n";
  if (from.settings().empty()) return out;
  out += "<details><summary>Settings of the namespaces</summary>\n<dl>\n";
  const std::map<std::string, std::string> sorted(from.settings().begin(), from.settings().end());
  for (const auto& [key, value] : sorted) add(html_escape(key).c_str(), value);
  return out + "</dl>\n</details>\n";
}

// "2 fail, 1 flaky": what the reader came for.
std::string headline(const proto::RunResult& run) {
  std::string text;
  for (const proto::Verdict verdict : kOrder) {
    const uint32_t count = count_of(run, verdict);
    if (count == 0 || !is_unexpected(verdict)) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, verdict_word(verdict));
  }
  if (!text.empty()) return "Not as expected: " + text;
  const uint32_t known = count_of(run, proto::XFAIL);
  if (known == 0) return "All as expected";
  return fmt::format("All as expected: {} known deviation{}", known, known == 1 ? "" : "s");
}

}  // namespace

std::string html_summary(const HtmlInput& input) {
  const proto::Provenance& from = input.run.provenance();
  return fmt::format(
      "<header id=\"summary\">\n<p class=\"kind\">TCP conformance, RFC 9293</p>\n<h1>{} {}</h1>\n"
      "<p class=\"said\">{}</p>\n{}{}{}</header>\n",
      html_escape(from.stack()), html_escape(from.stack_version()), headline(input.run),
      tiles(input.run), bar(input.run), provenance(input.run));
}

std::string html_findings(const HtmlInput& input) {
  std::string rows;
  for (const proto::CaseResult& result : input.run.cases()) {
    if (!is_unexpected(result.verdict()) && result.verdict() != proto::WARN) continue;
    const proto::Divergence* divergence = main_divergence(result);
    std::string what = result.reason();
    if (what.empty() && divergence != nullptr) {
      what = fmt::format("wanted {}, got {}", divergence->wanted(), divergence->got());
    }
    const std::string rule = divergence == nullptr ? "" : divergence->clause();
    rows += fmt::format(
        "<li>{} <a class=\"id\" href=\"#{}\">{}</a> <span class=\"rule\">{}</span>"
        "<span class=\"what\">{}</span></li>\n",
        html_verdict(result.verdict()), input.anchors.at(result.id()), html_escape(result.id()),
        html_escape(rule), html_escape(what));
  }
  if (rows.empty()) rows = "<li><span class=\"none\">Nothing that was not expected.</span></li>\n";
  return "<section id=\"findings\">\n<h2>Findings</h2>\n<ul class=\"rows\">\n" + rows +
         "</ul>\n</section>\n";
}

}  // namespace synfin::report
