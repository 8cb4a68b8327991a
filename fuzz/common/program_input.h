// The inputs of targets that play programs: octets to programs, and what libFuzzer asks to change
// them.
//
// Whoever links this file's functions gets LLVMFuzzerCustomMutator and LLVMFuzzerCustomCrossOver.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "harness/proto/program.pb.h"

namespace synfin::fuzz {

// The program of an input, good until the next call; nullptr for octets that are none. Whatever it
// calls itself, it is the case "fuzz".
const proto::Program* read_program(const uint8_t* data, std::size_t size);

// Tells what was found and the program as text, and ends the process as a crash.
[[noreturn]] void give_up(std::string_view what, const proto::Program& program);

}  // namespace synfin::fuzz
