// A program -> lwIP inside this process, judged: each divergence that specs/baselines/lwip does not
// know is a crash that tells its rule.
#include <cstddef>
#include <cstdint>

#include "fuzz/common/difference.h"
#include "fuzz/common/guarded_lwip.h"
#include "harness/stack/lwip_stack.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace synfin;
  static const Profile profile = stack::lwip_followed_profile();
  static fuzz::Difference target([] { return fuzz::make_guarded_lwip(profile); }, profile,
                                 fuzz::baseline_of("lwip"));
  return target.play(data, size);
}
