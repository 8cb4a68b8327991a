// A plan, and what the network does to each segment -> two references: both streams arrive whole,
// or someone is told of a reset; what arrives is always the beginning of what was sent.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "engine/profile.h"
#include "tests/engine/walk_world.h"

namespace synfin::testing {
namespace {

constexpr std::size_t kMostSegments = 20000;  // all that 2 x 4 KiB could ever need
constexpr uint32_t kMostOctets = 4096;

// The octets of an input, and zeros after them: the network then delivers everything.
class Choices {
 public:
  Choices(const uint8_t* data, std::size_t size) : next_(data), end_(data + size) {}
  uint8_t octet() { return next_ == end_ ? uint8_t{0} : *next_++; }

 private:
  const uint8_t* next_;
  const uint8_t* end_;
};

Profile make_profile(Choices& choices) {
  Profile profile;
  const uint8_t bits = choices.octet();
  profile.timestamps = (bits & 1U) == 0;
  profile.sack = (bits & 2U) == 0;
  if ((bits & 4U) != 0) profile.window_scale.reset();
  profile.nagle = (bits & 8U) == 0;
  profile.rfc5961 = (bits & 16U) == 0;
  if ((bits & 32U) != 0) profile.receive_buffer = 1000;
  if ((bits & 64U) != 0) profile.mss = profile.path_mss = 300;
  if ((bits & 128U) != 0) profile.delayed_ack = Duration{0};
  return profile;
}

Plan make_plan(Choices& choices) {
  Plan plan;
  const uint8_t bits = choices.octet();
  plan.simultaneous_open = (bits & 1U) != 0;
  plan.a_closes = (bits & 2U) != 0 ? CloseTime::kAfterPeer : CloseTime::kAtOnce;
  // Someone has to begin.
  plan.b_closes = (bits & 6U) == 0 ? CloseTime::kAfterPeer : CloseTime::kAtOnce;
  plan.a_octets = choices.octet() * 16U % kMostOctets;
  plan.b_octets = choices.octet() * 16U % kMostOctets;
  return plan;
}

void fail(const Plan& plan, const std::string& what) {
  std::fprintf(stderr, "synfin: %s: %s\n", to_string(plan).c_str(), what.c_str());
  std::abort();
}

void play(Choices choices) {
  const Profile profile = make_profile(choices);
  const Plan plan = make_plan(choices);
  World world(profile, plan);
  World::Flying flying;
  for (std::size_t i = 0; world.next_segment(flying); ++i) {
    if (i == kMostSegments) fail(plan, "it does not end");
    world.put(std::move(flying), static_cast<Fate>(choices.octet() % kFates));
  }
  if (const std::string what = world.spoilt(); !what.empty()) fail(plan, what);
  if (world.gave_up()) return;
  if (const std::string what = world.fault(); !what.empty()) fail(plan, what);
}

}  // namespace
}  // namespace synfin::testing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  synfin::testing::play({data, size});
  return 0;
}
