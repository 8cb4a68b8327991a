// Known deviations of stacks: specs/baselines/, a folder a stack.
#pragma once

#include <bitset>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/state.h"
#include "harness/judge/divergence.h"
#include "harness/proto/result.pb.h"
#include "harness/wire/error.h"

namespace synfin::judge {

class Baseline {
 public:
  Baseline() = default;
  explicit Baseline(proto::Baseline entries);
  // The files of which load() reads the entries: `path`, or all *.textproto of the folder.
  static std::vector<std::string> files(const std::string& path);
  // Reads a text-format proto::Baseline, or all *.textproto of a folder.
  static Result<Baseline> load(const std::string& path);

  const proto::Baseline& entries() const { return entries_; }

  // A divergence in the words of its entry. An expectation of the script alone has no clause, state
  // and stimulus.
  struct Seen {
    std::string_view clause;
    std::string_view got;
    std::optional<State> state = {};
    const char* stimulus = "";
    std::string_view wanted = {};
  };
  // Good as long as the divergence is.
  static Seen seen(const Divergence& divergence);
  static Seen seen(const proto::Divergence& divergence);
  // The entry that knows this divergence of this case, or nullptr. Versions are compared by their
  // numbers: 6.1 < 6.12.
  const proto::KnownDeviation* find(std::string_view case_id, const Seen& seen,
                                    std::string_view stack, std::string_view version) const;
  // The same where all entries are about this case, as of_case() has chosen them.
  const proto::KnownDeviation* find(const Seen& seen) const;
  // Where an entry of find() stands: "specs/baselines/linux/atlas.textproto:31". Empty for one that
  // was not read from a file.
  std::string place(const proto::KnownDeviation& entry) const;
  // The entries that are about this case.
  Baseline of_case(std::string_view case_id, std::string_view stack,
                   std::string_view version) const;
  // Whether any entry is about this case, for XPASS.
  const proto::KnownDeviation* any_for(std::string_view case_id, std::string_view stack,
                                       std::string_view version) const;

 private:
  Result<void> add(const std::string& path);
  void expand_states();
  template <typename About>
  const proto::KnownDeviation* first(const Seen& seen, About&& about_case) const;
  bool knows(std::size_t index, const Seen& seen) const;

  proto::Baseline entries_;
  // That the glob of each entry covers; the last one is none.
  std::vector<std::bitset<kStateCount + 1>> states_;
  std::vector<std::string> places_;  // of those that were read from files
};

}  // namespace synfin::judge
