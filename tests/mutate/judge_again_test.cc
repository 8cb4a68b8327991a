// A judge that has judged other programs judges the next as a new one does.
#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "harness/judge/judge.h"
#include "harness/judge/watcher.h"
#include "harness/mutate/mutate.h"
#include "harness/play/player.h"
#include "harness/script/compile.h"
#include "harness/script/printer.h"
#include "harness/stack/reference.h"

namespace synfin::mutate {
namespace {

constexpr uint64_t kPrograms = 400;
constexpr unsigned kMostChanges = 12;

// Two judges that see the same play; it goes by what the first says.
class Two final : public judge::Relay {
 public:
  Two(judge::Judge& one, judge::Judge& other) : Relay(one), other_(other) {}

  void begin(const script::FlatProgram& program, std::span<const wire::FourTuple> tuples,
             const play::Trace& trace) override {
    Relay::begin(program, tuples, trace);
    other_.begin(program, tuples, trace);
  }
  void on_event(const play::Event& event, const wire::Decoded* packet) override {
    Relay::on_event(event, packet);
    other_.on_event(event, packet);
  }

 private:
  judge::Judge& other_;
};

std::string told(const judge::Judge& judge) {
  std::string out = judge.judged_to_the_end() ? "to its end\n" : "lost\n";
  for (const judge::Divergence& each : judge.divergences()) {
    out += std::string(info(each.clause).id) + ' ' + std::string(to_string(each.state)) +
           " after " + each.stimulus + ": " + each.wanted + ", got " + each.got +
           (each.in_doubt ? ", in doubt\n" : "\n");
  }
  return out;
}

// One of another profile than the judges believe, so that there is something to tell.
TEST(JudgeAgain, TellsWhatANewOneTells) {
  stack::ReferenceOptions options;
  options.profile.rfc5961 = false;
  options.profile.delayed_ack = std::chrono::seconds(1);
  const auto stack = stack::make_reference_stack(options);
  play::Player player(*stack, 1);
  const Profile profile;
  judge::Judge again(profile, stack->traits());
  unsigned with_divergences = 0;
  for (uint64_t seed = 0; seed < kPrograms; ++seed) {
    Mutator mutator(seed);
    proto::Program program = mutator.make();
    for (unsigned i = 0; i < seed % kMostChanges; ++i) mutator.mutate(program);
    auto flat = script::compile(program);
    ASSERT_TRUE(flat) << flat.error().message;
    judge::Judge fresh(profile, stack->traits());
    Two both(again, fresh);
    play::Job job;
    job.program = std::make_shared<script::FlatProgram>(std::move(*flat));
    job.options.ipv6 = !job.program->ipv4;
    job.observer = &both;
    job.done = [&](play::PlayResult&&) {
      EXPECT_EQ(told(again), told(fresh)) << script::print(program);
      EXPECT_EQ(again.states(), fresh.states()) << script::print(program);
      EXPECT_EQ(again.edges(), fresh.edges()) << script::print(program);
    };
    player.add(std::move(job));
    player.run();
    if (HasFailure()) return;
    with_divergences += again.divergences().empty() ? 0 : 1;
  }
  EXPECT_GT(with_divergences, kPrograms / 20);
}

}  // namespace
}  // namespace synfin::mutate
