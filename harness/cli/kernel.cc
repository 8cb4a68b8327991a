// synfin kernel: the kernels that --kernel can name.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <thread>

#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/kernel/build.h"
#include "harness/kernel/cache.h"
#include "harness/report/exit_code.h"
#include "harness/report/style.h"

namespace synfin::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKernelAbout =
    "Linux kernels of any version from 5.10 on, built as User-Mode Linux, in which synfin runs "
    "itself:\n'synfin run --kernel 6.12'. Their clock jumps over waits, and one seed gives one "
    "run.";

constexpr const char* kBuildAbout =
    "Builds a kernel from Debian's package linux-source-VERSION, once, or from a tree, as far as "
    "that has changed.\nIt takes a few minutes and 2 GB of disk while it lasts.";

constexpr const char* kKernelExamples = R"(

EXAMPLES
  synfin kernel build 6.12
  synfin kernel build --source ~/src/linux --name mine    then --kernel 6.15+mine
  synfin kernel list)";

struct KernelOptions {
  std::string cache;
  std::string series;
  std::string source;
  std::string name;
  bool kasan = false;
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
};

int broken(const Error& error) {
  complain(error.message);
  return report::kExitBroken;
}

// A line that is written over, on a terminal; else nothing.
bool show(const kernel::BuildProgress& progress) {
  static const bool terminal = report::style_of(STDERR_FILENO).terminal;
  if (!terminal) return !interrupted();
  std::string line = "\r\033[K" + progress.what;
  if (progress.files > 0) line += fmt::format("   {} files", progress.files);
  line += fmt::format("   {} s", progress.elapsed.count());
  std::fwrite(line.data(), 1, line.size(), stderr);
  return !interrupted();
}

int build(const KernelOptions& options) {
  if (options.series.empty() == options.source.empty()) {
    complain("name either a version, for Debian's source of it, or a tree with --source");
    return report::kExitUsage;
  }
  const auto cache = kernel::cache_folder(options.cache);
  if (!cache) return broken(cache.error());
  kernel::BuildOptions wanted;
  wanted.series = options.series;
  wanted.cache = *cache;
  wanted.jobs = options.jobs;
  wanted.variant.kasan = options.kasan;
  if (!options.source.empty()) {
    wanted.source = fs::weakly_canonical(options.source);
    wanted.variant.label = options.name.empty() ? wanted.source.filename().string() : options.name;
  }
  catch_interrupt();
  const auto built = kernel::build_kernel(wanted, show);
  if (report::style_of(STDERR_FILENO).terminal) std::fputs("\r\033[K", stderr);
  if (interrupted()) return report::kExitInterrupted;
  if (!built) return broken(built.error());
  fmt::print("Linux {} {}: synfin run --stack linux --kernel {}\n", built->kernel.version,
             built->built ? "is built" : "was built before", built->kernel.name());
  return report::kExitOk;
}

int list(const KernelOptions& options) {
  const auto cache = kernel::cache_folder(options.cache);
  if (!cache) return broken(cache.error());
  const auto found = kernel::kernels(*cache);
  for (const kernel::Kernel& each : found) {
    std::error_code error;
    const double size = static_cast<double>(fs::file_size(each.image(), error)) / 1e6;
    fmt::print("{:<28} {}  {:5.1f} MB  {}\n", each.name(), each.config, size, each.folder.string());
  }
  if (found.empty()) fmt::print("none was built yet: synfin kernel build 6.12\n");
  return report::kExitOk;
}

}  // namespace

void add_kernel(CLI::App& app, Action* action) {
  auto options = std::make_shared<KernelOptions>();
  CLI::App* command = app.add_subcommand("kernel", "Build and list kernels for --kernel");
  command->footer(std::string(kKernelAbout) + kKernelExamples);
  command->require_subcommand(1);
  const auto add_cache = [&](CLI::App* to) {
    to->add_option("--kernel-cache", options->cache,
                   "Where kernels are kept (default: ~/.cache/synfin/kernels)")
        ->type_name("DIR");
  };

  CLI::App* build_command = command->add_subcommand("build", "Build one");
  build_command->footer(kBuildAbout);
  build_command->add_option("version", options->series, "Of Debian's package: 6.12, 6.1")
      ->type_name("VERSION:{6.12,6.1}")
      ->check([](const std::string& text) {
        const bool plain = !text.empty() && text.find_first_not_of("0123456789.") == text.npos;
        return plain ? "" : "expected a version, as in 6.12";
      });
  build_command->add_option("--source", options->source, "The tree to build from")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory.description(""));
  build_command->add_option("--name", options->name, "Of the tree (default: its folder's)")
      ->type_name("NAME")
      ->needs("--source")
      ->check([](const std::string& text) {
        const bool plain = text.find_first_of("+/ \n") == text.npos && text != "kasan";
        return plain && !text.empty() ? "" : "a name has no '+', '/' or space, and is not kasan";
      });
  build_command->add_flag("--kasan", options->kasan, "With the kernel's address sanitizer");
  build_command->add_option("-j,--jobs", options->jobs, "Compilers at once (default: a core each)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  add_cache(build_command);
  build_command->callback([options, action] { *action = [options] { return build(*options); }; });

  CLI::App* list_command = command->add_subcommand("list", "List those that were built");
  add_cache(list_command);
  list_command->callback([options, action] { *action = [options] { return list(*options); }; });
}

}  // namespace synfin::cli
