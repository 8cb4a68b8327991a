#include "harness/stack/pattern.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "harness/script/flat.h"

namespace synfin::stack {
namespace {

constexpr uint32_t kLetters = 26;
constexpr uint32_t kBlock = 256;

// As the pattern goes on from 'a': by 7 letters an octet.
constexpr auto kRun = [] {
  std::array<uint8_t, kLetters + kBlock> run{};
  for (uint32_t i = 0; i < run.size(); ++i) run[i] = static_cast<uint8_t>('a' + i * 7 % kLetters);
  return run;
}();

}  // namespace

// Within an aligned block of 256 octets the pattern is a piece of kRun, except where `position * 7`
// overflows.
void fill_pattern(uint32_t position, std::span<uint8_t> out) {
  while (!out.empty()) {
    const std::size_t count = std::min<std::size_t>(out.size(), kBlock - position % kBlock);
    const uint32_t letter = script::pattern(position) - uint32_t{'a'};
    const uint8_t* const run = kRun.data() + letter * 15 % kLetters;  // 7 * 15 is 1 modulo 26
    const auto last = static_cast<uint32_t>(count - 1);
    if (run[last] == script::pattern(position + last)) {
      std::copy_n(run, count, out.data());
    } else {
      for (uint32_t i = 0; i < count; ++i) out[i] = script::pattern(position + i);
    }
    out = out.subspan(count);
    position += static_cast<uint32_t>(count);
  }
}

}  // namespace synfin::stack
