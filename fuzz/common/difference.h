// A stack beside the rules: plays each program and ends the process at the first divergence that is
// not known.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/profile.h"
#include "fuzz/common/feedback.h"
#include "harness/judge/baseline.h"
#include "harness/judge/trial.h"

namespace synfin::fuzz {

class Difference {
 public:
  // `baseline`: what is known of the stack.
  Difference(judge::Trial::Make make, const Profile& profile, judge::Baseline baseline = {});
  // Prints how many programs there were and which share of them was judged to the last step.
  ~Difference();
  Difference(const Difference&) = delete;
  Difference& operator=(const Difference&) = delete;

  // What LLVMFuzzerTestOneInput() returns.
  int play(const uint8_t* data, std::size_t size);

 private:
  Feedback feedback_;
  judge::Trial trial_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  uint64_t programs_ = 0;
  uint64_t segments_ = 0;
  uint64_t judged_ = 0;  // to the last step
};

// What specs/baselines knows of a stack; ends the process where that cannot be read.
judge::Baseline baseline_of(const std::string& stack);

}  // namespace synfin::fuzz
