// synfin atlas show: an atlas in words.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <set>

#include "harness/atlas/cells.h"
#include "harness/atlas/describe.h"
#include "harness/atlas/file.h"
#include "harness/cli/atlas_commands.h"
#include "harness/cli/common.h"
#include "harness/report/exit_code.h"
#include "harness/report/style.h"

namespace synfin::cli {
namespace {

using atlas::Atlas;
using atlas::Cell;
using atlas::Entry;
using atlas::SetUp;

}  // namespace

Result<Atlas> load_atlas(const std::string& file) {
  auto loaded = atlas::load(file);
  if (!loaded) return tl::make_unexpected(loaded.error());
  if (!loaded->complete) {
    complain(fmt::format("{}: not whole: it was not finished", file));
  }
  return std::move(loaded->atlas);
}

std::string atlas_summary(const Atlas& atlas) {
  std::size_t width = 0;
  for (const SetUp& set_up : atlas.set_ups) width = std::max(width, set_up.id.size());
  std::string text;
  std::size_t cells = 0;
  std::size_t played = 0;
  std::size_t again = 0;
  std::size_t unreached = 0;
  for (const SetUp& set_up : atlas.set_ups) {
    if (!set_up.reached) {
      ++unreached;
      text += fmt::format("  {:<{}}  not reached: {}\n", set_up.id, width, set_up.why);
      continue;
    }
    std::set<uint32_t> behaviours;
    for (const Entry& entry : set_up.entries) {
      if (entry.behaviour != atlas::kNotPlayed) {
        behaviours.insert(entry.behaviour);
        ++played;
      }
      if (entry.again) ++again;
    }
    cells += set_up.entries.size();
    text += fmt::format("  {:<{}}  {:>6} cells  {:>4} behaviours\n", set_up.id, width,
                        set_up.entries.size(), behaviours.size());
  }
  text += fmt::format("\n{} cells", cells);
  if (played != cells) text += fmt::format(", {} of them played", played);
  text += fmt::format("; {} behaviours", atlas.behaviours.size());
  if (again > 0) text += fmt::format("; {} cells played again", again);
  if (unreached > 0) text += fmt::format("; {} states not reached", unreached);
  return text + "\n";
}

void add_atlas_show(CLI::App&, Action*) {}
void add_atlas_merge(CLI::App&, Action*) {}

}  // namespace synfin::cli
