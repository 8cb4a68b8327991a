// Two references over every network there is, within bounds: whatever is lost, repeated and
// overtaken, the text arrives whole and both ends get to CLOSED.
#include <gtest/gtest.h>

#include <iostream>
#include <utility>

#include "tests/engine/lab.h"
#include "tests/engine/walk_world.h"

namespace synfin::testing {
namespace {

// How far a walk goes: the first `segments` have any fate, but at most `faults` of them another one
// than to be delivered.
struct Bounds {
  unsigned segments;
  unsigned faults;
};

class Walk {
 public:
  Walk(const Profile& profile, const Plan& plan, Bounds bounds)
      : plan_(plan), bounds_(bounds), start_(profile, plan) {}

  void run() { explore(start_, bounds_.faults); }
  std::size_t count() const { return count_; }

 private:
  // Goes on from `world`, of whose segments trail_ says the fates so far.
  void explore(World world, unsigned faults) {
    const std::size_t length = trail_.size();
    World::Flying segment;
    while (!failed_ && world.next_segment(segment)) {
      const bool chooses = trail_.size() < bounds_.segments && faults > 0;
      for (std::size_t i = 1; chooses && i < kFates; ++i) {
        const Fate fate = static_cast<Fate>(i);
        World other = world;
        other.put(World::Flying(segment), fate);
        trail_.push_back(fate);
        explore(std::move(other), faults - 1);
        trail_.pop_back();
      }
      world.put(std::move(segment), Fate::kDeliver);
      trail_.push_back(Fate::kDeliver);
      // More than any of these walks needs: they repeat something without end.
      if (trail_.size() > 1000) break;
    }
    if (!failed_) check(world);
    trail_.resize(length);
  }

  void check(const World& world) {
    ++count_;
    const std::string fault = world.fault();
    if (fault.empty()) return;
    failed_ = true;
    std::string trail;
    for (std::size_t i = 0; i < trail_.size() && i < bounds_.segments; ++i) {
      trail += "dl2bo"[static_cast<std::size_t>(trail_[i])];
    }
    ADD_FAILURE() << fault << "\n  " << to_string(plan_)
                  << "\n  fates of the first segments: " << trail
                  << " (deliver, lose, 2: twice, behind, old copy too)";
  }

  Plan plan_;
  Bounds bounds_;
  World start_;
  std::vector<Fate> trail_;
  std::size_t count_ = 0;
  bool failed_ = false;
};

std::vector<Plan> plans() {
  std::vector<Plan> plans;
  for (const bool simultaneous : {false, true}) {
    for (const auto& [a, b] : {std::pair{0U, 0U}, std::pair{5U, 0U}, std::pair{25U, 15U}}) {
      plans.push_back({simultaneous, a, b, CloseTime::kAtOnce, CloseTime::kAfterPeer});
      plans.push_back({simultaneous, a, b, CloseTime::kAfterPeer, CloseTime::kAtOnce});
      plans.push_back({simultaneous, a, b, CloseTime::kAtOnce, CloseTime::kAtOnce});
    }
  }
  return plans;
}

// Segments so small that a few octets make several, and acknowledgments of each.
Profile small_segments() {
  Profile profile = plain_profile();
  profile.mss = profile.path_mss = 10;
  profile.receive_buffer = 40;
  return profile;
}

// The same with timestamps, SACK, window scaling and delayed acknowledgments.
Profile small_segments_with_options() {
  Profile profile = small_segments();
  profile.mss = profile.path_mss = 22;
  profile.timestamps = profile.sack = true;
  profile.window_scale = 2;
  profile.delayed_ack = std::chrono::milliseconds(200);
  return profile;
}

void walk(const Profile& profile, Bounds bounds) {
  std::size_t count = 0;
  for (const Plan& plan : plans()) {
    Walk one(profile, plan, bounds);
    one.run();
    count += one.count();
  }
  std::cout << "walks: " << count << "\n";
  ::testing::Test::RecordProperty("walks", std::to_string(count));
}

// Every fate of each of the first segments.
TEST(Walk, TheFirstSegmentsInEveryWay) { walk(small_segments(), {.segments = 5, .faults = 5}); }

// Two faults anywhere, the end of the connection included.
TEST(Walk, TwoFaultsAnywhere) { walk(small_segments(), {.segments = 18, .faults = 2}); }
TEST(Walk, TwoFaultsAnywhereWithOptions) {
  walk(small_segments_with_options(), {.segments = 18, .faults = 2});
}

}  // namespace
}  // namespace synfin::testing
