// corpus/regressions: programs that are kept because a stack parted from the rules with them. The
// reference passes all of them, and each stack that a folder is named for parts as its baseline
// says. FINDINGS.md tells of each.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "harness/proto/result.pb.h"
#include "harness/report/json.h"
#include "tests/cli/program.h"

namespace synfin::cli {
namespace {

namespace fs = std::filesystem;

// Of one stack, from the root of the source, which is where tests run.
std::vector<std::string> regressions(const std::string& stack) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator("corpus/regressions/" + stack)) {
    if (entry.path().extension() == ".pkt") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

proto::RunResult play(const std::vector<std::string>& files, const std::string& stack) {
  std::vector<std::string> arguments = {"run"};
  arguments.insert(arguments.end(), files.begin(), files.end());
  const Folder folder;
  const std::string json = folder.path() + "/result.json";
  arguments.insert(arguments.end(), {"--stack", stack, "--json", json});
  const Ran ran = run(arguments);
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  const auto read = report::read_results(json);
  EXPECT_TRUE(read) << read.error().message;
  return read ? *read : proto::RunResult();
}

class Regressions : public testing::TestWithParam<std::string> {};

TEST_P(Regressions, TheReferencePassesThem) {
  const auto files = regressions(GetParam());
  const proto::RunResult result = play(files, "reference");
  EXPECT_GE(static_cast<std::size_t>(result.cases_size()), files.size());
  for (const auto& each : result.cases()) {
    EXPECT_EQ(each.verdict(), proto::PASS) << each.id() << ": " << each.reason();
  }
}

TEST_P(Regressions, TheStackPartsAsItsBaselineSays) {
  const auto files = regressions(GetParam());
  const Ran one = run({"run", files.at(0), "--stack", GetParam()});
  if (one.err.find("forbids") != std::string::npos) GTEST_SKIP() << one.err;
  const proto::RunResult result = play(files, GetParam());
  EXPECT_GE(static_cast<std::size_t>(result.cases_size()), files.size());
  for (const auto& each : result.cases()) {
    EXPECT_EQ(each.verdict(), proto::XFAIL) << each.id() << ": " << each.reason();
  }
}

TEST_P(Regressions, FindingsTellOfEach) {
  std::ifstream file("FINDINGS.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const std::string& path : regressions(GetParam())) {
    const std::string name = fs::path(path).stem();
    EXPECT_NE(text.find("`" + name + "`"), std::string::npos) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Regressions, testing::Values("linux", "lwip"));

}  // namespace
}  // namespace synfin::cli
