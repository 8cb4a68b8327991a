#include "harness/atlas/judgement.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <span>
#include <utility>

#include "harness/atlas/compare.h"
#include "harness/atlas/replay.h"
#include "harness/judge/judge.h"
#include "harness/judge/watcher.h"

namespace synfin::atlas {
namespace {

constexpr std::string_view kSilence = "silence";

// What a judge has just been told of a cell.
struct Moment {
  bool of_set_up = false;
  const Wire* answer = nullptr;
};

// Passes a cell on to a judge, and tells after each event what that was.
class Telling final : public judge::Relay {
 public:
  using After = std::function<void(const Moment&)>;
  Telling(judge::Judge& judge, const Replayer& replayer, const Behaviour& behaviour, After after)
      : Relay(judge), replayer_(replayer), behaviour_(behaviour), after_(std::move(after)) {}

  void on_event(const play::Event& event, const wire::Decoded* packet) override {
    Relay::on_event(event, packet);
    Moment moment;
    moment.of_set_up = event.step < replayer_.cell_step();
    if (!moment.of_set_up && event.kind == play::EventKind::kSent) {
      moment.answer = &behaviour_.answers[answer_++];
    }
    after_(moment);
  }

 private:
  const Replayer& replayer_;
  const Behaviour& behaviour_;
  After after_;
  std::size_t answer_ = 0;
};

// A cell told to a judge, with the words of a finding for what it objects to.
class CellJudge {
 public:
  CellJudge(const Atlas& atlas, const SetUp& set_up, const Profile& profile)
      : atlas_(atlas), set_up_(set_up), profile_(profile) {
    traits_.quiet_time = atlas.quiet_time;
    cells_ = cells_of(set_up.variables, atlas.with);
  }

  Result<std::vector<Difference>> judge(Replayer& replayer, uint32_t entry);
  // What the judge says of the set-up alone, in the last cell that was told.
  const std::vector<Difference>& of_set_up() const { return of_set_up_; }
  bool lost() const { return lost_; }
  const Cell& cell(uint32_t entry) const { return cells_[entry]; }

 private:
  Result<std::vector<Difference>> judge(Replayer& replayer, uint32_t entry, const Shift& further);
  Difference in_words(const judge::Divergence& divergence, const Moment& moment) const;
  std::string answer_in_words(const Wire& answer, const judge::Divergence& divergence) const;
  std::string state_in_words(const std::string& state) const;

  const Atlas& atlas_;
  const SetUp& set_up_;
  const Profile& profile_;
  stack::Traits traits_;
  std::vector<Cell> cells_;
  std::vector<Difference> of_set_up_;
  bool lost_ = false;  // the set-up itself went where the rules cannot follow
};

std::string CellJudge::state_in_words(const std::string& state) const {
  return state == to_string(set_up_.state) ? "stays in its state" : "state " + state;
}

// What differs from cell to cell (numbers, the state that all were in) is told by name, so that
// cells that differ alike read alike.
Difference CellJudge::in_words(const judge::Divergence& divergence, const Moment& moment) const {
  Difference out;
  out.clause = divergence.clause;
  out.wanted = divergence.wanted;
  out.got = divergence.got;
  const bool of_state = !divergence.fields.empty() && divergence.fields.front().field == "state";
  if (of_state) {
    out.wanted = state_in_words(divergence.wanted);
    out.got = state_in_words(divergence.got);
  } else if (divergence.got == "nothing") {
    out.got = kSilence;
  } else if (moment.answer != nullptr) {
    out.got = answer_in_words(*moment.answer, divergence);
  }
  return out;
}

// An answer by its flags, and by the numbers that the rule objects to.
std::string CellJudge::answer_in_words(const Wire& answer,
                                       const judge::Divergence& divergence) const {
  std::string text = describe(answer.flags);
  for (const play::Difference& field : divergence.fields) {
    if (field.field == "seq") text += " seq " + describe(answer.seq, set_up_.variables);
    if (field.field == "ack") text += " ack " + describe(answer.ack, set_up_.variables);
  }
  return text;
}

// Of two numbers half a turn apart the RFCs do not say which is further along (engine/seq.h): such
// a SEQ or ACK is told as one just before and as one just after. What is right either way is no
// finding.
Result<std::vector<Difference>> CellJudge::judge(Replayer& replayer, uint32_t entry) {
  static constexpr std::array<int32_t, 1> kAsItIs = {0};
  static constexpr std::array<int32_t, 2> kEitherWay = {-1, 1};
  const auto readings = [](bool opposite) {
    return opposite ? std::span<const int32_t>(kEitherWay) : std::span<const int32_t>(kAsItIs);
  };
  const Cell& cell = cells_[entry];
  std::optional<std::vector<Difference>> least;
  for (const int32_t seq : readings(cell.seq == SeqClass::kOpposite)) {
    for (const int32_t ack : readings(cell.ack == AckClass::kOpposite)) {
      auto found = judge(replayer, entry, {seq, ack});
      if (!found) return found;
      if (!least || found->size() < least->size()) least = std::move(*found);
      if (least->empty()) return std::move(*least);
    }
  }
  return std::move(*least);
}

Result<std::vector<Difference>> CellJudge::judge(Replayer& replayer, uint32_t entry,
                                                 const Shift& further) {
  const Behaviour& behaviour = atlas_.behaviours[set_up_.entries[entry].behaviour];
  judge::Judge judge(profile_, traits_);
  std::vector<Difference> found;
  of_set_up_.clear();
  std::size_t seen = 0;
  const auto after = [&](const Moment& moment) {
    const auto& all = judge.divergences();
    for (; seen < all.size(); ++seen) {
      (moment.of_set_up ? of_set_up_ : found).push_back(in_words(all[seen], moment));
    }
    if (moment.of_set_up) lost_ = !judge.judged_to_the_end();
  };
  Telling telling(judge, replayer, behaviour, after);
  const auto told = replayer.play(cells_[entry], behaviour, telling, further);
  if (!told) return tl::make_unexpected(told.error());
  if (!behaviour.broken.empty())
    found.push_back({{}, "no end of the stack", behaviour.broken, "", ""});
  return found;
}

// Marks what the baseline knows of a cell.
class Known {
 public:
  Known(const judge::Baseline& baseline, const Atlas& atlas)
      : baseline_(baseline),
        stack_(atlas.provenance.stack()),
        version_(atlas.provenance.stack_version()) {}

