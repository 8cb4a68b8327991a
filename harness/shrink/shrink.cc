#include "harness/shrink/shrink.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "harness/shrink/edits.h"

namespace synfin::shrink {
namespace {

class Search {
 public:
  Search(const proto::Program& program, const Shows& shows, const ShrinkOptions& options,
         const std::function<bool()>& between)
      : shows_(shows), options_(options), between_(between), current_(program) {
    tried_.insert(current_.SerializeAsString());
  }

  Shrunk run() {
    while (round() && !stopped_) {
    }
    return {std::move(current_), plays_, !stopped_};
  }

 private:
  // Every edit once; true when one of them held.
  bool round() {
    bool changed = pass(bulk_edits);
    for (int count = std::max(current_.steps_size() / 2, 1); count >= 1; count /= 2) {
      changed |= pass([count](const proto::Program& p) { return step_edits(p, count); });
    }
    changed |= pass(field_edits);
    changed |= pass(value_edits);
    return changed;
  }

  // Goes through the edits of the program as it is. One that holds makes another list, which goes
  // on at the same place: those before it did not hold a moment ago.
  template <typename EditsOf>
  bool pass(const EditsOf& edits_of) {
    bool changed = false;
    std::size_t at = 0;
    for (Edits edits = edits_of(current_); at < edits.size() && !stopped_;) {
      const std::vector<std::size_t> places = make_batch(edits, &at);
      const std::size_t held = first_that_shows();
      if (held == batch_.size()) continue;
      current_ = std::move(batch_[held]);
      changed = true;
      at = places[held];
      edits = edits_of(current_);
    }
    return changed;
  }

  // Fills the batch with new candidates from edit `*at` on; returns the places of their edits.
  std::vector<std::size_t> make_batch(const Edits& edits, std::size_t* at) {
    std::vector<std::size_t> places;
    batch_.clear();
    for (; *at < edits.size() && batch_.size() < options_.batch; ++*at) {
      proto::Program candidate = current_;
      edits[*at](candidate);
      if (candidate.steps().empty() || tried_.contains(candidate.SerializeAsString())) continue;
      batch_.push_back(std::move(candidate));
      places.push_back(*at);
    }
    return places;
  }

  // The index in the batch; its size when none does.
  std::size_t first_that_shows() {
    if (batch_.empty()) return 0;
    if (plays_ + batch_.size() > options_.most_plays || (between_ && !between_())) {
      stopped_ = true;
      return batch_.size();
    }
    plays_ += batch_.size();
    const std::vector<bool> shown = shows_(batch_);
    const auto found = std::find(shown.begin(), shown.end(), true);
    const auto index = static_cast<std::size_t>(found - shown.begin());
    // Those behind the one that is taken were not looked at.
    for (std::size_t i = 0; i <= index && i < batch_.size(); ++i) {
      tried_.insert(batch_[i].SerializeAsString());
    }
    return index;
  }

  const Shows& shows_;
  const ShrinkOptions& options_;
  const std::function<bool()>& between_;
  proto::Program current_;
  std::vector<proto::Program> batch_;
  std::set<std::string> tried_;
  std::size_t plays_ = 0;
  bool stopped_ = false;
};

}  // namespace

Shrunk shrink(const proto::Program& program, const Shows& shows, const ShrinkOptions& options,
              const std::function<bool()>& between) {
  return Search(program, shows, options, between).run();
}

}  // namespace synfin::shrink
