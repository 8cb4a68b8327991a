// File names of their own: a test may run beside itself, and after another user's.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace synfin::testing {

inline std::string temp_path(const std::string& name) {
  return ::testing::TempDir() + "synfin-" + std::to_string(getpid()) + "-" + name;
}

// Removed at its end.
class TempFile {
 public:
  explicit TempFile(const std::string& name) : path_(temp_path(name)) {}
  ~TempFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace synfin::testing