  // `what`: the cell as describe() has it, or "set-up".
  void mark(const SetUp& set_up, const std::string& what, Difference& difference) const {
    if (baseline_.entries().deviations().empty()) return;
    const std::string id = fmt::format("atlas/{}/{}", set_up.id, what);
    const std::string clause(difference.clause ? info(*difference.clause).id : "");
    const auto* entry = baseline_.find(id, {clause, difference.got}, stack_, version_);
    if (entry == nullptr) return;
    difference.known = baseline_.place(*entry);
    difference.reason = entry->reason();
  }

 private:
  const judge::Baseline& baseline_;
  std::string stack_;
  std::string version_;
};

}  // namespace

Result<Judgement> judge_atlas(const Atlas& atlas, const Profile& profile,
                              const judge::Baseline& baseline) {
  Judgement out;
  const Atlas* const one = &atlas;
  out.domain = domain_of(std::span(&one, 1));
  const Known known(baseline, atlas);
  for (const SetUp& set_up : atlas.set_ups) {
    if (set_up.reached) continue;
    Difference unreached{{}, "its state", "not reached", "", ""};
    known.mark(set_up, "set-up", unreached);
    if (!unreached.known.empty()) continue;
    out.apart.push_back(fmt::format("{} is not reached: {}", set_up.id, set_up.why));
  }
  Differences differences(out.domain);
  std::optional<CellJudge> judge;
  std::optional<Replayer> replayer;
  uint32_t at = UINT32_MAX;  // the set-up that these two are of
  for (uint32_t cell = 0; cell < out.domain.grid.cells(); ++cell) {
    const Place& place = out.domain.places.front()[cell];
    const SetUp& set_up = atlas.set_ups[place.set_up];
    const bool first = place.set_up != at;
    if (first) {
      auto made = Replayer::make(atlas, set_up);
      if (!made) return tl::make_unexpected(made.error());
      replayer.emplace(std::move(*made));
      judge.emplace(atlas, set_up, profile);
      at = place.set_up;
    }
    auto found = judge->judge(*replayer, place.entry);
    if (!found) return tl::make_unexpected(found.error());
    if (first) {
      for (Difference difference : judge->of_set_up()) {
        known.mark(set_up, "set-up", difference);
        if (!difference.known.empty()) continue;
        out.apart.push_back(fmt::format("{}: on the way there {} ({}): {}", set_up.id,
                                        difference.wanted, info(*difference.clause).id,
                                        difference.got));
      }
      if (judge->lost()) out.apart.push_back(set_up.id + ": the rules cannot follow it there");
    }
    for (Difference& difference : *found) {
      known.mark(set_up, describe(judge->cell(place.entry)), difference);
      differences.add(cell, difference);
    }
  }
  out.diverging = differences.cells();
  out.findings = differences.findings();
  return out;
}

}  // namespace synfin::atlas
