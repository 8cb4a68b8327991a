// Does the harness see the difference? Plays the cases of specs/ and random programs on a reference
// that lives in a shared object of its own; the judge works with the engine of this program.
//
//   mutant_catcher <clean.so> <mutant.so> <specs folder> <rule> <programs>
//
// Exit code: 1 a case that requires <rule> catches the mutant, 3 only others or random programs do,
// 0 nothing does, 2 the harness is at fault. A case catches when the clean reference passes it and
// the mutant does not; a random program, when the judge objects.
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
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

// What caught the mutant among some cases: those that pass on the clean target and not on it. A
// warning is enough: that is the verdict where a SHOULD is broken.
struct Caught {
  std::size_t count = 0;
  std::string first;
};

Caught caught_by_cases(const Target& clean, const Target& mutant,
                       const std::vector<cli::Script>& scripts) {
  const Verdicts before = play_cases(clean, scripts);
  const Verdicts after = play_cases(mutant, scripts);
  Caught caught;
  for (const auto& [id, result] : before) {
    const auto found = after.find(id);
    if (result.verdict() != proto::PASS ||
        (found != after.end() && found->second.verdict() == proto::PASS)) {
      continue;
    }
    if (caught.count++ == 0) caught.first = id;
  }
  return caught;
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
              fmt::format("the judge in random program {}: {} in {}, wanted {}, got {}",
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
  if (argc != 6) {
    fmt::print(stderr, "usage: {} <clean.so> <mutant.so> <specs> <rule> <programs>\n", argv[0]);
    return 2;
  }
  const Target clean(argv[1]);
  const Target mutant(argv[2]);
  if (!clean.good() || !mutant.good()) return 2;
  const std::string rule = argv[4];
  std::vector<cli::Script> scripts = cli::select({}, cli::find_specs(argv[3])).scripts;
  const auto others =
      std::stable_partition(scripts.begin(), scripts.end(), [&rule](const cli::Script& script) {
        const auto& all = script.program->requirements;
        return std::find(all.begin(), all.end(), rule) != all.end();
      });
  const Caught of_rule = caught_by_cases(clean, mutant, {scripts.begin(), others});
  if (of_rule.count > 0) {
    fmt::print("caught by {} ({} of {} that require {})\n", of_rule.first, of_rule.count,
               others - scripts.begin(), rule);
    return 1;
  }
  fmt::print("no case of its rule\n");
  std::fflush(stdout);  // what follows may crash
  const Caught elsewhere = caught_by_cases(clean, mutant, {others, scripts.end()});
  if (elsewhere.count > 0) {
    fmt::print("beside its rule: {} ({} cases)\n", elsewhere.first, elsewhere.count);
  }
  const std::string by_judge =
      caught_by_judge(mutant, static_cast<unsigned>(std::strtoul(argv[5], nullptr, 10)));
  if (!by_judge.empty()) fmt::print("beside its rule: {}\n", by_judge);
  return elsewhere.count > 0 || !by_judge.empty() ? 3 : 0;
}

}  // namespace
}  // namespace synfin::testing

int main(int argc, char** argv) { return synfin::testing::run(argc, argv); }
