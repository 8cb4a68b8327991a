// specs/requirements.textproto and engine/clause.h are the same list.
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "engine/clause.h"
#include "harness/proto/requirement.pb.h"

namespace synfin::testing {
namespace {

TEST(Requirements, AreTheClausesOfTheEngine) {
  std::ifstream file(std::string(SYNFIN_SOURCE_DIR) + "/specs/requirements.textproto");
  std::stringstream text;
  text << file.rdbuf();
  proto::Requirements catalogue;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text.str(), &catalogue));
  ASSERT_EQ(static_cast<std::size_t>(catalogue.requirements_size()), kClauseCount);
  for (std::size_t i = 0; i < kClauseCount; ++i) {
    const ClauseInfo& clause = kClauses[i];
    const proto::Requirement& entry = catalogue.requirements(static_cast<int>(i));
    EXPECT_EQ(entry.id(), clause.id);
    EXPECT_EQ(entry.level(), to_string(clause.level)) << clause.id;
    EXPECT_EQ(entry.rfc(), clause.rfc) << clause.id;
    EXPECT_EQ(entry.section(), clause.section) << clause.id;
    EXPECT_FALSE(entry.meaning().empty()) << clause.id;
  }
}

}  // namespace
}  // namespace synfin::testing
