// synfin atlas compare, synfin atlas judge: what two stacks, or a stack and the rules, differ in.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <span>

#include "harness/atlas/compare.h"
#include "harness/atlas/judgement.h"
#include "harness/atlas/replay.h"
#include "harness/cli/atlas_commands.h"
#include "harness/cli/common.h"
#include "harness/cli/select.h"
#include "harness/kernel/version.h"
#include "harness/report/atlas_text.h"
#include "harness/report/exit_code.h"
#include "harness/report/html_atlas.h"
#include "harness/script/file.h"
#include "harness/stack/registry.h"

namespace synfin::cli {
namespace {

using atlas::Atlas;
using atlas::Finding;

constexpr const char* kAboutCompare =
    "Tells in what two atlases differ: two stacks, two versions of one, a stack and the reference. "
    "Cells that differ\nalike are told together, in as few rules as say which they are.\n\nNumbers "
    "count from each stack's own ISN, and sizes of windows do not matter.\n\nExit code: 0 they are "
    "equal, 1 they differ, 2 wrong usage, 3 a file that cannot be read.";

constexpr const char* kAboutJudge =
    "Holds an atlas against the rules. Each finding names its requirement; what the RFCs permit is "
    "none.\n\nExit code: 0 no finding but known ones, 1 others, 2 wrong usage, 3 a file that "
    "cannot "
    "be read.";

struct ViewOptions {
  std::string a;
  std::string b;
  std::string out;
  std::string html;
  std::string profile;
  std::string baseline;
  std::string specs;
  bool all = false;
};

// Writes findings and their examples.
class View {
 public:
  View(const ViewOptions& options, const Atlas& shown, const atlas::Domain& domain)
      : options_(options), atlas_(shown), domain_(domain) {
    text_.style = report::style_of(STDOUT_FILENO);
    text_.got = shown.provenance.stack();
    text_.all = options.all;
  }
  void names(const std::string& got, const std::string& wanted) {
    text_.got = got;
    text_.wanted = wanted;
  }

  void write(const std::string& text) const {
    const std::string shown = text_.style.for_reader(text);
    std::fwrite(shown.data(), 1, shown.size(), stdout);
  }
  // An error: an example cannot be written.
  Result<void> write(const std::vector<Finding>& findings) const;

 private:
  Result<std::string> save_example(const Finding& finding, std::size_t number) const;

