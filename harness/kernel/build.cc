#include "harness/kernel/build.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "harness/kernel/tool.h"
#include "harness/link/error.h"
#include "harness/link/fd.h"
#include "harness/script/file.h"

namespace synfin::kernel {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

// A program and Debian's package that has it.
constexpr std::array<std::pair<const char*, const char*>, 8> kTools = {{{"make", "make"},
                                                                        {"gcc", "gcc"},
                                                                        {"flex", "flex"},
                                                                        {"bison", "bison"},
                                                                        {"bc", "bc"},
                                                                        {"perl", "perl"},
                                                                        {"tar", "tar"},
                                                                        {"xz", "xz-utils"}}};

// Parts of the source that User-Mode Linux never compiles; Kconfig reads all of it.
constexpr std::array kNotUnpacked = {"*/Documentation/*.*",
                                     "*/arch/[!ux]*/*.[chS]",
                                     "*/arch/[!ux]*/*.dts*",
                                     "*/drivers/gpu/*.[ch]",
                                     "*/drivers/infiniband/*.[ch]",
                                     "*/drivers/media/*.[ch]",
                                     "*/drivers/net/ethernet/*.[ch]",
                                     "*/drivers/net/wireless/*.[ch]",
                                     "*/drivers/scsi/*.[ch]",
                                     "*/drivers/staging/*.[ch]",
                                     "*/sound/*.[ch]",
                                     "*/tools/testing/*"};

constexpr const char* kBuiltFrom = "source";  // a file beside the kernel: what it was built from

Result<void> check_tools() {
  std::vector<std::string> names;
  for (const auto& [tool, package] : kTools) names.emplace_back(tool);
  const auto missing = missing_tools(names);
  if (missing.empty()) return {};
  std::string tools;
  std::string packages;
  for (const std::string& name : missing) {
    tools += (tools.empty() ? "" : ", ") + name;
    for (const auto& [tool, package] : kTools) {
      if (name == tool) packages += std::string(" ") + package;
    }
  }
  return fail(fmt::format("building a kernel needs {}: apt-get install{}", tools, packages));
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Of the Makefile at the top of a tree: "VERSION = 6", "PATCHLEVEL = 12", "SUBLEVEL = 117".
Result<std::string> version_of_tree(const fs::path& tree) {
  std::ifstream makefile(tree / "Makefile");
  std::string version;
  std::string line;
  for (const std::string wanted : {"VERSION = ", "PATCHLEVEL = ", "SUBLEVEL = "}) {
    while (std::getline(makefile, line) && !line.starts_with(wanted)) {
    }
    if (!makefile) break;
    version += (version.empty() ? "" : ".") + line.substr(wanted.size());
  }
  std::error_code error;
  if (!makefile || !fs::exists(tree / "arch/um/Makefile", error)) {
    return fail(fmt::format("{} is not the source of a Linux kernel", tree.string()));
  }
  return version;
}

// Folders that go with their owner, however the build ends.
class Scratch {
 public:
  explicit Scratch(fs::path path) : path_(std::move(path)) {}
  ~Scratch() { clear(); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const fs::path& path() const { return path_; }
  void clear() const {
    std::error_code error;
    fs::remove_all(path_, error);
  }

 private:
  fs::path path_;
};

class Builder {
 public:
  Builder(const BuildOptions& options, const std::function<bool(const BuildProgress&)>& go_on)
      : options_(options), go_on_(go_on), scratch_(options.cache / ".building") {}

  Result<BuildResult> build();

 private:
  Result<void> lock();
  Result<fs::path> package() const;
  Result<fs::path> unpack(const fs::path& package);
  Result<void> make(const fs::path& tree, const fs::path& objects, const std::string& goal);
  Result<void> configure(const fs::path& tree, const fs::path& objects);
  Result<void> keep(const Kernel& kernel, const fs::path& objects, const std::string& from);
  bool progress(std::string_view line);
  std::string built_from(const fs::path& package) const;

  const BuildOptions& options_;
  const std::function<bool(const BuildProgress&)>& go_on_;
  const Scratch scratch_;
  link::Fd lock_;
  BuildProgress progress_;
  steady_clock::time_point started_ = steady_clock::now();
  steady_clock::time_point told_{};
};

// Two builds at once would be in each other's way, and what a killed one left is taken away.
Result<void> Builder::lock() {
  std::error_code error;
  fs::create_directories(options_.cache, error);
  const fs::path file = options_.cache / ".lock";
  lock_ = link::Fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!lock_) return link::fail_errno("cannot write " + file.string());
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail("another build is under way in " + options_.cache.string());
  }
  scratch_.clear();
  return {};
}

Result<fs::path> Builder::package() const {
  const std::string name = "linux-source-" + options_.series;
  const fs::path path = options_.packages / (name + ".tar.xz");
  std::error_code error;
  if (fs::exists(path, error)) return path;
  return fail(
      fmt::format("there is no {}: apt-get install {} (Debian 12 has 6.1, and 6.12 in its "
                  "security and backports archives), or name a tree with --source",
                  path.string(), name));
}

// A package of another version, or built again, is another source.
std::string Builder::built_from(const fs::path& package) const {
  std::error_code error;
  return fmt::format("{} {} {}\n", package.string(), fs::file_size(package, error),
                     fs::last_write_time(package, error).time_since_epoch().count());
}

bool Builder::progress(std::string_view line) {
  if (line.find(" CC ") != std::string_view::npos) ++progress_.files;
  const auto now = steady_clock::now();
  if (now - told_ < std::chrono::milliseconds(100)) return true;
  told_ = now;
  progress_.elapsed = std::chrono::duration_cast<std::chrono::seconds>(now - started_);
  return go_on_(progress_);
}

Result<fs::path> Builder::unpack(const fs::path& package) {
  const fs::path tree = scratch_.path() / "tree";
  std::error_code error;
  fs::create_directories(tree, error);
  progress_.what = "unpacking linux-source-" + options_.series;
  std::vector<std::string> command = {"tar",
                                      "--strip-components=1",
                                      "--checkpoint=2000",
                                      "--checkpoint-action=echo",
                                      "-C",
                                      tree.string(),
                                      "-xf",
                                      package.string()};
  for (const char* pattern : kNotUnpacked) {
    command.push_back(fmt::format("--exclude={}", pattern));
  }
  auto run = run_tool(command, [this](std::string_view line) { return progress(line); });
  if (!run) return tl::make_unexpected(run.error());
  return tree;
}

Result<void> Builder::make(const fs::path& tree, const fs::path& objects, const std::string& goal) {
  std::vector<std::string> command = {"make",
                                      "-C",
                                      tree.string(),
                                      "ARCH=um",
                                      "O=" + objects.string(),
                                      fmt::format("-j{}", options_.jobs),
                                      "KCONFIG_ALLCONFIG=" + (objects / "synfin.config").string()};
  for (std::string& argument : make_arguments(options_.variant))
    command.push_back(std::move(argument));
  command.push_back(goal);
  return run_tool(command, [this](std::string_view line) { return progress(line); });
}

Result<void> Builder::configure(const fs::path& tree, const fs::path& objects) {
  std::error_code error;
  fs::create_directories(objects, error);
  if (auto wrote = script::write_file(objects / "synfin.config", config_text(options_.variant));
      !wrote) {
    return wrote;
  }
  if (auto made = make(tree, objects, "allnoconfig"); !made) return made;
  return check_resolved(options_.variant, read_file(objects / ".config"));
}

// The kernel comes last: what has one is whole.
Result<void> Builder::keep(const Kernel& kernel, const fs::path& objects, const std::string& from) {
  std::error_code error;
  fs::create_directories(kernel.folder, error);
  const auto copied = fs::copy_options::overwrite_existing;
  fs::copy_file(objects / ".config", kernel.folder / "config", copied, error);
  if (auto wrote = script::write_file(kernel.folder / kBuiltFrom, from); !wrote) return wrote;
  const fs::path fresh = kernel.folder / "linux.new";
  if (!error) fs::copy_file(objects / "linux", fresh, copied, error);
  if (!error) fs::rename(fresh, kernel.image(), error);
  if (error)
    return fail(fmt::format("cannot keep {}: {}", kernel.folder.string(), error.message()));
  return {};
}

Result<BuildResult> Builder::build() {
  if (auto checked = check_tools(); !checked) return tl::make_unexpected(checked.error());
  const bool own = !options_.source.empty();
  fs::path tree = options_.source;
  std::string from = tree.string() + "\n";
  if (!own) {
    const auto found = package();
    if (!found) return tl::make_unexpected(found.error());
    from = built_from(*found);
    tree = *found;
    for (const Kernel& kernel : kernels(options_.cache)) {
      if (kernel.config == config_id(options_.variant) &&
          read_file(kernel.folder / kBuiltFrom) == from &&
          kernel.variant.kasan == options_.variant.kasan) {
        return BuildResult{kernel, false};
      }
    }
  }
  if (auto locked = lock(); !locked) return tl::make_unexpected(locked.error());
  if (!own) {
    auto unpacked = unpack(tree);
    if (!unpacked) return tl::make_unexpected(unpacked.error());
    tree = *unpacked;
  }
  const auto version = version_of_tree(tree);
  if (!version) return tl::make_unexpected(version.error());
  progress_.what = "building Linux " + *version;
  const Kernel kernel = place_of(options_.cache, *version, options_.variant);
  const fs::path objects = own ? kernel.folder / "objects" : scratch_.path() / "objects";
  auto done = configure(tree, objects);
  if (done) done = make(tree, objects, "linux");
  if (done) done = keep(kernel, objects, from);
  if (!done) return tl::make_unexpected(done.error());
  return BuildResult{kernel, true};
}

}  // namespace

Result<BuildResult> build_kernel(const BuildOptions& options,
                                 const std::function<bool(const BuildProgress&)>& go_on) {
  return Builder(options, go_on).build();
}

}  // namespace synfin::kernel
