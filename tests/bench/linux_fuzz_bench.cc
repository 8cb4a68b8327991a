// How many programs a second `synfin fuzz --kernel` plays and judges, beside a bare target that is
// given the same programs in the same run, over the same link and with the same coverage of the
// kernel's code: SYNFIN_BENCH_KERNEL=6.12 synfin_bench --benchmark_filter=fuzz_linux
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/cli/fuzz_kernel.h"
#include "harness/cli/select.h"
#include "harness/explore/explore.h"
#include "harness/kernel/board.h"
#include "harness/kernel/guest.h"
#include "harness/kernel/kcov.h"
#include "harness/script/compile.h"
#include "harness/script/program_file.h"
#include "harness/stack/linux_stack.h"
#include "harness/stack/registry.h"
#include "tests/bench/bare_linux.h"
#include "tests/bench/targets.h"

namespace synfin::bench {
namespace {

constexpr std::size_t kPrograms = 2000;  // the time outside is known to a tenth of a second
constexpr int kRounds = 8;

const stack::LinuxOptions kOptions{.link = stack::LinuxLink::kTun, .virtual_time = true};

using Programs = std::vector<proto::Program>;

// As the command makes it, but that findings are not made smaller, nor kept.
class Judged {
 public:
  static synfin::Result<std::unique_ptr<Judged>> make(kernel::Kcov* kcov) {
    std::unique_ptr<Judged> judged(new Judged);
    explore::ExploreOptions options{.batch = 1, .kcov = kcov};
    options.before = [played = judged->played_.get()](const proto::Program& program) {
      cli::note_program(program);
      played->push_back(program);
    };
    auto explorer = explore::Explorer::open([] { return stack::make_linux_stack(kOptions); },
                                            stack::find_stack("linux")->profile(), {}, options);
    if (!explorer) return tl::make_unexpected(explorer.error());
    judged->explorer_ = std::move(*explorer);
    return judged;
  }

  void add_seeds(const std::string& folder) {
    for (const auto& file : cli::scripts_below(folder)) {
      auto programs = script::parse_file(file.string());
      if (!programs) continue;
      for (proto::Program& program : *programs) explorer_->add_seed(std::move(program));
    }
  }
  // The programs that were played.
  Programs play() {
    played_->clear();
    while (played_->size() < kPrograms) {
      if (!explorer_->round([](const auto&, const auto&) {}, {})) break;
    }
    return *played_;
  }

 private:
  std::unique_ptr<Programs> played_ = std::make_unique<Programs>();
  std::unique_ptr<explore::Explorer> explorer_;
};

std::vector<script::FlatProgram> compiled(const Programs& programs) {
  std::vector<script::FlatProgram> all;
  for (const proto::Program& program : programs) {
    if (auto flat = script::compile(program)) all.push_back(std::move(*flat));
  }
  return all;
}

template <typename Work>
double seconds_of(Work&& work) {
  const auto began = kernel::time_outside();
  work();
  return std::chrono::duration<double>(kernel::time_outside() - began).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Programs a second, and how they compare with those judged in the same turn.
struct Bare {
  std::unique_ptr<BareLinux> target;
  std::vector<double> rates{};
  std::vector<double> shares{};
  std::size_t places = 0;

  void play(const std::vector<script::FlatProgram>& programs, kernel::Kcov& kcov, double judged) {
    const double seconds = seconds_of([&] {
      for (const script::FlatProgram& program : programs) {
        kcov.clear();
        target->play(program);
        places += kcov.places().size();
      }
    });
    rates.push_back(static_cast<double>(programs.size()) / seconds);
    shares.push_back(judged / rates.back());
  }
};

void fuzz_linux(benchmark::State& state) {
  if (!kernel::inside()) return state.SkipWithError("SYNFIN_BENCH_KERNEL names no kernel");
  auto kcov = kernel::Kcov::open();
  if (!kcov) return state.SkipWithError(kcov.error().message.c_str());
  auto judged = Judged::make(&*kcov);
  auto plain = BareLinux::make(false);
  auto ringed = BareLinux::make(true);
  for (const std::string& error :
       {judged ? "" : judged.error().message, plain ? "" : plain.error().message,
        ringed ? "" : ringed.error().message}) {
    if (!error.empty()) return state.SkipWithError(error.c_str());
  }
  Bare bare{std::move(*plain)};
  Bare with_ring{std::move(*ringed)};
  (*judged)->add_seeds(SYNFIN_SOURCE_DIR "/corpus/seeds");
  std::vector<double> rates;
  std::size_t played = 0;
  for (auto _ : state) {
    Programs programs;
    const double seconds = seconds_of([&] { programs = (*judged)->play(); });
    rates.push_back(static_cast<double>(programs.size()) / seconds);
    const auto flat = compiled(programs);
    played += flat.size();
    bare.play(flat, *kcov, rates.back());
    with_ring.play(flat, *kcov, rates.back());
  }
  state.counters["judged/s"] = median(rates);
  state.counters["bare/s"] = median(bare.rates);
  state.counters["bare_ring/s"] = median(with_ring.rates);
  state.counters["of_bare_ring"] = median(with_ring.shares);
  state.counters["segments"] =
      static_cast<double>(bare.target->segments()) / static_cast<double>(played);
  state.counters["places"] =
      static_cast<double>(bare.places) / static_cast<double>(played);  // passed
  note_target("fuzz: Linux programs judged a second, inside", median(rates), Goal::kAtLeast, 1000);
  note_target("fuzz: as a share of a bare target's, inside", median(bare.shares), Goal::kAtLeast,
              0.6);
  judged->reset();
}
BENCHMARK(fuzz_linux)->Unit(benchmark::kMillisecond)->Iterations(kRounds);

}  // namespace
}  // namespace synfin::bench
