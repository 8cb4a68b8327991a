// Does the harness see the difference? Plays the cases of specs/ and random programs on a reference
// that lives in a shared object of its own; the judge works with the engine of this program.
//
//   mutant_catcher <clean.so> <mutant.so> <specs folder> [programs]
//
// Exit code: 0 no difference seen, 1 the mutant is caught, 2 the harness is at fault. A case counts
// when the clean reference passes it and the verdict of the mutant is another; a random program,
// when the judge objects.
#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "harness/cli/select.h"
#include "harness/judge/judge.h"
#include "harness/judge/session.h"
#include "harness/play/player.h"
#include "harness/stack/reference.h"
#include "harness/stack/registry.h"
#include "tests/judge/random_play.h"

namespace synfin::testing {
namespace {

using MakeTarget = stack::Stack* (*)(const stack::ReferenceOptions*);
using Verdicts = std::map<std::string, proto::CaseResult>;

class Target {
 public:
  explicit Target(const char* path) {
    void* object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (object != nullptr) {
      make_ = reinterpret_cast<MakeTarget>(dlsym(object, "synfin_mutant_target"));
    }
    if (make_ == nullptr) fmt::print(stderr, "{}\n", dlerror());
  }
  bool good() const { return make_ != nullptr; }
  std::unique_ptr<stack::Stack> make(const Profile& profile, uint64_t seed) const {
    const stack::ReferenceOptions options{.profile = profile, .seed = seed};
    return std::unique_ptr<stack::Stack>(make_(&options));
  }

 private:
  MakeTarget make_ = nullptr;
};

bool passes(proto::Verdict verdict) {
  return verdict == proto::PASS || verdict == proto::WARN || verdict == proto::INFO ||
         verdict == proto::SKIP;
}

// The verdicts of all cases, by their IDs.
Verdicts play_cases(const Target& target, const std::vector<cli::Script>& scripts) {
  std::map<std::string, std::vector<judge::Case>> by_profile;
  for (const cli::Script& script : scripts) {
    for (judge::Case& each : cli::cases_of({script}, {.ipv4 = true, .ipv6 = false})) {
      by_profile[script.program->profile].push_back(std::move(each));
    }
  }
  Verdicts verdicts;
  for (const auto& [name, cases] : by_profile) {
    const auto profile = stack::find_profile(name.empty() ? "rfc9293" : name);
    if (!profile) continue;
    const auto played = target.make(*profile, 1);
    ClauseSet coverage;
    judge::run_session(
        *played, *profile, {}, cases, {}, coverage,
        [&](const proto::CaseResult& result) { verdicts[result.id()] = result; },
        [](const judge::SessionProgress&) { return true; });
  }
  return verdicts;
}

// The first case that passes on the clean target and not on the mutant; empty when there is none.
std::string caught_by_case(const Target& clean, const Target& mutant, const std::string& folder) {
  const cli::Selection selection = cli::select({}, cli::find_specs(folder));
  const Verdicts before = play_cases(clean, selection.scripts);
  const Verdicts after = play_cases(mutant, selection.scripts);
  std::size_t count = 0;
  std::string first;
  for (const auto& [id, result] : before) {
    const auto found = after.find(id);
    const bool same = found != after.end() && found->second.verdict() == result.verdict();
    if (!passes(result.verdict()) || same) continue;
    if (count++ == 0) first = id;
  }
  if (count == 0) return "";
  return fmt::format("{} of {} cases, {} first", count, before.size(), first);
}

// The random programs of the false-alarm gate: the judge is silent about the clean engine.
std::string caught_by_judge(const Target& mutant, unsigned programs) {
  constexpr unsigned kBatch = 100;
  std::string caught;
  for (unsigned seed = 0; seed * kBatch < programs && caught.empty(); ++seed) {
    std::mt19937 random(seed);
    const Profile profile = random_profile(random);
    const auto target = mutant.make(profile, seed);
    play::Player player(*target, 16);
    std::vector<std::unique_ptr<judge::Judge>> judges;
    for (unsigned i = 0; i < kBatch; ++i) {
      judges.push_back(std::make_unique<judge::Judge>(profile, target->traits()));
      play::Job job;
      job.program = std::make_shared<script::FlatProgram>(random_program(random, 12));
      job.options.seed = seed * kBatch + i;
      job.observer = judges.back().get();
      job.done = [&, i](play::PlayResult&&) {
        const auto& found = judges[i]->divergences();
        if (caught.empty() && !found.empty()) {
          caught =
              fmt::format("the judge, random program {}: {} in {}, wanted {}, got {}",
                          seed * kBatch + i, info(found.front().clause).id,
                          to_string(found.front().state), found.front().wanted, found.front().got);
        }
      };
      player.add(std::move(job));
    }
    player.run();
  }
  return caught;
}

int run(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: {} <clean.so> <mutant.so> <specs> [programs]\n", argv[0]);
    return 2;
  }
  const Target clean(argv[1]);
  const Target mutant(argv[2]);
  if (!clean.good() || !mutant.good()) return 2;
  const unsigned programs = argc > 4 ? static_cast<unsigned>(std::atoi(argv[4])) : 5000U;
  const std::string by_case = caught_by_case(clean, mutant, argv[3]);
  if (!by_case.empty()) fmt::print("caught by {}\n", by_case);
  const std::string by_judge = caught_by_judge(mutant, programs);
  if (!by_judge.empty()) fmt::print("caught by {}\n", by_judge);
  if (!by_case.empty() || !by_judge.empty()) return 1;
  fmt::print("not caught\n");
  return 0;
}

}  // namespace
}  // namespace synfin::testing

int main(int argc, char** argv) { return synfin::testing::run(argc, argv); }
