// Random programs, for tests and fuzz targets. The same seed gives the same programs everywhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/proto/program.pb.h"

namespace synfin::script {

// splitmix64: small, and the same on every machine.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  // In [0, n).
  uint64_t below(uint64_t n) { return next() % n; }
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(below(static_cast<uint64_t>(high - low) + 1));
  }
  // True once in n.
  bool one_in(uint64_t n) { return below(n) == 0; }
  // A number up to `high`, often one at the edges or a small one.
  uint32_t number(uint32_t high);

  template <typename T, std::size_t N>
  const T& pick(const T (&list)[N]) {
    return list[below(N)];
  }

 private:
  uint64_t state_;
};

struct RandomShape {
  int max_steps = 12;
  // Only what compiles: known calls, names, states and requirements, and options that fit.
  bool sensible = false;
};

// A valid program, which print() and parse() keep. Each construct of the language comes up.
proto::Program random_program(Random& random, const RandomShape& shape = {});

// One step or segment of such a program.
proto::Step random_step(Random& random, const RandomShape& shape = {});
proto::Segment random_segment(Random& random, bool inject, const RandomShape& shape = {});
proto::Call random_call(Random& random, const RandomShape& shape = {});

}  // namespace synfin::script
