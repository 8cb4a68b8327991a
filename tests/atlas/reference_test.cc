// The gate of the atlas: the reference's own, made and judged here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "harness/atlas/compare.h"
#include "harness/atlas/judgement.h"
#include "tests/atlas/maps.h"
#include "tests/temp_file.h"

namespace synfin::atlas {
namespace {

using ::testing::IsEmpty;

// "wanted …, got …: where" of each finding.
std::vector<std::string> told(const std::vector<Finding>& findings) {
  std::vector<std::string> out;
  for (const Finding& finding : findings) {
    const Difference& difference = finding.difference;
    std::string text = std::to_string(finding.cells.size()) + " cells, ";
    if (difference.clause) text += std::string(info(*difference.clause).id) + ": ";
    text += "wanted " + difference.wanted + ", got " + difference.got;
    for (const Finding::Where& where : finding.where) {
      text += "\n  " + where.rule.states + " · " + where.rule.segment;
    }
    out.push_back(text);
  }
  return out;
}

TEST(ReferenceAtlas, IsJudgedWithoutAFinding) {
  const testing::Target target("reference");
  const Atlas& atlas = testing::reference_atlas();
  const auto judged = judge_atlas(atlas, target.profile, {});
  ASSERT_TRUE(judged) << judged.error().message;
  EXPECT_THAT(judged->apart, IsEmpty());
  EXPECT_THAT(told(judged->findings), IsEmpty());
  EXPECT_GT(judged->domain.places.front().size(), 50000U);
}

TEST(ReferenceAtlas, WithOptionsThatWereAgreedIsJudgedWithoutAFinding) {
  const testing::Target target("reference");
  ProduceOptions options;
  options.only = {"ESTABLISHED/options-hole", "TIME-WAIT/options"};
  options.with.options = true;
  const Atlas atlas = testing::map(*target.stack, target.profile, options);
  const auto judged = judge_atlas(atlas, target.profile, {});
  ASSERT_TRUE(judged) << judged.error().message;
  EXPECT_THAT(judged->apart, IsEmpty());
  EXPECT_THAT(told(judged->findings), IsEmpty());
  EXPECT_GT(judged->domain.places.front().size(), 50000U);
}

// What is planted into the reference's own atlas is found, with its rule, and told in one rule.
TEST(ReferenceAtlas, WithAFaultIsJudgedWithAFinding) {
  const testing::Target target("reference");
  Atlas atlas = testing::reference_atlas();
  std::erase_if(atlas.set_ups, [](const auto& each) { return each.id != "LISTEN"; });
  auto& listen = atlas.set_ups.front();
  const std::vector<Cell> cells = cells_of(listen.variables, atlas.with);
  const auto silent = static_cast<uint32_t>(atlas.behaviours.size());
  const auto refused = [](const Cell& cell) {
    const Flags flags(cell.flags);
    return flags.ack() && !flags.rst();
  };
  uint32_t planted = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!refused(cells[i])) continue;
    if (planted++ == 0) {
      atlas.behaviours.push_back(atlas.behaviours[listen.entries[i].behaviour]);
      atlas.behaviours.back().answers.clear();
    }
    listen.entries[i].behaviour = silent;
  }
  const auto judged = judge_atlas(atlas, target.profile, {});
  ASSERT_TRUE(judged) << judged.error().message;
  EXPECT_THAT(told(judged->findings),
              ::testing::ElementsAre(std::to_string(planted) +
                                     " cells, SM-LISTEN-2: wanted a RST, got silence\n"
                                     "  LISTEN · any segment with ACK without RST"));

  const synfin::testing::TempFile file("atlas-baseline.textproto");
  const std::string& path = file.path();
  std::ofstream(path) << R"(deviations {
    case_id: "atlas/LISTEN/*ACK* seq *" clause: "SM-LISTEN-2" stack: "reference" got: "silence"
    reason: "planted" })";
  atlas.provenance.set_stack("reference");
  const auto known = judge_atlas(atlas, target.profile, judge::Baseline::load(path).value());
  ASSERT_TRUE(known);
  ASSERT_THAT(known->findings, ::testing::SizeIs(1));
  EXPECT_EQ(known->findings[0].difference.known, path + ":1");
  EXPECT_EQ(known->findings[0].difference.reason, "planted");
}

}  // namespace
}  // namespace synfin::atlas
