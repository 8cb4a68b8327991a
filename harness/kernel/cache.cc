#include "harness/kernel/cache.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <system_error>
#include <tuple>

#include "harness/kernel/version.h"

namespace synfin::kernel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kKasan = "kasan";

// "6.12.117+mytree+kasan" taken apart.
Kernel parse_name(std::string_view name) {
  Kernel kernel;
  std::size_t plus = name.find('+');
  kernel.version = name.substr(0, plus);
  while (plus != std::string_view::npos) {
    name.remove_prefix(plus + 1);
    plus = name.find('+');
    const std::string_view part = name.substr(0, plus);
    if (part == kKasan) {
      kernel.variant.kasan = true;
    } else {
      kernel.variant.label = part;
    }
  }
  return kernel;
}

std::optional<Kernel> parse_folder(const fs::path& folder) {
  const std::string text = folder.filename().string();
  const std::size_t dash = text.rfind('-');
  if (dash == std::string::npos) return std::nullopt;
  Kernel kernel = parse_name(std::string_view(text).substr(0, dash));
  kernel.config = text.substr(dash + 1);
  kernel.folder = folder;
  return kernel;
}

// "6.12" takes all 6.12.x.
bool is_version(const std::string& version, const std::string& asked) {
  return version == asked || version.starts_with(asked + ".");
}

std::string how_to_build(const Kernel& asked) {
  if (!asked.variant.label.empty()) {
    return fmt::format("synfin kernel build --source DIR --name {}{}", asked.variant.label,
                       asked.variant.kasan ? " --kasan" : "");
  }
  // Debian's packages are named after the series: "6.12" of "6.12.117".
  const std::string& version = asked.version;
  const std::string series = version.substr(0, version.find('.', version.find('.') + 1));
  return fmt::format("synfin kernel build {}{}", series, asked.variant.kasan ? " --kasan" : "");
}

}  // namespace

std::string Kernel::name() const {
  std::string name = version;
  if (!variant.label.empty()) name += "+" + variant.label;
  if (variant.kasan) name += "+" + std::string(kKasan);
  return name;
}

Result<fs::path> cache_folder(const std::string& option) {
  if (!option.empty()) return fs::absolute(option);
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (const std::string cache = variable("XDG_CACHE_HOME"); cache.starts_with('/')) {
    return fs::path(cache) / "synfin/kernels";
  }
  if (const std::string home = variable("HOME"); home.starts_with('/')) {
    return fs::path(home) / ".cache/synfin/kernels";
  }
  return fail("there is neither HOME nor XDG_CACHE_HOME: name a folder with --kernel-cache");
}

Kernel place_of(const fs::path& cache, const std::string& version, const Variant& variant) {
  Kernel kernel{.version = version, .variant = variant, .config = config_id(variant), .folder = {}};
  kernel.folder = cache / (kernel.name() + "-" + kernel.config);
  return kernel;
}

std::vector<Kernel> kernels(const fs::path& cache) {
  std::vector<Kernel> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(cache, error)) {
    const auto kernel = parse_folder(entry.path());
    if (kernel && ::access(kernel->image().c_str(), X_OK) == 0) found.push_back(*kernel);
  }
  std::sort(found.begin(), found.end(), [](const Kernel& a, const Kernel& b) {
    if (a.version != b.version) return older(a.version, b.version);
    return std::tuple(a.name(), a.config) < std::tuple(b.name(), b.config);
  });
  return found;
}

Result<Kernel> find_kernel(const fs::path& cache, const std::string& name) {
  const Kernel asked = parse_name(name);
  const std::string today = config_id(asked.variant);
  std::string others;
  std::optional<Kernel> best;
  for (const Kernel& kernel : kernels(cache)) {
    others += (others.empty() ? "" : ", ") + kernel.name();
    if (!is_version(kernel.version, asked.version) || kernel.variant.kasan != asked.variant.kasan ||
        kernel.variant.label != asked.variant.label) {
      continue;
    }
    if (best && best->config == today && kernel.config != today) continue;
    best = kernel;
  }
  if (best) return *best;
  return fail(fmt::format("no kernel {} was built yet: {}{}", name, how_to_build(asked),
                          others.empty() ? "" : fmt::format(" (there are: {})", others)));
}

}  // namespace synfin::kernel
