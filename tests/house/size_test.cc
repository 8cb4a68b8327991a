// Files stay short enough to be read in one go.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLimit = 500;  // lines; a file has fewer

std::size_t count_lines(std::string_view content) {
  const auto ends = static_cast<std::size_t>(std::count(content.begin(), content.end(), '\n'));
  return ends + (content.empty() || content.ends_with('\n') ? 0 : 1);
}

bool too_long(std::string_view content) { return count_lines(content) >= kLimit; }

bool is_source(const fs::path& path) {
  constexpr std::array kExtensions = {".cc", ".h", ".proto", ".cmake", ".txt"};
  return std::any_of(kExtensions.begin(), kExtensions.end(),
                     [&](const char* extension) { return path.extension() == extension; });
}

TEST(Size, EveryFileIsShort) {
  const fs::path root = SYNFIN_SOURCE_DIR;
  std::size_t files = 0;
  for (const char* top : {"engine", "harness", "fuzz", "tests", "cmake"}) {
    if (!fs::is_directory(root / top)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      if (!entry.is_regular_file() || !is_source(entry.path())) continue;
      ++files;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string content{std::istreambuf_iterator<char>(in), {}};
      EXPECT_FALSE(too_long(content))
          << entry.path().lexically_relative(root) << ": " << count_lines(content) << " lines";
    }
  }
  EXPECT_GT(files, 0U) << "nothing was checked";
}

TEST(Size, TheLimitIsSharp) {
  std::string content;
  for (std::size_t i = 1; i < kLimit; ++i) content += "x\n";
  EXPECT_FALSE(too_long(content));
  EXPECT_TRUE(too_long(content + "x"));
  EXPECT_TRUE(too_long(content + "x\n"));
  EXPECT_FALSE(too_long(""));
}

}  // namespace
