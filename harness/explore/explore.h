// Sequences that nobody wrote: programs are made up and changed, played in batches and judged.
// Those that met with something new are kept and changed further.
//
// In virtual time a seed and a number of programs give the same findings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/clause.h"
#include "engine/profile.h"
#include "harness/judge/baseline.h"
#include "harness/kernel/kcov.h"
#include "harness/mutate/mutate.h"
#include "harness/proto/program.pb.h"
#include "harness/shrink/signature.h"
#include "harness/stack/stack.h"
#include "harness/wire/error.h"

namespace synfin::explore {

using MakeStack = std::function<Result<std::unique_ptr<stack::Stack>>()>;

struct ExploreOptions {
  uint64_t seed = 1;
  bool ipv6 = false;
  std::size_t batch = 64;  // programs that are played together
  // The code of the kernel that runs, as a guide; then `batch` should be 1, as nobody knows which
  // program of several ran it. May be null; it must outlive the explorer.
  kernel::Kcov* kcov = nullptr;
  // Hears of each program before it is played, and of those that are kept. May be empty.
  std::function<void(const proto::Program&)> before{};
  std::function<void(const proto::Program&)> kept{};
};

struct Progress {
  uint64_t programs = 0;  // that were played
  uint64_t judged = 0;    // of them to the last step
  uint64_t known = 0;     // findings that were known, each time that they came
  std::size_t clauses = 0;
  std::size_t meetings = 0;  // (state, flags, class of SEQ, answer)
  std::size_t places = 0;    // of the kernel's code
  std::size_t kept = 0;      // programs that met with something new
};

// A finding that was not known before, and the program that showed it.
using OnFinding = std::function<void(const shrink::Signature&, const proto::Program&)>;

class Explorer {
 public:
  // What `baseline` knows of the case "fuzz" is counted and not reported. An error when the
  // stack cannot be made.
  static Result<std::unique_ptr<Explorer>> open(MakeStack make, const Profile& profile,
                                                judge::Baseline baseline,
                                                const ExploreOptions& options);
  ~Explorer();
  Explorer(const Explorer&) = delete;
  Explorer& operator=(const Explorer&) = delete;

  // A program to begin with; what it expects is left out. One that needs what a plain case has not
  // (a profile, sysctls, a place of its own) is passed over.
  void add_seed(proto::Program program);
  // This program is not played, by itself.
  void avoid(const proto::Program& program);
  // From now on this is known.
  void know(const shrink::Signature& signature);
  // Plays one batch: first the seeds. `on_finding` is called for each finding once. An error when
  // the stack cannot be made anew.
  Result<void> round(const OnFinding& on_finding, const std::function<bool()>& between);

  stack::Stack& stack();
  Progress progress() const;

 private:
  class Impl;
  explicit Explorer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace synfin::explore
