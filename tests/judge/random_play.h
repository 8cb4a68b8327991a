// Random programs that play: a handshake of some kind, then segments, calls and waits of all sorts.
#pragma once

#include <cstdint>
#include <random>

#include "engine/profile.h"
#include "harness/script/flat.h"

namespace synfin::testing {

// `steps`: how many after the set-up. The same random state gives the same program.
script::FlatProgram random_program(std::mt19937& random, unsigned steps);

// Legal choices at random.
Profile random_profile(std::mt19937& random);

}  // namespace synfin::testing