  const ViewOptions& options_;
  const Atlas& atlas_;
  const atlas::Domain& domain_;
  report::AtlasTextOptions text_;
};

// Returns the command that plays it again.
Result<std::string> View::save_example(const Finding& finding, std::size_t number) const {
  const atlas::Place& place = domain_.places.front()[finding.example];
  const atlas::SetUp& set_up = atlas_.set_ups[place.set_up];
  const atlas::Cell cell = atlas::cells_of(set_up.variables, atlas_.with)[place.entry];
  const auto& behaviour = atlas_.behaviours[set_up.entries[place.entry].behaviour];
  std::string text;
  for (const std::string& line : report::finding_comments(finding, text_)) {
    text += "// " + line + "\n";
  }
  text += atlas::cell_text(atlas_, set_up, cell, &behaviour);
  const std::string path = (std::filesystem::path(options_.out) / fmt::format("{}.pkt", number));
  if (const auto saved = script::write_file(path, text); !saved) {
    return tl::make_unexpected(saved.error());
  }
  StackChoice choice;
  choice.stack = atlas_.provenance.stack();
  const std::string& version = atlas_.provenance.stack_version();
  // Another kernel than this machine's is one that --kernel names.
  if (choice.stack == "linux" && version != kernel::running_version()) choice.kernel = version;
  return fmt::format("synfin replay {} {}", shell_word(path), options_of(choice));
}

Result<void> View::write(const std::vector<Finding>& findings) const {
  if (!options_.out.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options_.out, error);
    if (error) return fail(fmt::format("{}: {}", options_.out, error.message()));
  }
  std::size_t number = 0;
  for (const Finding& finding : findings) {
    ++number;
    std::string replay;
    if (!options_.out.empty()) {
      auto saved = save_example(finding, number);
      if (!saved) return tl::make_unexpected(saved.error());
      replay = *saved;
    }
    write("\n" + report::finding_text(finding, number, replay, text_));
  }
  return {};
}

// The page, where one is wanted. An error: it cannot be written.
Result<void> write_page(const ViewOptions& options, const report::AtlasPage& page) {
  if (options.html.empty()) return {};
  return script::write_file(options.html, report::atlas_to_html(page));
}

std::string apart_text(const std::vector<std::string>& apart) {
  std::string text;
  for (const std::string& line : apart) text += "\n" + line + "\n";
  return text;
}

std::string count_text(std::size_t count, const std::string& what) {
  return fmt::format("{} {}{}", report::grouped(count), what, count == 1 ? "" : "s");
}

int compare_files(const ViewOptions& options) {
  const auto a = load_atlas(options.a);
  const auto b = load_atlas(options.b);
  for (const auto* each : {&a, &b}) {
    if (*each) continue;
    complain(each->error().message);
    return report::kExitBroken;
  }
  const atlas::Comparison found = atlas::compare(*a, *b);
  View view(options, *a, found.domain);
  if (b->provenance.stack() == a->provenance.stack()) {
    view.names(atlas::name_of(*a), atlas::name_of(*b));
  } else {
    view.names(a->provenance.stack(), b->provenance.stack());
  }
  const std::size_t cells = found.domain.grid.cells();
  view.write(fmt::format("{} beside {} · {} in both · {} alike · {}\n", atlas::name_of(*a),
                         atlas::name_of(*b), count_text(cells, "cell"),
                         report::grouped(cells - found.differing),
                         count_text(found.findings.size(), "finding")));
  view.write(apart_text(found.apart));
  report::AtlasPage page;
  page.atlases = {&*a, &*b};
  page.wanted = b->provenance.stack();
  page.domain = &found.domain;
  page.findings = &found.findings;
  page.apart = found.apart;
  for (const auto& written : {view.write(found.findings), write_page(options, page)}) {
    if (written) continue;
    complain(written.error().message);
    return report::kExitBroken;
  }
  return found.equal() ? report::kExitOk : report::kExitUnexpected;
}

Result<judge::Baseline> baseline_of(const ViewOptions& options, const Atlas& atlas) {
  if (options.baseline == "none") return judge::Baseline();
  if (!options.baseline.empty()) return judge::Baseline::load(options.baseline);
  const auto specs = find_specs(options.specs);
  if (!specs) return judge::Baseline();
  const auto path = *specs / "baselines" / atlas.provenance.stack();
  if (!std::filesystem::exists(path)) return judge::Baseline();
  return judge::Baseline::load(path.string());
}

// By name, else as the atlas tells it.
Result<Profile> profile_of(const ViewOptions& options, const Atlas& atlas) {
  const std::string& name = options.profile.empty() ? atlas.provenance.profile() : options.profile;
  auto profile = stack::find_profile(name);
  if (!profile) return profile;
  std::vector<stack::Sysctl> sysctls(atlas.provenance.settings().begin(),
                                     atlas.provenance.settings().end());
  return stack::case_profile(*profile, atlas.ipv6, sysctls);
}

int judge_file(const ViewOptions& options) {
  const auto read = load_atlas(options.a);
  if (!read) {
    complain(read.error().message);
    return report::kExitBroken;
  }
  const auto baseline = baseline_of(options, *read);
  const auto profile = profile_of(options, *read);
  if (!baseline || !profile) {
    complain(baseline ? profile.error().message : baseline.error().message);
    return report::kExitUsage;
  }
  const auto judged = atlas::judge_atlas(*read, *profile, *baseline);
  if (!judged) {
    complain(fmt::format("{}: {}", options.a, judged.error().message));
    return report::kExitBroken;
  }
  const View view(options, *read, judged->domain);
  const auto known =
      std::count_if(judged->findings.begin(), judged->findings.end(),
                    [](const Finding& finding) { return !finding.difference.known.empty(); });
  const std::size_t cells = judged->domain.grid.cells();
  view.write(fmt::format("{} · {} · {} as the RFC says · {}{}\n", atlas::name_of(*read),
                         count_text(cells, "cell"), report::grouped(cells - judged->diverging),
                         count_text(judged->findings.size(), "finding"),
                         known > 0 ? fmt::format(", {} known", known) : ""));
  view.write(apart_text(judged->apart));
  report::AtlasPage page;
  page.atlases = {&*read};
  page.domain = &judged->domain;
  page.findings = &judged->findings;
  page.apart = judged->apart;
  for (const auto& written : {view.write(judged->findings), write_page(options, page)}) {
    if (written) continue;
    complain(written.error().message);
    return report::kExitBroken;
  }
  const bool clean =
      judged->apart.empty() && static_cast<std::size_t>(known) == judged->findings.size();
  return clean ? report::kExitOk : report::kExitUnexpected;
}

void add_view_options(CLI::App& command, ViewOptions* options) {
  command.add_option("--out", options->out, "Write an example of each finding to DIR, as .pkt")
      ->type_name("DIR");
  command.add_option("--html", options->html, "Write a page with the maps to FILE")
      ->type_name("FILE");
  command.add_flag("-v,--verbose", options->all, "Show every rule of a finding");
}

}  // namespace

void add_atlas_compare(CLI::App& atlas, Action* action) {
  auto options = std::make_shared<ViewOptions>();
  CLI::App* command = atlas.add_subcommand("compare", "Tell in what two atlases differ");
  command->footer(kAboutCompare);
  command->add_option("a", options->a, "An atlas")->type_name("A")->required();
  command->add_option("b", options->b, "Another")->type_name("B")->required();
  add_view_options(*command, options.get());
  command->callback([options, action] { *action = [options] { return compare_files(*options); }; });
}

void add_atlas_judge(CLI::App& atlas, Action* action) {
  auto options = std::make_shared<ViewOptions>();
  CLI::App* command = atlas.add_subcommand("judge", "Hold an atlas against the rules");
  command->footer(kAboutJudge);
  command->add_option("a", options->a, "An atlas")->type_name("A")->required();
  add_view_options(*command, options.get());
  command
      ->add_option("--profile", options->profile,
                   "The choices that it is judged by, in place of its own")
      ->type_name("NAME");
  command
      ->add_option("--baseline", options->baseline,
                   "Known deviations, a file or folder, or none (default: specs/baselines/STACK)")
      ->type_name("PATH");
  command->add_option("--specs", options->specs, "The folder of the cases")->type_name("DIR");
  command->callback([options, action] { *action = [options] { return judge_file(*options); }; });
}

}  // namespace synfin::cli
