// synfin atlas merge: the shards of an atlas as one.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "harness/atlas/file.h"
#include "harness/atlas/merge.h"
#include "harness/cli/atlas_commands.h"
#include "harness/cli/common.h"
#include "harness/report/exit_code.h"

namespace synfin::cli {
namespace {

constexpr const char* kAtlasMergeAbout =
    "Joins the shards of an atlas. Of a cell that several files have, the first one's is kept, and "
    "marked where they differ:\nso two runs on a real kernel show which cells come out otherwise "
    "now and then.";

struct MergeOptions {
  std::vector<std::string> files;
  std::string out;
};

int merge_atlases(const MergeOptions& options) {
  std::vector<atlas::Atlas> parts;
  for (const std::string& file : options.files) {
    auto part = load_atlas(file);
    if (!part) {
      complain(part.error().message);
      return report::kExitUsage;
    }
    parts.push_back(std::move(*part));
  }
  const auto merged = atlas::merge(parts);
  if (!merged) {
    complain(merged.error().message);
    return report::kExitUsage;
  }
  if (const auto saved = atlas::save(*merged, options.out); !saved) {
    complain(saved.error().message);
    return report::kExitBroken;
  }
  fmt::print("{}", atlas_summary(*merged));
  return report::kExitOk;
}

}  // namespace

void add_atlas_merge(CLI::App& atlas, Action* action) {
  auto options = std::make_shared<MergeOptions>();
  CLI::App* command = atlas.add_subcommand("merge", "Join the shards of an atlas");
  command->footer(kAtlasMergeAbout);
  command->add_option("file", options->files, "Atlases of one stack")
      ->type_name("FILE")
      ->required();
  command->add_option("--out", options->out, "Write the whole to FILE")
      ->type_name("FILE")
      ->required();
  command->callback([options, action] { *action = [options] { return merge_atlases(*options); }; });
}

}  // namespace synfin::cli
