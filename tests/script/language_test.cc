// The examples in LANGUAGE.md are programs.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "harness/script/compile.h"
#include "harness/script/expand.h"

namespace synfin::script {
namespace {

TEST(Language, ItsExamplesCompile) {
  std::ifstream in(std::string(SYNFIN_SOURCE_DIR) + "/harness/script/LANGUAGE.md");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::string start = "\n```pkt\n";
  int examples = 0;
  for (std::size_t at = text.find(start); at != std::string::npos; at = text.find(start, at)) {
    at += start.size();
    const std::string example = text.substr(at, text.find("\n```\n", at) - at);
    const auto programs = parse_all(example, "LANGUAGE.md");
    ASSERT_TRUE(programs) << to_string("", programs.error()) << "\n" << example;
    for (const auto& program : *programs) {
      const auto flat = compile(program);
      EXPECT_TRUE(flat) << flat.error().message << "\n" << example;
    }
    ++examples;
  }
  EXPECT_EQ(examples, 3);
}

}  // namespace
}  // namespace synfin::script
