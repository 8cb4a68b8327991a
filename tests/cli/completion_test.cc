// The scripts for the shells, as the shells read them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "tests/cli/program.h"

namespace synfin::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string output_of(const std::string& command) {
  std::string text;
  std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  pclose(pipe);
  return text;
}

class Completion : public testing::Test {
 protected:
  // What bash offers for the last of these words.
  std::string bash(const std::string& words) {
    const std::string script = folder_.write("synfin.bash", run({"completion", "bash"}).out);
    return output_of(
        "bash -c 'source " + script + "; COMP_WORDS=(" + words +
        "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _synfin; echo \" ${COMPREPLY[*]} \"'");
  }
  Folder folder_;
};

TEST_F(Completion, OffersCommandsAndOptions) {
  EXPECT_THAT(bash("synfin ex"), HasSubstr(" explain "));
  EXPECT_THAT(bash("synfin \"\""), HasSubstr(" run "));
  EXPECT_THAT(bash("synfin run --ju"), HasSubstr(" --junit "));
  EXPECT_THAT(bash("synfin run --"), HasSubstr(" --update-baseline "));
  EXPECT_THAT(bash("synfin list --"), Not(HasSubstr(" --junit ")));
  EXPECT_THAT(bash("synfin kernel \"\""), HasSubstr(" build list "));
  EXPECT_THAT(bash("synfin kernel build --ka"), HasSubstr(" --kasan "));
}

TEST_F(Completion, OffersValues) {
  EXPECT_THAT(bash("synfin run --level m"), HasSubstr(" must may "));
  EXPECT_THAT(bash("synfin run --stack ref"), HasSubstr(" reference "));
  EXPECT_THAT(bash("synfin show --as lad"), HasSubstr(" ladder "));
  EXPECT_THAT(bash("synfin explain SM-ACK-3"), HasSubstr(" SM-ACK-3 "));
  EXPECT_THAT(bash("synfin completion z"), HasSubstr(" zsh "));
  EXPECT_THAT(bash("synfin kernel build --source " + folder_.path().substr(0, 5)),
              HasSubstr(folder_.path()));
  EXPECT_THAT(bash("synfin run --json " + folder_.path() + "/synf"), HasSubstr("synfin.bash"));
}

TEST_F(Completion, KnowsEveryOptionOfEveryCommand) {
  const std::string script = run({"completion", "bash"}).out;
  for (const std::string command : {"run", "list", "show", "replay", "probe", "pair", "merge"}) {
    const std::string help = run({command, "--help"}).out;
    for (std::size_t at = help.find(" --"); at != std::string::npos;
         at = help.find(" --", at + 1)) {
      const std::size_t end = help.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at + 1);
      const std::string option = help.substr(at + 1, end - at - 1);
      EXPECT_THAT(script, HasSubstr(" " + option)) << command;
    }
  }
}

TEST_F(Completion, IsZshToZsh) {
  if (std::system("command -v zsh >/dev/null 2>&1") != 0) GTEST_SKIP() << "zsh is not here";
  const std::string script = folder_.write("_synfin", run({"completion", "zsh"}).out);
  EXPECT_EQ(output_of("zsh -n " + script), "");
  EXPECT_EQ(output_of("zsh -f -c 'autoload -Uz compinit; compinit -D; source " + script +
                      "; echo $_comps[synfin]'"),
            "_synfin\n");
}

TEST_F(Completion, KnowsNoOtherShell) { EXPECT_EQ(run({"completion", "fish"}).code, 2); }

}  // namespace
}  // namespace synfin::cli
