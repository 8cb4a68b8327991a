// A file name of its own for one test, removed at its end.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace synfin::wire {

class TempFile {
 public:
  explicit TempFile(const std::string& name)
      : path_(testing::TempDir() + "synfin-" + std::to_string(getpid()) + "-" + name) {}
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

}  // namespace synfin::wire
