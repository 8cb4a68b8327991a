#include "tests/report/browser.h"

#include <stdlib.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace synfin::report {

namespace fs = std::filesystem;

void expect_works_in_a_browser(const std::string& script, const std::string& page) {
  if (std::system("command -v node >/dev/null 2>&1") != 0) GTEST_SKIP() << "node is not here";
  std::string name = fs::temp_directory_path() / "synfin-page-XXXXXX";
  const fs::path folder = mkdtemp(name.data());
  std::ofstream(folder / "page.html") << page;
  const std::string command = std::string("node ") + SYNFIN_SOURCE_DIR + "/tests/report/html/" +
                              script + " " + (folder / "page.html").string() + " 2>&1";
  std::FILE* pipe = popen(command.c_str(), "r");
  std::string said;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) said += static_cast<char>(c);
  const int status = pclose(pipe);
  fs::remove_all(folder);
  constexpr int kSkipped = 77;
  if (WIFEXITED(status) && WEXITSTATUS(status) == kSkipped) GTEST_SKIP() << said;
  EXPECT_EQ(status, 0) << said;
}

}  // namespace synfin::report
