#include "fuzz/common/feedback.h"

#include <array>
#include <cstddef>

namespace synfin::fuzz {
namespace {

constexpr std::size_t kTuples = 1U << 13U;
// libFuzzer finds its extra counters by the section they lie in, and clears them for each input.
#if defined(__clang__)
[[gnu::section("__libfuzzer_extra_counters"), gnu::used]]
#endif
std::array<uint8_t, kClauseCount + kTuples>
    g_counters{};

}  // namespace

void Feedback::on_begin(const script::FlatProgram& program) {
  clauses_.reset();
  Meetings::on_begin(program);
}

void Feedback::met(uint32_t meeting) {
  // Knuth's multiplicative hash.
  g_counters[kClauseCount + (meeting * 2654435761U >> 19U)] = 1;
}

void Feedback::end() {
  Meetings::end();
  for (std::size_t i = 0; i < kClauseCount; ++i) {
    if (clauses_.test(i)) g_counters[i] = 1;
  }
}

}  // namespace synfin::fuzz
