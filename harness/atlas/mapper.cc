#include "harness/atlas/mapper.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace synfin::atlas {
namespace {

constexpr std::size_t kVirtualAtOnce = 64;
constexpr std::size_t kRealAtOnce = 2048;  // their waits overlap
// A play that says nothing is repeated so often: the harness was late, packets were lost, or the
// stack ended while it played others as well.
constexpr unsigned kTries = 4;
// Stacks in virtual time start each batch at a whole multiple of this, so that no timer that ticks
// for all connections together makes cells differ by when they were played.
constexpr Duration kGrid = std::chrono::seconds(1);

struct Nobody final : stack::Sink {
  void on_packet(stack::CaseId, Time, std::span<const uint8_t>) override {}
  void on_return(stack::CaseId, stack::Ticket, Time, const stack::CallResult&) override {}
  void on_broken(stack::CaseId, const Error&) override {}
};

void start_on_grid(stack::Stack& target) {
  if (!target.traits().virtual_time) return;
  Nobody nobody;
  const Duration past = target.now().time_since_epoch() % kGrid;
  const Time start = target.now() + (past > Duration{0} ? kGrid - past : Duration{0});
  while (target.now() < start) target.run_until(start, nobody);
}

std::size_t most_at_once(const stack::Traits& traits) {
  const std::size_t most = traits.virtual_time ? kVirtualAtOnce : kRealAtOnce;
  return traits.max_open_cases == 0 ? most : std::min(most, traits.max_open_cases);
}

}  // namespace

Mapper::Mapper(stack::Stack& target, const ProduceOptions& options, SetUp& set_up,
               const CellProgram& program, std::function<bool(std::size_t)> advance)
    : stack_(target),
      options_(options),
      set_up_(set_up),
      advance_(std::move(advance)),
      program_(program),
      flat_(std::make_shared<const script::FlatProgram>(program.flat)),
      cells_(cells_of(set_up.variables, options.with)),
      at_once_(std::min(most_at_once(target.traits()), std::max<std::size_t>(cells_.size(), 1))),
      player_(target, at_once_),
      recorder_(set_up.variables, set_up.events) {}

bool Mapper::play(std::size_t first, std::size_t last) {
  std::vector<std::size_t> wanted;
  for (std::size_t i = first; i < last; ++i) wanted.push_back(i);
  // What ends a stack is most often where the text lies, of segments whose text is looked at: such
  // cells, side by side, end few batches.
  const auto kind = [this](std::size_t index) {
    const Cell& cell = cells_[index];
    return std::tuple(cell.seq, cell.payload, cell.flags & (kRst | kSyn), cell.flags & kFin);
  };
  std::stable_sort(wanted.begin(), wanted.end(),
                   [&](std::size_t a, std::size_t b) { return kind(a) < kind(b); });
  counts_ = !options_.confirm;
  std::vector<uint32_t> once = play_all(wanted);
  if (options_.confirm && !stopped_) confirm(wanted, once);
  for (const std::size_t cell : wanted) set_up_.entries[cell].behaviour = once[cell];
  return !stopped_;
}

// Two out of three are right; where all differ, the first.
void Mapper::confirm(const std::vector<std::size_t>& wanted, std::vector<uint32_t>& once) {
  counts_ = true;
  const std::vector<uint32_t> twice = play_all(wanted);
  std::vector<std::size_t> differ;
  std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(differ),
               [&](std::size_t cell) { return once[cell] != twice[cell]; });
  if (differ.empty() || stopped_) return;
  counts_ = false;
  const std::vector<uint32_t> thrice = play_all(differ);
  for (const std::size_t cell : differ) {
    set_up_.entries[cell].again = true;
    if (thrice[cell] == twice[cell]) once[cell] = twice[cell];
  }
}

// The behaviour of each; kNotPlayed of what cannot be told. In virtual time a batch is repeated
// before the next one: a stack that has ended lets as many cases as it lost in one at a time, which
// should be those. In real time all that is repeated waits together.
std::vector<uint32_t> Mapper::play_all(const std::vector<std::size_t>& wanted) {
  found_.assign(cells_.size(), kNotPlayed);
  const std::size_t step = stack_.traits().virtual_time ? at_once_ : wanted.size();
  for (std::size_t at = 0; at < wanted.size() && !stopped_; at += step) {
    const auto rest = std::span(wanted).subspan(at);
    play_again_and_again(rest.first(std::min(step, rest.size())));
  }
  tell();
  return std::move(found_);
}

void Mapper::play_again_and_again(std::span<const std::size_t> wanted) {
  std::vector<std::size_t> left(wanted.begin(), wanted.end());
  for (unsigned tried = 0; tried < kTries && !left.empty() && !stopped_; ++tried) {
    left = play_batches(left);
  }
  newly_done_ += left.size();
}

bool Mapper::tell() {
  const std::size_t done = std::exchange(newly_done_, 0);
  if (!stopped_) stopped_ = !advance_(counts_ ? done : 0);
  return !stopped_;
}

// Returns those that have to be played again.
std::vector<std::size_t> Mapper::play_batches(const std::vector<std::size_t>& wanted) {
  again_.clear();
  for (std::size_t at = 0; at < wanted.size() && !stopped_; at += at_once_) {
    const std::size_t count = std::min(at_once_, wanted.size() - at);
    start_on_grid(stack_);
    for (std::size_t i = 0; i < count; ++i) add(wanted[at + i]);
    player_.run([this] { return tell(); });
    tell();
  }
  std::sort(again_.begin(), again_.end());
  return std::move(again_);
}

void Mapper::add(std::size_t index) {
  play::Job job;
  job.program = flat_;
  job.last_segment = segment_of(stimulus_of(cells_[index], set_up_.variables));
  job.options.ipv6 = options_.ipv6;
  job.options.seed = options_.seed;
  job.options.states_at = program_.cell_step + 1;
  job.options.quiet_at_end = false;
  job.observer = &onlooker_;
  job.done = [this, index](play::PlayResult&& result) {
    if (!stopped_ && !take(index, result)) again_.push_back(index);
  };
  player_.add(std::move(job));
}

// False: what was played says nothing about the cell.
bool Mapper::take(std::size_t index, const play::PlayResult& result) {
  const Stimulus stimulus = stimulus_of(cells_[index], set_up_.variables);
  if (!recorder_.record(result, program_, stimulus, behaviour_).empty()) return false;
  found_[index] = interner_.intern(behaviour_);
  ++newly_done_;
  return true;
}

}  // namespace synfin::atlas
