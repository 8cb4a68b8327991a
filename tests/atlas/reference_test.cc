// The gate of the atlas: the reference's own, made and judged here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/atlas/compare.h"
#include "harness/atlas/judgement.h"
#include "harness/atlas/produce.h"
#include "harness/stack/registry.h"

namespace synfin::atlas {
namespace {

using testing::IsEmpty;

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
  const stack::StackInfo* info = stack::find_stack("reference");
  const Profile profile = info->profile();
  stack::StackOptions options;
  options.profile = profile;
  const auto target = info->make(options);
  ASSERT_TRUE(target);
  const auto atlas = produce({target->get()}, profile, {}, {});
  ASSERT_TRUE(atlas) << atlas.error().message;
  const auto judged = judge_atlas(*atlas, profile, {});
  ASSERT_TRUE(judged) << judged.error().message;
  EXPECT_THAT(judged->apart, IsEmpty());
  EXPECT_THAT(told(judged->findings), IsEmpty());
  EXPECT_GT(judged->domain.places.front().size(), 50000U);
}

}  // namespace
}  // namespace synfin::atlas
