// Building a User-Mode Linux kernel, from Debian's source package or from a tree.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "harness/kernel/cache.h"
#include "harness/wire/error.h"

namespace synfin::kernel {

struct BuildOptions {
  std::string series;            // "6.12": of Debian's package linux-source-6.12
  std::filesystem::path source;  // a tree, in place of the package
  Variant variant;
  std::filesystem::path cache;
  unsigned jobs = 2;
  std::filesystem::path packages = "/usr/src";  // where Debian's packages put their sources
};

struct BuildProgress {
  std::string what;    // "unpacking linux-source-6.12", "building Linux 6.12.117"
  unsigned files = 0;  // compiled so far
  std::chrono::seconds elapsed{0};
};

struct BuildResult {
  Kernel kernel;
  bool built = false;  // false: it was there
};

// `go_on` hears of the progress some times a second; false ends the build, which leaves nothing
// behind. One from a package is built once; one from a tree is made anew, as far as the tree has
// changed. Errors name what is missing and how to get it.
Result<BuildResult> build_kernel(const BuildOptions& options,
                                 const std::function<bool(const BuildProgress&)>& go_on);

}  // namespace synfin::kernel
