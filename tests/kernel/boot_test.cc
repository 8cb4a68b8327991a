// What a kernel's process says and how it ends, with a script in its place.
#include "harness/kernel/boot.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "harness/kernel/guest.h"
#include "tests/temp_file.h"

namespace synfin::kernel {
namespace {

namespace fs = std::filesystem;

class Boot : public ::testing::Test {
 protected:
  Boot() { fs::create_directories(folder_); }
  ~Boot() override { fs::remove_all(folder_); }
  Result<BootResult> boot_script(const std::string& commands) {
    Kernel kernel;
    kernel.version = "6.12.1";
    kernel.folder = folder_;
    std::ofstream(kernel.image()) << "#!/bin/sh\n" << commands;
    fs::permissions(kernel.image(), fs::perms::owner_all);
    return boot(kernel, {}, [] { return true; });
  }
  std::string folder_ = synfin::testing::temp_path("kernel");
};

TEST_F(Boot, OneThatNeverComesToTheProgramDoesNotBoot) {
  const auto booted = boot_script("echo 'Kernel panic - not syncing: no root'\nexit 1\n");
  ASSERT_FALSE(booted);
  EXPECT_NE(booted.error().message.find("does not boot: Kernel panic"), std::string::npos)
      << booted.error().message;
}

TEST_F(Boot, ALongLogDoesNotMakeItForgetThatTheProgramRan) {
  const auto booted = boot_script("echo '" + std::string(kInsideMark) +
                                  "'\nyes much ado | head -c 1000000\nexit 7\n");
  ASSERT_TRUE(booted) << booted.error().message;
  EXPECT_EQ(booted->exit_code, 7);
  EXPECT_FALSE(booted->panicked);
  EXPECT_LT(booted->log.size(), 1000000U) << "the last of it";
}

}  // namespace
}  // namespace synfin::kernel
