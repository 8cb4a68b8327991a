// Distinct behaviours, each once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "harness/atlas/atlas.h"

namespace synfin::atlas {

class Interner {
 public:
  // The index of a behaviour; a new one comes last.
  uint32_t intern(const Behaviour& behaviour);
  const std::vector<Behaviour>& behaviours() const { return behaviours_; }
  std::vector<Behaviour> take() { return std::move(behaviours_); }

 private:
  std::vector<Behaviour> behaviours_;
  std::unordered_multimap<std::size_t, uint32_t> by_hash_;
};

}  // namespace synfin::atlas
