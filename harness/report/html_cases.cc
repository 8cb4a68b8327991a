// The cases, topic by topic; what did not pass opens to wanted and got, the ladder, and the command
// that plays it again.
#include <fmt/format.h>

#include <chrono>
#include <map>
#include <vector>

#include "harness/report/failure.h"
#include "harness/report/html_parts.h"
#include "harness/report/terminal.h"

namespace synfin::report {
namespace {

// The page stays one that opens at once: ladders beyond this many octets are left out.
constexpr std::size_t kMostLadders = 6'000'000;

std::string fields(const proto::Divergence& divergence) {
  // Of a state alone, wanted and got have said it.
  const bool state = divergence.fields_size() == 1 && divergence.fields(0).name() == "state";
  if (divergence.fields().empty() || state) return "";
  std::string out =
      "<table class=\"fields\"><thead><tr><th>field</th><th>wanted</th><th>got</th></tr></thead>"
      "<tbody>\n";
  for (const proto::Field& field : divergence.fields()) {
    out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", html_escape(field.name()),
                       html_escape(field.wanted()), html_escape(field.got()));
  }
  return out + "</tbody></table>\n";
}

std::string divergence_text(const proto::CaseResult& result, const proto::Divergence& divergence) {
  std::string place = result.file();
  if (divergence.line() > 0) place += fmt::format(":{}", divergence.line());
  place += fmt::format(" · step {}", divergence.step() + 1);
  if (!divergence.connection().empty()) place += fmt::format(" · [{}]", divergence.connection());
  if (!divergence.state().empty()) place += " · " + divergence.state();
  std::string rule;
  if (!divergence.clause().empty()) {
    rule = fmt::format("<a class=\"id\" href=\"#rule-{0}\">{0}</a> {1} {2} · ",
                       html_escape(divergence.clause()), html_escape(divergence.level()),
                       html_escape(divergence.section()));
  }
  std::string out =
      fmt::format("<div class=\"div\">\n<p class=\"dim\">{}{}</p>\n<dl class=\"wg\">\n", rule,
                  html_escape(place));
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) {
      out += fmt::format("<dt>{0}</dt><dd class=\"{0}\">{1}</dd>\n", name, html_escape(text));
    }
  };
  add("after", divergence.stimulus());
  add("wanted", divergence.wanted());
  add("got", divergence.got());
  if (divergence.known()) add("known", divergence.reason());
  return out + "</dl>\n" + fields(divergence) + "</div>\n";
}

std::string command(const char* name, const std::string& text) {
  if (text.empty()) return "";
  return fmt::format("<p class=\"cmd\"><span>{}</span> <code>{}</code></p>\n", name,
                     html_escape(text));
}

std::string rules_of(const proto::CaseResult& result) {
  std::string out;
  for (const std::string& id : result.requirements()) {
    out += fmt::format(" <a class=\"id\" href=\"#rule-{0}\">{0}</a>", html_escape(id));
  }
  return out;
}

class Cases {
 public:
  explicit Cases(const HtmlInput& input) : input_(input) {}

  std::string row(const proto::CaseResult& result);

 private:
  std::string inside(const proto::CaseResult& result);

  const HtmlInput& input_;
  std::size_t ladders_ = 0;
};

std::string Cases::inside(const proto::CaseResult& result) {
  std::string out;
  if (!result.reason().empty()) out += fmt::format("<p>{}</p>\n", html_escape(result.reason()));
  for (const proto::Divergence* divergence : distinct_divergences(result)) {
    out += divergence_text(result, *divergence);
  }
  if (result.trace().events_size() > 0) {
    if (ladders_ < kMostLadders) {
      const std::string ladder = html_ladder(result, input_.run.provenance().stack());
      ladders_ += ladder.size();
      out += ladder;
    } else {
      out +=
          "<p class=\"dim\">The page has many ladders already; the command below draws it.</p>\n";
    }
  }
  out += command("repeat", result.repeat());
  if (!result.file().empty()) {
    out += command("look", "synfin show " + result.file() + " --as ladder");
  }
  if (!result.requirements().empty()) {
    out += fmt::format("<p class=\"dim\">tests{}</p>\n", rules_of(result));
  }
  return out;
}

std::string Cases::row(const proto::CaseResult& result) {
  const std::string took = duration_text(std::chrono::nanoseconds(result.duration_ns()));
  const std::string line =
      fmt::format("{}<span class=\"id\">{}</span><span class=\"count\">{}</span>",
                  html_verdict(result.verdict()), html_escape(result.id()), took);
  const std::string& anchor = input_.anchors.at(result.id());
  const std::string name = html_verdict_class(result.verdict());
  if (result.verdict() == proto::PASS) {
    return fmt::format("<div class=\"row\" id=\"{}\" data-verdict=\"{}\">{}</div>\n", anchor, name,
                       line);
  }
  return fmt::format(
      "<details class=\"row\" id=\"{}\" data-verdict=\"{}\">\n<summary>{}</summary>\n"
      "<div class=\"in\">\n{}</div>\n</details>\n",
      anchor, name, line, inside(result));
}

std::string filters(const proto::RunResult& run) {
  std::string options = "<option value=\"\">every verdict</option>";
  const std::map<std::string, uint32_t> sorted(run.verdicts().begin(), run.verdicts().end());
  for (const auto& [word, count] : sorted) {
    proto::Verdict verdict = proto::VERDICT_UNSPECIFIED;
    proto::Verdict_Parse(word, &verdict);
    options += fmt::format("<option value=\"{}\">{} ({})</option>", html_verdict_class(verdict),
                           word, count);
  }
  return fmt::format(
      "<form class=\"filters\" data-for=\"cases\" hidden>\n"
      "<label>Verdict <select name=\"verdict\">{}</select></label>\n"
      "<label>Text <input name=\"text\" type=\"search\" placeholder=\"part of the ID\"></label>\n"
      "<output></output>\n</form>\n",
      options);
}

std::string topic_head(const std::string& topic,
                       const std::vector<const proto::CaseResult*>& results) {
  std::map<proto::Verdict, int> counts;
  for (const proto::CaseResult* result : results) ++counts[result->verdict()];
  std::string words;
  for (const auto& [verdict, count] : counts) {
    words += fmt::format(" <span class=\"{}\">{} {}</span>", html_verdict_class(verdict), count,
                         verdict_word(verdict));
  }
  return fmt::format("<summary><b>{}</b><span class=\"counts\">{}</span></summary>\n",
                     html_escape(topic == "." ? "files" : topic), words);
}

}  // namespace

std::string html_cases(const HtmlInput& input) {
  std::map<std::string, std::vector<const proto::CaseResult*>> topics;
  for (const proto::CaseResult& result : input.run.cases()) {
    topics[topic_of(result.id())].push_back(&result);
  }
  Cases cases(input);
  std::string out = "<section id=\"cases\">\n<h2>Cases</h2>\n" + filters(input.run) +
                    "<div data-list=\"cases\">\n";
  for (const auto& [topic, results] : topics) {
    out += "<details class=\"topic\">\n" + topic_head(topic, results) + "<div class=\"table\">\n";
    for (const proto::CaseResult* result : results) out += cases.row(*result);
    out += "</div>\n</details>\n";
  }
  return out + "</div>\n</section>\n";
}

}  // namespace synfin::report
