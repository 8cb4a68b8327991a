// Programs for tests, written as scripts.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/play/player.h"
#include "harness/script/flat.h"

namespace synfin::testing {

// A SYN and the answer to it.
inline constexpr const char* kOpening = R"(
0 < S 0:0(0) win 1000
+0 > S. 0:0(0) ack 1
)";

// Compiles a script; a test fails (and gets an empty program) when it does not parse.
std::shared_ptr<const script::FlatProgram> program(std::string_view text);

// Plays one program alone.
play::PlayResult play_one(stack::Stack& stack, std::shared_ptr<const script::FlatProgram> program,
                          play::PlayOptions options = {}, play::Observer* observer = nullptr);

// One line for each mismatch, for messages of tests.
std::string explain(const play::PlayResult& result);

// The states in a trace, in order.
std::vector<State> states_of(const play::PlayResult& result);

}  // namespace synfin::testing
