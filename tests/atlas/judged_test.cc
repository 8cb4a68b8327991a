// A judge can follow each cell from the atlas alone.
#include <gtest/gtest.h>

#include <map>

#include "harness/atlas/describe.h"
#include "harness/atlas/replay.h"
#include "harness/judge/judge.h"
#include "tests/atlas/maps.h"

namespace synfin::atlas {
namespace {

std::string text_of(const judge::Divergence& divergence) {
  return std::string(info(divergence.clause).id) + ": wanted " + divergence.wanted + ", got " +
         divergence.got;
}

// The reference follows its own rules; so a divergence is a mistake of the file, of the replay or
// of the rules.
TEST(Judged, NoCellOfTheReferenceDiverges) {
  const testing::Target target("reference");
  const Atlas& atlas = testing::reference_atlas();
  std::map<std::string, std::pair<int, std::string>> found;
  for (const auto& set_up : atlas.set_ups) {
    ASSERT_TRUE(set_up.reached) << set_up.id << ": " << set_up.why;
    auto replayer = Replayer::make(atlas, set_up);
    ASSERT_TRUE(replayer) << replayer.error().message;
    const std::vector<Cell> cells = cells_of(set_up.variables, atlas.with);
    ASSERT_EQ(cells.size(), set_up.entries.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const Behaviour& behaviour = atlas.behaviours[set_up.entries[i].behaviour];
      judge::Judge judge(target.profile, target.stack->traits());
      const auto played = replayer->play(cells[i], behaviour, judge);
      ASSERT_TRUE(played) << played.error().message;
      for (const judge::Divergence& divergence : judge.divergences()) {
        auto& [count, example] = found[set_up.id + ": " + text_of(divergence)];
        if (count++ == 0) example = describe(cells[i]) + ": " + describe(behaviour);
      }
    }
  }
  for (const auto& [what, seen] : found) {
    ADD_FAILURE() << what << "\n  " << seen.first << " cells, as " << seen.second;
  }
}

}  // namespace
}  // namespace synfin::atlas
