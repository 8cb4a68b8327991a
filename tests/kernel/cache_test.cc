// Which kernels there are, which one a name means, and what is said where there is none.
#include "harness/kernel/cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "harness/kernel/build.h"
#include "harness/kernel/version.h"

namespace synfin::kernel {
namespace {

namespace fs = std::filesystem;
using ::testing::Test;

class Cache : public Test {
 protected:
  Cache() {
    std::string name = fs::temp_directory_path() / "synfin-test-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Cache() override { fs::remove_all(path_); }

  void add(const std::string& folder) const {
    fs::create_directories(path_ / folder);
    std::ofstream(path_ / folder / "linux") << "kernel";
    ::chmod((path_ / folder / "linux").c_str(), 0755);
  }
  std::string found(const std::string& name) const {
    const auto kernel = find_kernel(path_, name);
    return kernel ? kernel->folder.filename().string() : "none: " + kernel.error().message;
  }

  fs::path path_;
};

TEST(Versions, AreComparedNumberByNumber) {
  EXPECT_TRUE(older("6.1", "6.12"));
  EXPECT_TRUE(older("6.12", "6.12.3"));
  EXPECT_TRUE(older("6.2", "6.12"));
  EXPECT_FALSE(older("6.12", "6.12"));
  EXPECT_FALSE(older("6.12.117", "6.12.9"));
}

TEST_F(Cache, ListsWhatIsWholeInTheOrderOfVersions) {
  add("6.12.117-aaaaaaaa");
  add("6.1.192-aaaaaaaa");
  add("6.12.117+kasan-bbbbbbbb");
  fs::create_directories(path_ / "6.6.1-aaaaaaaa");  // without a kernel
  std::string names;
  for (const Kernel& kernel : kernels(path_)) names += kernel.name() + " ";
  EXPECT_EQ(names, "6.1.192 6.12.117 6.12.117+kasan ");
}

TEST_F(Cache, ASeriesMeansItsNewest) {
  add("6.12.9-aaaaaaaa");
  add("6.12.117-aaaaaaaa");
  add("6.1.192-aaaaaaaa");
  EXPECT_EQ(found("6.12"), "6.12.117-aaaaaaaa");
  EXPECT_EQ(found("6.12.9"), "6.12.9-aaaaaaaa");
  EXPECT_EQ(found("6.1"), "6.1.192-aaaaaaaa");
}

TEST_F(Cache, LabelsAndKasanAreAsTheyAre) {
  add("6.12.117+kasan-aaaaaaaa");
  add("6.12.117+mine+kasan-aaaaaaaa");
  add("6.12.117+mine-aaaaaaaa");
  EXPECT_EQ(found("6.12+kasan"), "6.12.117+kasan-aaaaaaaa");
  EXPECT_EQ(found("6.12+mine+kasan"), "6.12.117+mine+kasan-aaaaaaaa");
  EXPECT_EQ(found("6.12+mine"), "6.12.117+mine-aaaaaaaa");
  EXPECT_TRUE(found("6.12").starts_with("none: "));
}

TEST_F(Cache, TodaysConfigurationGoesBeforeOthers) {
  const Kernel today = place_of(path_, "6.12.117", {});
  add(today.folder.filename().string());
  add("6.12.117-00000000");
  add("6.12.117-ffffffff");
  EXPECT_EQ(found("6.12"), today.folder.filename().string());
}

TEST_F(Cache, WithoutOneTheErrorTellsHowToBuildIt) {
  EXPECT_EQ(found("6.12.117+kasan"),
            "none: no kernel 6.12.117+kasan was built yet: synfin kernel build 6.12 --kasan");
  EXPECT_EQ(
      found("6.15+mine"),
      "none: no kernel 6.15+mine was built yet: synfin kernel build --source DIR --name mine");
}

TEST(Config, NamesWhatASourceLacks) {
  const std::string lacks = "\nCONFIG_UML=y\n";
  const auto checked = check_resolved({}, lacks);
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("CONFIG_UML_TIME_TRAVEL_SUPPORT"), std::string::npos);
  EXPECT_TRUE(check_resolved({}, "\n" + config_text({})));
  const auto kasan = check_resolved({.label = "", .kasan = true}, "\n" + config_text({}));
  ASSERT_FALSE(kasan);
  EXPECT_NE(kasan.error().message.find("KASAN"), std::string::npos);
}

class Build : public Cache {
 protected:
  Build() : path_of_tools_(std::getenv("PATH")) {}
  ~Build() override { setenv("PATH", path_of_tools_.c_str(), 1); }
  // Programs that do nothing.
  void only_tools(const std::vector<std::string>& names) const {
    fs::create_directories(path_ / "bin");
    for (const std::string& name : names) {
      std::ofstream(path_ / "bin" / name) << "#!/bin/sh\n";
      ::chmod((path_ / "bin" / name).c_str(), 0755);
    }
    setenv("PATH", (path_ / "bin").c_str(), 1);
  }
  std::string error(BuildOptions options) const {
    options.cache = path_ / "cache";
    options.packages = path_ / "packages";
    const auto built = build_kernel(options, [](const BuildProgress&) { return true; });
    return built ? "" : built.error().message;
  }

 private:
  std::string path_of_tools_;
};

TEST_F(Build, NamesThePackagesOfMissingTools) {
  only_tools({"make", "gcc", "perl", "tar", "xz"});
  BuildOptions options;
  options.series = "6.12";
  EXPECT_EQ(error(options),
            "building a kernel needs flex, bison, bc: apt-get install flex bison bc");
}

TEST_F(Build, NamesTheMissingSource) {
  only_tools({"make", "gcc", "flex", "bison", "bc", "perl", "tar", "xz"});
  BuildOptions options;
  options.series = "6.12";
  const std::string message = error(options);
  EXPECT_NE(message.find("apt-get install linux-source-6.12"), std::string::npos) << message;
  EXPECT_FALSE(fs::exists(path_ / "cache")) << "it left something behind";
}

TEST_F(Build, RefusesATreeThatIsNoKernel) {
  only_tools({"make", "gcc", "flex", "bison", "bc", "perl", "tar", "xz"});
  BuildOptions options;
  options.source = path_;
  EXPECT_EQ(error(options), path_.string() + " is not the source of a Linux kernel");
}

TEST_F(Build, KeepsNothingOfOneThatFailed) {
  only_tools({"gcc", "flex", "bison", "bc", "perl", "tar", "xz"});
  std::ofstream(path_ / "bin/make") << "#!/bin/sh\necho no rule >&2; exit 2\n";
  ::chmod((path_ / "bin/make").c_str(), 0755);
  fs::create_directories(path_ / "tree/arch/um");
  std::ofstream(path_ / "tree/Makefile") << "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 3\n";
  std::ofstream(path_ / "tree/arch/um/Makefile") << "\n";
  BuildOptions options;
  options.source = path_ / "tree";
  options.variant.label = "mine";
  EXPECT_EQ(error(options), "make failed\n  no rule");
  EXPECT_TRUE(kernels(path_ / "cache").empty());
}

}  // namespace
}  // namespace synfin::kernel
