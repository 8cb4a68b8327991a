// What the parts of the page share.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "harness/proto/requirement.pb.h"
#include "harness/proto/result.pb.h"
#include "harness/report/requirement.h"

namespace synfin::report {

// Everything that the parts are made from.
struct HtmlInput {
  const proto::RunResult& run;
  const proto::Requirements& catalogue;
  std::map<std::string, RuleResult, std::less<>> rules;  // by ID
  std::map<std::string, std::string> anchors;            // by the case's ID
};

// The text with & < > " as entities, and nothing in it that HTML cannot carry.
std::string html_escape(std::string_view text);

// A verdict as a word in its colour.
std::string html_verdict(proto::Verdict verdict);
// The class of CSS that has a verdict's colour: "v-fail".
std::string html_verdict_class(proto::Verdict verdict);

// "case-reset/in-window-1_2_": what a link to the case ends with.
std::map<std::string, std::string> html_anchors(const proto::RunResult& run);

// The parts, in the order of the page.
std::string html_summary(const HtmlInput& input);
std::string html_findings(const HtmlInput& input);
std::string html_rules(const HtmlInput& input);
std::string html_states(const HtmlInput& input);
std::string html_coverage(const HtmlInput& input);
std::string html_cases(const HtmlInput& input);

// A case's ladder as inline SVG; long ones only around what was not as wanted.
std::string html_ladder(const proto::CaseResult& result, const std::string& target);

// What the page looks like, and what it does where there is JavaScript.
std::string_view html_style();
std::string_view html_script();

}  // namespace synfin::report
