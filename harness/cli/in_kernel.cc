#include "harness/cli/in_kernel.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <system_error>

#include "harness/kernel/board.h"
#include "harness/kernel/boot.h"
#include "harness/kernel/guest.h"
#include "harness/report/exit_code.h"

namespace synfin::cli {
namespace {

namespace fs = std::filesystem;

std::span<const char* const> g_arguments;

// What the program looks at; the rest would only make runs differ.
constexpr std::array kVariables = {"SYNFIN_SPECS", "NO_COLOR",       "TERM", "LANG", "LC_ALL",
                                   "LC_CTYPE",     "XDG_CACHE_HOME", "HOME", "PATH"};

std::vector<std::string> folders_of(const std::vector<std::string>& outputs) {
  std::vector<std::string> folders;
  for (const std::string& output : outputs) {
    if (output.empty() || output == "-") continue;
    std::error_code error;
    fs::path folder = fs::absolute(output);
    // What there is not yet is made in the nearest folder that there is.
    while (!fs::is_directory(folder, error) && folder.has_parent_path() &&
           folder != folder.root_path()) {
      folder = folder.parent_path();
    }
    folders.push_back(folder.lexically_normal().string());
  }
  std::sort(folders.begin(), folders.end());
  folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
  return folders;
}

kernel::Job job_of(const std::vector<std::string>& outputs) {
  kernel::Job job;
  job.arguments.assign(g_arguments.begin(), g_arguments.end());
  for (const char* name : kVariables) {
    const char* value = std::getenv(name);
    if (value != nullptr) job.environment.push_back(fmt::format("{}={}", name, value));
  }
  job.writable = folders_of(outputs);
  job.folder = fs::current_path().string();
  job.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  job.error_is_terminal = ::isatty(STDERR_FILENO) == 1;
  winsize size{};
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    if (size.ws_col == 0) (void)::ioctl(fd, TIOCGWINSZ, &size);
  }
  job.columns = size.ws_col;
  return job;
}

}  // namespace

void UnderWay::begins(const std::string& id) {
  if (!kernel::inside()) return;
  ids_.insert(id);
  kernel::note(fmt::format("{}", fmt::join(ids_, "\n")));
}

void UnderWay::ends(const std::string& id) { ids_.erase(id); }

void remember_arguments(int argc, const char* const* argv) {
  g_arguments = {argv, static_cast<std::size_t>(argc)};
}

Result<kernel::BootResult> boot_for(const StackChoice& choice, const kernel::Kernel& kernel,
                                    const std::vector<std::string>& outputs,
                                    const std::vector<std::string>& more) {
  kernel::BootOptions options{.job = job_of(outputs), .seed = choice.seed};
  options.job.arguments.insert(options.job.arguments.end(), more.begin(), more.end());
  return kernel::boot(kernel, options, [] { return !interrupted(); });
}

int here_or_outside(const StackChoice& choice, const std::function<int()>& command,
                    const std::function<Result<int>(const kernel::Kernel&)>& outside) {
  if (choice.kernel.empty() || kernel::inside()) return command();
  const auto code = [&]() -> Result<int> {
    const auto cache = kernel::cache_folder(choice.kernel_cache);
    if (!cache) return tl::make_unexpected(cache.error());
    const auto found = kernel::find_kernel(*cache, choice.kernel);
    if (!found) return tl::make_unexpected(found.error());
    catch_interrupt();
    return outside(*found);
  }();
  if (interrupted()) return report::kExitInterrupted;
  if (code) return *code;
  complain(code.error().message);
  return report::kExitBroken;
}

int in_kernel(const StackChoice& choice, const std::vector<std::string>& outputs,
              const std::function<int()>& command) {
  return here_or_outside(choice, command, [&](const kernel::Kernel& kernel) -> Result<int> {
    const auto booted = boot_for(choice, kernel, outputs, {});
    if (!booted) return tl::make_unexpected(booted.error());
    if (interrupted() || !booted->panicked) return booted->exit_code;
    complain(fmt::format("Linux {} panicked while this was under way{}:\n{}\n{}", kernel.name(),
                         booted->note.find('\n') == std::string::npos ? "" : " (-j 1 tells which)",
                         booted->note, kernel::reason_of_panic(booted->log)));
    return report::kExitUnexpected;
  });
}

}  // namespace synfin::cli
