// synfin explain: what a rule says, which cases test it, and what the known stacks make of it.
#include <fmt/format.h>
#include <fnmatch.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <map>
#include <memory>
#include <set>

#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/select.h"
#include "harness/judge/baseline.h"
#include "harness/report/catalogue.h"
#include "harness/report/exit_code.h"
#include "harness/report/requirement.h"
#include "harness/report/style.h"

namespace synfin::cli {
namespace {

constexpr const char* kExplainAbout =
    "Tells a rule by its ID: its level and section, what it says, the cases that test it, and the "
    "deviations from it\nthat are known of each stack (specs/baselines).";

constexpr const char* kExplainExamples = R"(

EXAMPLES
  synfin explain SM-ACK-3
  synfin explain 'RFC5961-3-*'
  synfin run --req SM-ACK-3 --stack linux    its cases, played)";

struct ExplainOptions {
  std::vector<std::string> ids;
  std::string specs;
};

// Cases of one file: "reset/outside-window (5 rows)".
std::vector<std::string> cases_text(const std::vector<Script>& scripts, const std::string& id) {
  std::map<std::string, int> rows;
  for (const Script& script : scripts) {
    const auto& names = script.program->requirements;
    if (std::find(names.begin(), names.end(), id) == names.end()) continue;
    ++rows[script.id.substr(0, script.id.find('['))];
  }
  std::vector<std::string> lines;
  lines.reserve(rows.size());
  for (const auto& [file, count] : rows) {
    lines.push_back(count == 1 ? file : fmt::format("{} ({} rows)", file, count));
  }
  return lines;
}

// An entry is about a rule that it names; one that names none is about all rules of its cases.
bool is_about(const proto::KnownDeviation& entry, const std::string& id,
              const std::vector<Script>& scripts) {
  if (!entry.clause().empty()) return entry.clause() == id;
  return std::any_of(scripts.begin(), scripts.end(), [&](const Script& script) {
    const auto& names = script.program->requirements;
    return std::find(names.begin(), names.end(), id) != names.end() &&
           fnmatch(entry.case_id().c_str(), script.id.c_str(), 0) == 0;
  });
}

// "linux, from 6.7: reason"
std::vector<std::string> deviations_text(const judge::Baseline& baseline, const std::string& id,
                                         const std::vector<Script>& scripts) {
  std::vector<std::string> lines;
  for (const proto::KnownDeviation& entry : baseline.entries().deviations()) {
    if (!is_about(entry, id, scripts)) continue;
    std::string range;
    if (!entry.from_version().empty()) range += " from " + entry.from_version();
    if (!entry.to_version().empty()) range += " before " + entry.to_version();
    std::string line =
        fmt::format("{}{}", entry.reason(), range.empty() ? "" : " (" + range.substr(1) + ")");
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
  }
  return lines;
}

class Explain {
 public:
  explicit Explain(const ExplainOptions& options) : options_(options) {}

  int run();

 private:
  Result<void> load();
  void add(const proto::Requirement& rule);
  void add_lines(const std::string& key, const std::vector<std::string>& lines);
  std::string near(const std::string& id) const;

  const ExplainOptions& options_;
  const report::Style style_ = report::style_of(STDOUT_FILENO);
  proto::Requirements catalogue_;
  std::vector<Script> scripts_;
  std::map<std::string, judge::Baseline> baselines_;  // by stack
  std::string out_;
};

Result<void> Explain::load() {
  const auto specs = find_specs(options_.specs);
  if (!options_.specs.empty() && !specs) {
    return fail(fmt::format("--specs {}: there is no such folder", options_.specs));
  }
  auto catalogue = report::load_catalogue(specs);
  if (!catalogue) return tl::make_unexpected(catalogue.error());
  catalogue_ = std::move(*catalogue);
  if (!specs) return {};
  scripts_ = std::move(select({}, specs).scripts);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(*specs / "baselines", error)) {
    if (!entry.is_directory(error)) continue;
    auto baseline = judge::Baseline::load(entry.path().string());
    if (!baseline) return tl::make_unexpected(baseline.error());
    baselines_.emplace(entry.path().filename().string(), std::move(*baseline));
  }
  return {};
}

void Explain::add_lines(const std::string& key, const std::vector<std::string>& lines) {
  constexpr std::size_t kKey = 8;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    out_ += style_.paint(report::Ink::kDim, report::pad_right(i == 0 ? key : "", kKey)) + lines[i] +
            "\n";
  }
}

void Explain::add(const proto::Requirement& rule) {
  const ClauseInfo* clause = find_clause(rule.id());
  std::string level = rule.level();
  for (char& c : level) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (!out_.empty()) out_ += "\n";
  out_ += fmt::format("{}   {}   {}\n", style_.paint(report::Ink::kBold, rule.id()), level,
                      clause == nullptr ? "" : report::section_of(*clause));
  if (!rule.meaning().empty()) out_ += rule.meaning() + "\n";
  auto cases = cases_text(scripts_, rule.id());
  if (cases.empty()) {
    cases = {rule.observed() == "no" ? "none: neither segments nor calls show it" : "none"};
  }
  add_lines("cases", cases);
  std::vector<std::string> stacks;
  for (const auto& [stack, baseline] : baselines_) {
    const auto deviations = deviations_text(baseline, rule.id(), scripts_);
    if (deviations.empty()) stacks.push_back(stack + ": no known deviation");
    for (const std::string& line : deviations) stacks.push_back(fmt::format("{}: {}", stack, line));
  }
  add_lines("stacks", stacks);
}

// Rules whose IDs begin alike, for who has mistyped one.
std::string Explain::near(const std::string& id) const {
  std::string text;
  const std::string start = id.substr(0, id.find_last_of('-')) + "-*";
  int shown = 0;
  for (const proto::Requirement& rule : catalogue_.requirements()) {
    if (fnmatch(start.c_str(), rule.id().c_str(), FNM_CASEFOLD) != 0 || ++shown > 6) continue;
    text += (text.empty() ? "" : ", ") + rule.id();
  }
  return text.empty() ? "IDs are as in specs/requirements.textproto" : "there are " + text;
}

int Explain::run() {
  if (const auto loaded = load(); !loaded) {
    complain(loaded.error().message);
    return report::kExitUsage;
  }
  bool unknown = false;
  for (const std::string& id : options_.ids) {
    bool found = false;
    for (const proto::Requirement& rule : catalogue_.requirements()) {
      if (fnmatch(id.c_str(), rule.id().c_str(), FNM_CASEFOLD) != 0) continue;
      add(rule);
      found = true;
    }
    if (!found) complain(fmt::format("there is no rule '{}'; {}", id, near(id)));
    unknown = unknown || !found;
  }
  const std::string shown = style_.for_reader(out_);
  std::fwrite(shown.data(), 1, shown.size(), stdout);
  return unknown ? report::kExitUsage : report::kExitOk;
}

}  // namespace

void add_explain(CLI::App& app, Action* action) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* command =
      app.add_subcommand("explain", "Tell what a rule says and who deviates from it");
  command->footer(std::string(kExplainAbout) + kExplainExamples);
  command->add_option("rule", options->ids, "IDs of rules, or globs over them")
      ->type_name("ID")
      ->required();
  command->add_option("--specs", options->specs, "The folder of the cases")->type_name("DIR");
  command->callback([options, action] { *action = [options] { return Explain(*options).run(); }; });
}

}  // namespace synfin::cli
