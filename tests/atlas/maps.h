// Atlases for the tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/profile.h"
#include "harness/atlas/atlas.h"
#include "harness/atlas/produce.h"
#include "harness/stack/registry.h"

namespace synfin::testing {

// A stack by its name, with its own profile.
struct Target {
  explicit Target(const std::string& name, const std::string& link = "") {
    const stack::StackInfo* info = stack::find_stack(name);
    profile = info->profile();
    auto made = info->make({.link = link, .seed = 1, .profile = profile});
    if (made) {
      stack = std::move(*made);
    } else {
      why = made.error().message;
    }
  }

  Profile profile;
  std::unique_ptr<stack::Stack> stack;
  std::string why;  // there is none
};

inline atlas::Atlas map(stack::Stack& stack, const Profile& profile,
                        const atlas::ProduceOptions& options = {}) {
  auto atlas = atlas::produce({&stack}, profile, options, {});
  EXPECT_TRUE(atlas) << (atlas ? "" : atlas.error().message);
  return atlas ? std::move(*atlas) : atlas::Atlas{};
}

// The whole reference's, made once.
inline const atlas::Atlas& reference_atlas() {
  static const atlas::Atlas made = [] {
    const Target target("reference");
    return map(*target.stack, target.profile);
  }();
  return made;
}

inline const atlas::SetUp* find(const atlas::Atlas& atlas, const std::string& id) {
  for (const atlas::SetUp& set_up : atlas.set_ups) {
    if (set_up.id == id) return &set_up;
  }
  return nullptr;
}

}  // namespace synfin::testing
