#include "harness/atlas/mapper.h"

#include <algorithm>
#include <utility>

namespace synfin::atlas {
namespace {

constexpr std::size_t kVirtualAtOnce = 64;
constexpr std::size_t kRealAtOnce = 4096;  // their waits overlap
// A play that says nothing is repeated so often: the harness was late, packets were lost, or the
// stack ended while it played others as well.
constexpr unsigned kTries = 4;
// Each time with so many fewer at once, down to one, so that whoever ended the stack is found.
constexpr std::size_t kFewer = 8;
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
      cells_(cells_of(set_up.variables, options.with)),
      at_once_(std::min(most_at_once(target.traits()), std::max<std::size_t>(cells_.size(), 1))),
      player_(target, at_once_),
      recorder_(set_up.variables, set_up.events) {
  for (std::size_t i = 0; i < at_once_; ++i) {
    free_.push_back(std::make_shared<CellProgram>(program));
  }
}

bool Mapper::play(std::size_t first, std::size_t last) {
  std::vector<std::size_t> wanted;
  for (std::size_t i = first; i < last; ++i) wanted.push_back(i);
  std::size_t at_once = at_once_;
  for (unsigned tried = 0; tried < kTries && !wanted.empty() && !stopped_; ++tried) {
    wanted = play_batches(wanted, at_once);
    at_once = std::max<std::size_t>(at_once / kFewer, 1);
  }
  advance_(wanted.size());  // that cannot be told are done as well
  return !stopped_;
}

bool Mapper::tell() {
  if (!stopped_) stopped_ = !advance_(std::exchange(newly_done_, 0));
  return !stopped_;
}

// Returns those that have to be played again.
std::vector<std::size_t> Mapper::play_batches(const std::vector<std::size_t>& wanted,
                                              std::size_t at_once) {
  std::vector<std::size_t> again;
  for (std::size_t at = 0; at < wanted.size() && !stopped_; at += at_once) {
    const std::size_t count = std::min(at_once, wanted.size() - at);
    start_on_grid(stack_);
    for (std::size_t i = 0; i < count; ++i) add(wanted[at + i], again);
    player_.run([this] { return tell(); });
    tell();
  }
  std::sort(again.begin(), again.end());
  return again;
}

void Mapper::add(std::size_t index, std::vector<std::size_t>& again) {
  std::shared_ptr<CellProgram> program = std::move(free_.back());
  free_.pop_back();
  program->set(stimulus_of(cells_[index], set_up_.variables));
  play::Job job;
  job.program = std::shared_ptr<const script::FlatProgram>(program, &program->flat);
  job.options.ipv6 = options_.ipv6;
  job.options.seed = options_.seed;
  job.options.states_from = program->cell_step + 1;
  job.observer = &onlooker_;
  job.done = [this, index, &again, program = std::move(program)](play::PlayResult&& result) {
    if (!stopped_ && !take(index, *program, result)) again.push_back(index);
    free_.push_back(program);
  };
  player_.add(std::move(job));
}

// False: what was played says nothing about the cell.
bool Mapper::take(std::size_t index, const CellProgram& program, const play::PlayResult& result) {
  const Stimulus stimulus = stimulus_of(cells_[index], set_up_.variables);
  if (!recorder_.record(result, program, stimulus, behaviour_).empty()) return false;
  set_up_.entries[index].behaviour = interner_.intern(behaviour_);
  ++newly_done_;
  return true;
}

}  // namespace synfin::atlas
