#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "harness/kernel/boot.h"
#include "harness/kernel/guest.h"
#include "tests/bench/targets.h"

namespace {

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  synfin::bench::print_targets();
  return 0;
}

// The same benchmarks inside a kernel, measured by the time outside.
int run_inside(const char* name, int argc, char** argv) {
  using namespace synfin;
  const auto cache = kernel::cache_folder("");
  const auto found = cache ? kernel::find_kernel(*cache, name) : tl::make_unexpected(cache.error());
  kernel::BootOptions options;
  options.job.arguments.assign(argv, argv + argc);
  options.job.folder = "/";
  const auto booted = found ? kernel::boot(*found, options, [] { return true; })
                            : tl::make_unexpected(found.error());
  if (booted) return booted->exit_code;
  std::fprintf(stderr, "%s\n", booted.error().message.c_str());
  return 1;
}

}  // namespace

// SYNFIN_BENCH_KERNEL=6.12 with --benchmark_filter runs those that measure a kernel there. The
// others would never end: the clock inside stands while they compute.
int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == synfin::kernel::kGuestWord) {
    return synfin::kernel::be_first_process([](const std::vector<const char*>& arguments) {
      std::vector<char*> words;
      for (const char* word : arguments) words.push_back(const_cast<char*>(word));
      return run(static_cast<int>(words.size()), words.data());
    });
  }
  const char* kernel = std::getenv("SYNFIN_BENCH_KERNEL");
  if (kernel == nullptr) return run(argc, argv);
  const auto is_filter = [](const char* word) {
    return std::string_view(word).starts_with("--benchmark_filter=");
  };
  if (std::any_of(argv + 1, argv + argc, is_filter)) return run_inside(kernel, argc, argv);
  std::fprintf(stderr, "SYNFIN_BENCH_KERNEL needs --benchmark_filter=fuzz_linux, say\n");
  return 3;
}
