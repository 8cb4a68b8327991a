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

// What a judge says of some cells of an atlas: every `step`th of each set-up.
std::map<std::string, std::string> judged(const Atlas& atlas, const Profile& profile,
                                          const stack::Traits& traits, std::size_t step) {
  std::map<std::string, std::string> found;
  for (const auto& set_up : atlas.set_ups) {
    auto replayer = Replayer::make(atlas, set_up);
    EXPECT_TRUE(replayer) << replayer.error().message;
    const std::vector<Cell> cells = cells_of(set_up.variables, atlas.with);
    for (std::size_t i = 0; replayer && i < set_up.entries.size(); i += step) {
      const Behaviour& behaviour = atlas.behaviours[set_up.entries[i].behaviour];
      judge::Judge judge(profile, traits);
      const auto played = replayer->play(cells[i], behaviour, judge);
      EXPECT_TRUE(played) << played.error().message;
      for (const judge::Divergence& divergence : judge.divergences()) {
        found.emplace(set_up.id + ": " + text_of(divergence),
                      describe(cells[i]) + ": " + describe(behaviour));
      }
    }
  }
  return found;
}

// Prime to the number of classes in each dimension, so that all of them are met.
constexpr std::size_t kStep = 41;

// The reference follows its own rules; so a divergence is a mistake of the file, of the replay or
// of the rules.
TEST(Judged, NoCellOfTheReferenceDiverges) {
  const testing::Target target("reference");
  const auto found =
      judged(testing::reference_atlas(), target.profile, target.stack->traits(), kStep);
  for (const auto& [what, example] : found) ADD_FAILURE() << what << "\n  " << example;
}

// What is planted into the file is seen: another state, no answer, another number.
TEST(Judged, AMistakeOfTheFileDoes) {
  const testing::Target target("reference");
  const auto spoil = [&](const std::string& id, const auto& change) {
    Atlas atlas = testing::reference_atlas();
    std::erase_if(atlas.set_ups, [&](const auto& set_up) { return set_up.id != id; });
    for (Behaviour& behaviour : atlas.behaviours) change(behaviour);
    return judged(atlas, target.profile, target.stack->traits(), kStep).size();
  };
  EXPECT_EQ(spoil("LAST-ACK", [](Behaviour&) {}), 0U);
  EXPECT_GT(spoil("LAST-ACK", [](Behaviour& b) { b.state = State::kEstablished; }), 0U);
  EXPECT_GT(spoil("LAST-ACK", [](Behaviour& b) { b.answers.clear(); }), 0U);
  EXPECT_GT(spoil("LAST-ACK",
                  [](Behaviour& b) {
                    for (Wire& wire : b.answers) wire.ack.offset += 1;
                  }),
            0U);
  EXPECT_GT(spoil("ESTABLISHED",
                  [](Behaviour& b) {
                    if (b.api.read && b.api.read->value == 1) b.api.other_text = true;
                  }),
            0U);
}

}  // namespace
}  // namespace synfin::atlas
