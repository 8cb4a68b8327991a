// specs/requirements.textproto and engine/clause.h are the same list, and the cases cover it.
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "engine/clause.h"
#include "harness/proto/requirement.pb.h"

namespace synfin::testing {
namespace {

const std::string kSpecs = std::string(SYNFIN_SOURCE_DIR) + "/specs";

proto::Requirements catalogue() {
  std::ifstream file(kSpecs + "/requirements.textproto");
  std::stringstream text;
  text << file.rdbuf();
  proto::Requirements read;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text.str(), &read));
  return read;
}

// The rules that some case names.
std::set<std::string> tested_rules() {
  constexpr std::string_view kKey = "//@ requires ";
  std::set<std::string> rules;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kSpecs)) {
    if (entry.path().extension() != ".pkt") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with(kKey)) continue;
      std::istringstream words(line.substr(kKey.size()));
      for (std::string rule; words >> rule;) rules.insert(rule);
    }
  }
  return rules;
}

TEST(Requirements, AreTheClausesOfTheEngine) {
  const proto::Requirements all = catalogue();
  ASSERT_EQ(static_cast<std::size_t>(all.requirements_size()), kClauseCount);
  for (std::size_t i = 0; i < kClauseCount; ++i) {
    const ClauseInfo& clause = kClauses[i];
    const proto::Requirement& entry = all.requirements(static_cast<int>(i));
    EXPECT_EQ(entry.id(), clause.id);
    EXPECT_EQ(entry.level(), to_string(clause.level)) << clause.id;
    EXPECT_EQ(entry.rfc(), clause.rfc) << clause.id;
    EXPECT_EQ(entry.section(), clause.section) << clause.id;
    EXPECT_FALSE(entry.meaning().empty()) << clause.id;
  }
}

TEST(Requirements, HaveACaseOrAReasonWhyNot) {
  const std::set<std::string> tested = tested_rules();
  const proto::Requirements all = catalogue();
  for (const proto::Requirement& rule : all.requirements()) {
    EXPECT_FALSE(tested.contains(rule.id()) && !rule.untested().empty())
        << rule.id() << " has a case, and a reason why it has none";
    if (rule.observed() == "no") continue;
    EXPECT_TRUE(tested.contains(rule.id()) || !rule.untested().empty())
        << rule.id() << " can be observed (" << rule.observed()
        << "), but no case names it and no entry says why";
  }
}

TEST(Requirements, ThatCasesNameAreKnown) {
  std::set<std::string> known;
  for (const ClauseInfo& clause : kClauses) known.emplace(clause.id);
  for (const std::string& rule : tested_rules()) EXPECT_TRUE(known.contains(rule)) << rule;
}

}  // namespace
}  // namespace synfin::testing
