// The kernels that were built, each in a folder of its own in the user's cache.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/kernel/config.h"
#include "harness/wire/error.h"

namespace synfin::kernel {

// One folder: "6.12.117-1c0ffee1", "6.12.117+kasan-…", "6.12.117+mytree-…".
struct Kernel {
  std::string version;  // "6.12.117"
  Variant variant;
  std::string config;  // config_id()
  std::filesystem::path folder;

  // What --kernel takes: "6.12.117+mytree+kasan".
  std::string name() const;
  std::filesystem::path image() const { return folder / "linux"; }
};

// `option`, else $XDG_CACHE_HOME/synfin/kernels, else ~/.cache/synfin/kernels. An error when there
// is no home.
Result<std::filesystem::path> cache_folder(const std::string& option);

// Where a kernel belongs, built or not.
Kernel place_of(const std::filesystem::path& cache, const std::string& version,
                const Variant& variant);

// All that are there, in the order of their versions.
std::vector<Kernel> kernels(const std::filesystem::path& cache);

// The newest that `name` is right for: "6.12" for any 6.12.x, "6.12.117" for itself alone;
// "+label" and "+kasan" as they are. One with today's configuration goes before others. The error
// tells how to build it.
Result<Kernel> find_kernel(const std::filesystem::path& cache, const std::string& name);

}  // namespace synfin::kernel
