// The false-alarm gate: the reference, judged as its own target under random legal choices, never
// parts from the rules. It plays 100,000 programs, a tenth of that under a sanitizer, which is
// slower by as much; SYNFIN_GATE_PROGRAMS=1000000 plays a million by hand, and
// with SYNFIN_GATE_ON=1 a shard goes on after its first alarm.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>

#include "harness/judge/judge.h"
#include "harness/play/describe.h"
#include "harness/play/player.h"
#include "harness/stack/reference.h"
#include "harness/wire/codec.h"
#include "harness/wire/text.h"
#include "tests/judge/random_play.h"

namespace synfin::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

constexpr unsigned kPrograms = kSanitized ? 10000 : 100000;
constexpr unsigned kShards = 10;
constexpr unsigned kBatch = 100;  // programs that share one profile and one stack

unsigned programs_per_shard() {
  const char* wanted = std::getenv("SYNFIN_GATE_PROGRAMS");
  return (wanted != nullptr ? static_cast<unsigned>(std::atoi(wanted)) : kPrograms) / kShards;
}

// What happened, a line an event.
std::string dump(const script::FlatProgram& program, const play::PlayResult& result) {
  std::string out;
  for (const play::Event& event : result.trace.events) {
    const auto packet = wire::decode(result.trace.data(event));
    const double ms = std::chrono::duration<double, std::milli>(event.at - result.started).count();
    out += fmt::format("{:9.3f} step {:2} ", ms, event.step);
    switch (event.kind) {
      case play::EventKind::kInjected:
        out += "< " + (packet ? wire::to_text(*packet) : "malformed");
        break;
      case play::EventKind::kSent:
        out += "> " + (packet ? wire::to_text(*packet) : "malformed");
        break;
      case play::EventKind::kCallStart:
        out += play::describe(program.calls[event.call]);
        break;
      case play::EventKind::kCallReturn:
        out += play::describe(program.calls[event.call]) + fmt::format(" = {}", event.value);
        break;
      case play::EventKind::kState:
        out += to_string(event.state);
        break;
      case play::EventKind::kQuiet:
        out += "quiet";
        break;
    }
    out += "\n";
  }
  return out;
}

std::string tell(const judge::Judge& judge, const play::PlayResult& result) {
  // A program may name a number that has no value where chance has led; it ends there.
  const bool unnamed = result.broken.find("has no value") != std::string::npos;
  std::string out = unnamed ? "" : result.broken;
  for (const auto& mismatch : result.mismatches) {
    out += "mismatch: wanted " + mismatch.wanted + " got " + mismatch.got + "\n";
  }
  for (const auto& found : judge.divergences()) {
    out += std::string(info(found.clause).id) + " in " + std::string(to_string(found.state)) +
           " after " + found.stimulus + ": wanted " + found.wanted + ", got " + found.got;
    for (const auto& field : found.fields) {
      out += " [" + field.field + ": " + field.wanted + " / " + field.got + "]";
    }
    out += " (step " + std::to_string(found.step) + ")\n";
  }
  return out;
}

class Gate : public ::testing::TestWithParam<unsigned> {};

TEST_P(Gate, ReferenceJudgedAsItsOwnTarget) {
  const unsigned programs = programs_per_shard();
  unsigned played = 0;
  for (unsigned batch = 0; played < programs; ++batch) {
    const unsigned seed = GetParam() * 1000000U + batch;
    std::mt19937 random(seed);
    const Profile profile = random_profile(random);
    const auto stack = stack::make_reference_stack({.profile = profile, .seed = seed});
    play::Player player(*stack, 16);
    std::vector<std::unique_ptr<judge::Judge>> judges;
    for (unsigned i = 0; i < kBatch; ++i, ++played) {
      judges.push_back(std::make_unique<judge::Judge>(profile, stack->traits()));
      play::Job job;
      job.program = std::make_shared<script::FlatProgram>(random_program(random, 12));
      job.options.ipv6 = random() % 4 == 0;
      job.options.seed = seed + i;
      job.observer = judges.back().get();
      job.done = [&, i, program = job.program](play::PlayResult&& result) {
        const std::string trouble = tell(*judges[i], result);
        EXPECT_TRUE(trouble.empty()) << "batch seed " << seed << " program " << i << "\n"
                                     << trouble << dump(*program, result);
        judges[i].reset();
      };
      player.add(std::move(job));
    }
    player.run();
    if (HasFailure() && std::getenv("SYNFIN_GATE_ON") == nullptr) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Shards, Gate, ::testing::Range(0U, kShards));

}  // namespace
}  // namespace synfin::testing
