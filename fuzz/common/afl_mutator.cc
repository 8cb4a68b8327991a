// What AFL++ loads to change programs by their structure: its own changes are of octets, few of
// which leave a program (AFL_CUSTOM_MUTATOR_LIBRARY).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/mutate/chance.h"

extern "C" {

// Of the targets that take programs (fuzz/common/program_input.cc).
std::size_t LLVMFuzzerCustomMutator(uint8_t* data, std::size_t size, std::size_t most,
                                    unsigned int seed);
std::size_t LLVMFuzzerCustomCrossOver(const uint8_t* first, std::size_t first_size,
                                      const uint8_t* second, std::size_t second_size, uint8_t* out,
                                      std::size_t most, unsigned int seed);

// All of a build for AFL++ is instrumented, and only the target has the runtime for it.
void __sanitizer_cov_trace_pc_guard(uint32_t*) {}
void __sanitizer_cov_trace_pc_guard_init(uint32_t*, uint32_t*) {}

}  // extern "C"

namespace synfin::fuzz {
namespace {

constexpr std::size_t kMostOctets = 16384;  // as for libFuzzer (-max_len)
constexpr uint32_t kCrossed = 8;            // one of so many is made of two

class AflMutator {
 public:
  explicit AflMutator(unsigned int seed) : chance_(seed) {}

  std::size_t change(const uint8_t* data, std::size_t size, const uint8_t* other,
                     std::size_t other_size, std::size_t most) {
    const std::size_t room = std::min(most, out_.size());
    const auto seed = static_cast<unsigned int>(chance_.next());
    if (other != nullptr && chance_.one_in(kCrossed)) {
      return LLVMFuzzerCustomCrossOver(data, size, other, other_size, out_.data(), room, seed);
    }
    const std::size_t taken = std::min(size, room);
    std::copy_n(data, taken, out_.begin());
    return LLVMFuzzerCustomMutator(out_.data(), taken, room, seed);
  }
  uint8_t* out() { return out_.data(); }

 private:
  mutate::Chance chance_;
  std::vector<uint8_t> out_ = std::vector<uint8_t>(kMostOctets);
};

}  // namespace
}  // namespace synfin::fuzz

extern "C" {

void* afl_custom_init(void*, unsigned int seed) { return new synfin::fuzz::AflMutator(seed); }

void afl_custom_deinit(void* mutator) { delete static_cast<synfin::fuzz::AflMutator*>(mutator); }

std::size_t afl_custom_fuzz(void* mutator, uint8_t* data, std::size_t size, uint8_t** out,
                            uint8_t* other, std::size_t other_size, std::size_t most) {
  auto& made = *static_cast<synfin::fuzz::AflMutator*>(mutator);
  *out = made.out();
  return made.change(data, size, other, other_size, most);
}

}  // extern "C"
