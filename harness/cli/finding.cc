#include "harness/cli/finding.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/report/style.h"
#include "harness/script/printer.h"

namespace synfin::cli {
namespace {

constexpr std::size_t kColumns = 96;  // with the mark of a comment 100 at most

// Lines of words; what is longer than a line stands alone.
std::string fold(const std::string& text) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    const std::size_t width = report::columns_of(word);
    if (column > 0) out += column + 1 + width > kColumns ? '\n' : ' ';
    column = column == 0 || out.back() == '\n' ? width : column + 1 + width;
    out += word;
    at = end + 1;
  }
  return out + "\n";
}

std::string rule_of(const proto::Divergence& divergence, const proto::Requirements& catalogue) {
  if (divergence.clause().empty()) return "";
  std::string text =
      fmt::format(" {} ({}, {})", divergence.clause(), divergence.level(), divergence.section());
  const auto& rules = catalogue.requirements();
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const proto::Requirement& each) {
    return each.id() == divergence.clause();
  });
  return rule == rules.end() || rule->meaning().empty() ? text + "."
                                                        : text + ": " + rule->meaning();
}

}  // namespace

const proto::Divergence* divergence_of(const proto::CaseResult& result,
                                       const shrink::Signature& signature) {
  for (const proto::Divergence& each : result.divergences()) {
    if (shrink::signature_of(each) == signature) return &each;
  }
  return nullptr;
}

std::string paragraph_of(const Finding& finding, const proto::Provenance& provenance,
                         const proto::Requirements& catalogue) {
  std::string text = fmt::format("{} {}", provenance.stack(), provenance.stack_version());
  if (const auto* divergence = divergence_of(finding.result, finding.signature)) {
    if (!divergence->state().empty()) text += " in " + divergence->state();
    if (!divergence->stimulus().empty()) text += fmt::format(", after {}", divergence->stimulus());
    text += fmt::format("; wanted: {}; got: {}.{}", divergence->wanted(), divergence->got(),
                        rule_of(*divergence, catalogue));
  } else {
    text += ": " + finding.signature.got;
  }
  text = report::plain_text(text);
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (!text.ends_with('.')) text += '.';
  return fold(text + fmt::format(" Shown in {} of {} plays.", finding.shown, finding.times));
}

std::string script_of(const Finding& finding, const std::string& paragraph,
                      const std::string& repeat) {
  proto::Program program = finding.program;
  program.clear_comments();
  for (std::size_t at = 0; at < paragraph.size();) {
    const std::size_t end = paragraph.find('\n', at);
    program.add_comments(paragraph.substr(at, end - at));
    at = end + 1;
  }
  program.add_comments("Repeat: " + repeat);
  return script::print(program);
}

}  // namespace synfin::cli
