// Clause coverage of the reference by specs/: a rule that it does not come through has a reason.
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "harness/proto/requirement.pb.h"
#include "harness/proto/result.pb.h"
#include "tests/cli/program.h"

namespace synfin::cli {
namespace {

const std::string kSpecs = std::string(SYNFIN_SOURCE_DIR) + "/specs";

std::string read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The rules that the reference and the judge's shadow came through in all of specs/.
std::set<std::string> reached_rules() {
  const Folder folder;
  const std::string out = folder.path() + "/run.json";
  run({"run", "--stack", "reference", "--specs", kSpecs, "--json", out});
  proto::RunResult result;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(read(out), &result).ok());
  return {result.clauses_hit().begin(), result.clauses_hit().end()};
}

TEST(Coverage, RulesThatAreNotReachedHaveAReason) {
  proto::Requirements catalogue;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      read(kSpecs + "/requirements.textproto"), &catalogue));
  const std::set<std::string> reached = reached_rules();
  for (const proto::Requirement& rule : catalogue.requirements()) {
    const bool missing = !reached.contains(rule.id()) && rule.unreached().empty();
    EXPECT_FALSE(missing) << rule.id() << " is not reached, and no entry says why";
    const bool stale = reached.contains(rule.id()) && !rule.unreached().empty();
    EXPECT_FALSE(stale) << rule.id() << " is reached, and has a reason why it is not";
  }
}

}  // namespace
}  // namespace synfin::cli
