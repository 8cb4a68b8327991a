// Namespaces, and the sentences for when there are none.
#include "harness/link/netns.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/temp_file.h"

namespace synfin::link {
namespace {

namespace fs = std::filesystem;

// A /proc of our own making.
class FakeProc {
 public:
  FakeProc() : root_(synfin::testing::temp_path("proc")) { fs::remove_all(root_); }
  ~FakeProc() { fs::remove_all(root_); }
  void write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text << "\n";
  }
  std::string root() const { return root_.string(); }

 private:
  fs::path root_;
};

TEST(ExplainUserNamespaceTest, NamesWhatForbidsIt) {
  struct Forbids {
    const char* path;
    const char* value;
    const char* sysctl;
  };
  for (const Forbids& forbids :
       {Forbids{"sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"},
        Forbids{"sys/user/max_user_namespaces", "0", "user.max_user_namespaces"},
        Forbids{"sys/kernel/apparmor_restrict_unprivileged_userns", "1",
                "kernel.apparmor_restrict_unprivileged_userns=0"}}) {
    FakeProc proc;
    proc.write("sys/user/max_user_namespaces", "1000");
    proc.write(forbids.path, forbids.value);
    const std::string text = explain_user_namespace(EPERM, proc.root());
    EXPECT_NE(text.find(forbids.sysctl), std::string::npos) << text;
    EXPECT_NE(text.find("run as root"), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  }
}

TEST(ExplainUserNamespaceTest, ThreadsAndOtherErrors) {
  const FakeProc proc;
  EXPECT_NE(explain_user_namespace(EINVAL, proc.root()).find("thread"), std::string::npos);
  const std::string other = explain_user_namespace(EPERM, proc.root());
  EXPECT_NE(other.find("not permitted"), std::string::npos) << other;
  EXPECT_NE(other.find("CAP_NET_ADMIN"), std::string::npos) << other;
}

class NetnsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(Netns::home(), nullptr);
    if (auto privilege = acquire_privilege(); !privilege) {
      GTEST_SKIP() << privilege.error().message;
    }
  }
  void TearDown() override { (void)Netns::home()->enter(); }

  static uint64_t inode() {
    struct stat status {};
    return ::stat("/proc/thread-self/ns/net", &status) == 0 ? status.st_ino : 0;
  }
};

TEST_F(NetnsTest, TheThreadGoesWhereItIsTold) {
  const auto first = Netns::create();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(inode(), first->inode());
  const auto second = Netns::create();
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(inode(), second->inode());
  EXPECT_NE(first->inode(), second->inode());
  ASSERT_TRUE(first->enter());
  EXPECT_EQ(inode(), first->inode());
  ASSERT_TRUE(first->enter());
  EXPECT_EQ(inode(), first->inode());
}

}  // namespace
}  // namespace synfin::link
