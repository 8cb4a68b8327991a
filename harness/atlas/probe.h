// One play of each set-up before its cells: whether it gets where it should, and with which
// numbers.
#pragma once

#include <cstdint>

#include "engine/profile.h"
#include "harness/atlas/atlas.h"
#include "harness/atlas/record.h"
#include "harness/atlas/set_ups.h"
#include "harness/stack/stack.h"
#include "harness/wire/error.h"

namespace synfin::atlas {

struct Probed {
  SetUp set_up;         // without entries
  CellProgram program;  // where it was reached
};

// `window`: RCV.WND in ESTABLISHED. An error: the harness broke.
Result<Probed> probe(stack::Stack& target, const Profile& profile, const SetUpInfo& info,
                     uint32_t window, bool ipv6, uint64_t seed);

// The set-up's program with a segment, the quiet time and the questions of the API behind it.
Result<CellProgram> cell_program(const proto::Program& set_up, const SetUpInfo& info,
                                 Duration quiet_time);

}  // namespace synfin::atlas
