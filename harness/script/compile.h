// Program to flat steps: names become numbers, and what cannot be played is refused.
#pragma once

#include <optional>
#include <string_view>

#include "engine/state.h"
#include "harness/proto/program.pb.h"
#include "harness/script/flat.h"
#include "harness/wire/error.h"

namespace synfin::script {

// Errors name the file and the line. `memory`: a program that is no longer needed, of which the
// lists are used again.
Result<FlatProgram> compile(const proto::Program& program, FlatProgram&& memory = {});

// "SYN-RECEIVED"; nothing for any other word.
std::optional<State> find_state(std::string_view name);

}  // namespace synfin::script
