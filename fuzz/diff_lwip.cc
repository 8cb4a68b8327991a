// A program -> lwIP inside this process, judged: each divergence that specs/baselines/lwip does not
// know is a crash that tells its rule.
#include <cstddef>
#include <cstdint>

#include "fuzz/common/difference.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static const auto target = synfin::fuzz::Difference::of("lwip");
  return target->play(data, size);
}
