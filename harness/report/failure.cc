#include "harness/report/failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "harness/report/ladder.h"
#include "harness/report/requirement.h"

namespace synfin::report {
namespace {

constexpr std::string_view kIndent = "      ";
constexpr int kShownDivergences = 3;

std::string capitals(proto::Verdict verdict) {
  return verdict == proto::VERDICT_UNSPECIFIED ? "NONE" : proto::Verdict_Name(verdict);
}

Ink ink_of(proto::Verdict verdict) {
  switch (verdict) {
    case proto::PASS:
      return Ink::kGreen;
    case proto::FAIL:
    case proto::XPASS:
    case proto::ERROR:
      return Ink::kRed;
    case proto::WARN:
    case proto::FLAKY:
      return Ink::kYellow;
    default:
      return Ink::kDim;
  }
}

// "MUST   SM-RST-2 RFC 9293 §3.10.7.4 · MUST-10 RFC 9293 §3.5"
std::string requirement_line(const proto::CaseResult& result, const proto::Divergence* divergence) {
  std::vector<std::string> names;
  std::optional<Level> strongest;
  const auto add = [&](const std::string& id) {
    const std::string name = describe_requirement(id);
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    names.push_back(name);
    const ClauseInfo* clause = find_clause(id);
    if (clause != nullptr && (!strongest || clause->level < *strongest)) strongest = clause->level;
  };
  std::string level;
  if (divergence != nullptr && !divergence->clause().empty()) {
    add(divergence->clause());
    level = divergence->level();
  }
  for (const std::string& id : result.requirements()) add(id);
  if (level.empty() && strongest) level = to_string(*strongest);
  constexpr std::size_t kShown = 4;
  std::string text = level;
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i) {
    text += (i == 0 ? (text.empty() ? "" : "   ") : " · ") + names[i];
  }
  if (names.size() > kShown) text += fmt::format(" · {} more", names.size() - kShown);
  return text;
}

void add_fields(const proto::Divergence& divergence, std::string* out) {
  if (divergence.fields().empty()) return;
  std::size_t name = 5;
  std::size_t wanted = 6;
  for (const proto::Field& field : divergence.fields()) {
    name = std::max(name, columns_of(field.name()));
    wanted = std::max(wanted, columns_of(field.wanted()));
  }
  const auto row = [&](const std::string& a, const std::string& b, const std::string& c) {
    *out += fmt::format("{}  {}  {}  {}\n", kIndent, pad_right(a, name), pad_right(b, wanted), c);
  };
  row("field", "wanted", "got");
  for (const proto::Field& field : divergence.fields()) {
    row(field.name(), field.wanted(), field.got());
  }
}

void add_divergence(const proto::CaseResult& result, const proto::Divergence& divergence,
                    bool clause, const FailureOptions& options, std::string* out) {
  const Style& style = options.style;
  std::string place = result.file();
  if (divergence.line() > 0) place += fmt::format(":{}", divergence.line());
  *out += fmt::format("{}{}   step {}", kIndent, place, divergence.step() + 1);
  if (!divergence.connection().empty()) *out += fmt::format("   [{}]", divergence.connection());
  if (!divergence.state().empty()) *out += "   " + divergence.state();
  if (clause && !divergence.clause().empty()) {
    *out += fmt::format("   {} {}", divergence.level(), describe_requirement(divergence.clause()));
  }
  if (divergence.known()) *out += fmt::format("   known: {}", divergence.reason());
  *out += "\n";
  if (!divergence.stimulus().empty()) {
    *out += fmt::format("{}after   {}\n", kIndent, divergence.stimulus());
  }
  *out += fmt::format("{}wanted  {}\n", kIndent, style.paint(Ink::kGreen, divergence.wanted()));
  *out += fmt::format("{}got     {}\n", kIndent, style.paint(Ink::kRed, divergence.got()));
  add_fields(divergence, out);
}

void add_divergences(const proto::CaseResult& result, const FailureOptions& options,
                     std::string* out) {
  const proto::Divergence* main = main_divergence(result);
  if (main == nullptr) {
    if (!result.file().empty()) *out += fmt::format("{}{}\n", kIndent, result.file());
    return;
  }
  add_divergence(result, *main, false, options, out);
  int shown = 1;
  int left = 0;
  for (const proto::Divergence* divergence : distinct_divergences(result)) {
    if (divergence == main) continue;
    if (!options.all && shown >= kShownDivergences) {
      ++left;
      continue;
    }
    *out += "\n";
    add_divergence(result, *divergence, true, options, out);
    ++shown;
  }
  if (left > 0) *out += fmt::format("\n{}{} more; -v shows them\n", kIndent, left);
}

void add_ladder(const proto::CaseResult& result, const script::FlatProgram* program,
                const FailureOptions& options, std::string* out) {
  if (result.trace().events().empty()) return;
  constexpr std::size_t kBefore = 6;
  constexpr std::size_t kAfter = 2;
  std::vector<Rung> rungs = make_rungs(result, program);
  if (!options.all) rungs = around_notes(rungs, kBefore, kAfter);
  LadderOptions ladder;
  ladder.style = options.style;
  ladder.target = options.target;
  ladder.indent = 4;
  ladder.options = options.all;
  ladder.windows = options.all;
  *out += "\n" + draw_ladder(rungs, ladder);
}

}  // namespace

