// Code of a program that only Python understands.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace synfin::play {

// Code as it stands in the program, with what its names had for values there.
struct CodePiece {
  uint32_t step = 0;
  std::string code;
  std::vector<std::pair<std::string, int64_t>> names;
};

constexpr std::size_t kMostPieces = 100;
constexpr std::size_t kMostPython = 100'000;  // octets, so that it fits into one argument

// The words of the code, each once: those among them that are names of fields are to be told.
std::vector<std::string> words_of(const std::string& code);

// A command of sh that runs the pieces one after the other in one python3, what they assign
// staying. Its status is 0, or the number of the piece that raised an error, from 1 on.
std::string python_command(std::span<const CodePiece> pieces);

bool has_python();

}  // namespace synfin::play
