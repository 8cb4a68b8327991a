// Random choices that follow from a seed alone, the same with every compiler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace synfin::mutate {

// SplitMix (Steele, Lea, Flood): costs nothing to make, unlike the engines of the standard library.
class Chance {
 public:
  explicit Chance(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  // 0 to limit - 1; `limit` is at least 1.
  uint32_t below(uint32_t limit) { return static_cast<uint32_t>((next() >> 32U) * limit >> 32U); }
  bool one_in(uint32_t n) { return below(n) == 0; }
  template <typename T>
  T pick(std::initializer_list<T> values) {
    return *(values.begin() + below(static_cast<uint32_t>(values.size())));
  }

 private:
  uint64_t state_;
};

}  // namespace synfin::mutate