std::vector<const proto::Divergence*> distinct_divergences(const proto::CaseResult& result) {
  const auto& all = result.divergences();
  const auto told_by_judge = [&all](const proto::Divergence& one) {
    return std::any_of(all.begin(), all.end(), [&one](const proto::Divergence& other) {
      return !other.state().empty() && other.step() == one.step() &&
             other.connection() == one.connection() && other.fields_size() == 1 &&
             one.fields_size() == 1 &&
             other.fields(0).SerializeAsString() == one.fields(0).SerializeAsString();
    });
  };
  std::vector<const proto::Divergence*> distinct;
  for (const proto::Divergence& divergence : all) {
    const bool of_script = divergence.state().empty();
    if (!of_script || !told_by_judge(divergence)) distinct.push_back(&divergence);
  }
  return distinct;
}

const proto::Divergence* main_divergence(const proto::CaseResult& result) {
  const auto distinct = distinct_divergences(result);
  const auto found = std::find_if(distinct.begin(), distinct.end(),
                                  [](const auto* divergence) { return !divergence->known(); });
  if (found != distinct.end()) return *found;
  return distinct.empty() ? nullptr : distinct.front();
}

bool is_unexpected(proto::Verdict verdict) {
  return verdict == proto::FAIL || verdict == proto::XPASS || verdict == proto::FLAKY ||
         verdict == proto::ERROR || verdict == proto::VERDICT_UNSPECIFIED;
}

std::string verdict_word(proto::Verdict verdict) {
  std::string word = capitals(verdict);
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return word;
}

std::string verdict_mark(proto::Verdict verdict, const Style& style) {
  return style.paint(ink_of(verdict), pad_right(capitals(verdict), 5));
}

std::string failure_text(const proto::CaseResult& result, const script::FlatProgram* program,
                         const FailureOptions& options) {
  const Style& style = options.style;
  std::string out = fmt::format("{} {}", verdict_mark(result.verdict(), style),
                                style.paint(Ink::kBold, result.id()));
  const std::string requirements = requirement_line(result, main_divergence(result));
  if (!requirements.empty()) out += "   " + requirements;
  out += "\n";
  if (!result.reason().empty()) out += fmt::format("{}{}\n", kIndent, result.reason());
  add_divergences(result, options, &out);
  add_ladder(result, program, options, &out);
  out += "\n";
  if (!result.repeat().empty()) out += fmt::format("{}repeat   {}\n", kIndent, result.repeat());
  if (!result.file().empty()) {
    out += fmt::format("{}look     synfin show {} --as ladder\n", kIndent, result.file());
  }
  return out;
}

std::string result_line(const proto::CaseResult& result, const Style& style) {
  std::string out = fmt::format("{} {}", verdict_mark(result.verdict(), style), result.id());
  const proto::Divergence* divergence = main_divergence(result);
  if (!result.reason().empty()) {
    out += "   " + result.reason();
  } else if (divergence != nullptr) {
    out += fmt::format("   {}: wanted {}, got {}",
                       divergence->clause().empty() ? "script" : divergence->clause(),
                       divergence->wanted(), divergence->got());
  }
  return out + "\n";
}

}  // namespace synfin::report
