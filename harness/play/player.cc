#include "harness/play/player.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory_resource>
#include <unordered_map>

#include "harness/play/queue.h"
#include "harness/play/run.h"

namespace synfin::play {
namespace {

// How many runs act before what their stimuli drew is delivered. On a real kernel few, so that a
// packet that a timer sends seldom falls between a delivery and the next stimulus. In virtual time
// none can, and a stack in a process of its own is asked the more seldom.
constexpr std::size_t kBatch = 16;
constexpr std::size_t kVirtualBatch = 256;
// On a real kernel: not more starts than this in a millisecond, so that no burst of its timers
// overflows a queue later on.
constexpr unsigned kStartsPerMillisecond = 100;
constexpr Duration kMillisecond = std::chrono::milliseconds(1);
// The harness counts as late from here on: half of the least tolerance.
constexpr Duration kLate = std::chrono::milliseconds(2);
// Cases that have ended wait for each other, up to so many, so that the counters of lost packets
// are read once for all of them.
constexpr std::size_t kEndings = 64;
constexpr Duration kBetween = std::chrono::milliseconds(200);
constexpr unsigned kTurnsBetweenLooks = 64;  // at the clock, where no turn lasts

}  // namespace

class Player::Impl final : public stack::Sink {
 public:
  Impl(stack::Stack& stack, std::size_t most_at_once);

  void add(Job job) { waiting_.push(std::move(job)); }
  void add_last(Job job, std::size_t at_most) {
    last_.push({std::move(job), std::max<std::size_t>(at_most, 1)});
  }
  void run(const std::function<bool()>& between);

  void on_packet(stack::CaseId id, Time at, std::span<const uint8_t> packet) override;
  void on_return(stack::CaseId id, stack::Ticket ticket, Time at,
                 const stack::CallResult& result) override;
  void on_broken(stack::CaseId id, const Error& error) override {
    broke(id, [&](Run& run) { run.on_broken(error.message); });
  }
  void on_crashed(stack::CaseId id, const Error& error) override {
    broke(id, [&](Run& run) { run.on_crashed(error.message); });
  }
  void on_lost(stack::CaseId id, const Error& error) override {
    broke(id, [&](Run& run) { run.on_lost(error.message); });
  }

 private:
  using Slot = uint32_t;
  struct Entry {
    std::unique_ptr<Run> run;
    bool ready = false;
    bool active = false;
    uint32_t timer = 0;  // the generation of its timer: older ones in the heap are void
  };
  struct Timer {
    Time at{};
    Slot slot = 0;
    uint32_t generation = 0;
    // For a heap with the earliest on top.
    friend bool operator<(const Timer& a, const Timer& b) { return a.at > b.at; }
  };

  struct Last {
    Job job;
    std::size_t at_most = 1;
  };

  void broke(stack::CaseId id, const std::function<void(Run&)>& tell);
  void turn();
  void start_cases(Time now);
  void start_case(Job job, Time now);
  void expire_timers(Time now);
  void advance_ready(Time now);
  void advance(Slot slot, Time now);
  void wait(Time now);
  void make_ready(Slot slot);
  void end(Slot slot);
  void release_ended(Time now);
  void stop();
  void was_late(Time now) { shared_.late_at = now; }
  Slot free_slot();
  Entry* entry_of(stack::CaseId id);
  bool may_start() const {
    const bool room =
        waiting_.empty() ? !last_.empty() && active_ < last_.front().at_most : active_ < most_;
    return room && shared_.stack.may_open();
  }
  Job next_job() { return waiting_.empty() ? last_.pop().job : waiting_.pop(); }
  // When the next case may begin (Traits::start_step).
  Time next_start(Time now) const {
    const Duration step = shared_.traits.start_step;
    if (step == Duration{0}) return now;
    const Duration past = now.time_since_epoch() % step;
    return past == Duration{0} ? now : now + (step - past);
  }

  Shared shared_;
  std::size_t most_;
  std::size_t batch_;
  Queue<Job> waiting_;
  Queue<Last> last_;
  std::vector<Entry> entries_;
  std::vector<Slot> free_;
  std::pmr::unsynchronized_pool_resource nodes_;  // of slots_
  std::pmr::unordered_map<stack::CaseId, Slot> slots_{&nodes_};
  Queue<Slot> ready_;
  std::vector<Slot> ended_;
  std::vector<Timer> timers_;
  std::size_t active_ = 0;
  Time turn_at_{};  // when this turn began
  unsigned turns_ = 0;
  Time pace_since_{};
  unsigned pace_started_ = 0;
  bool asks_between_ = false;
};

Player::Impl::Impl(stack::Stack& stack, std::size_t most_at_once)
    : shared_(stack),
      most_(std::max<std::size_t>(most_at_once, 1)),
      batch_(shared_.traits.virtual_time ? kVirtualBatch : kBatch) {
  const std::size_t limit = shared_.traits.max_open_cases;
  if (limit != 0) most_ = std::min(most_, limit);
}

// --- the loop ---

void Player::Impl::run(const std::function<bool()>& between) {
  asks_between_ = static_cast<bool>(between);
  turn_at_ = shared_.stack.now();
  shared_.dropped = shared_.stack.dropped();
  auto asked = std::chrono::steady_clock::now();
  while (active_ > 0 || !waiting_.empty() || !last_.empty()) {
    turn();
    // In virtual time no turn lasts, and a look at the clock is dear inside a kernel.
    if (!between || (shared_.traits.virtual_time && ++turns_ % kTurnsBetweenLooks != 0)) continue;
    const auto now = std::chrono::steady_clock::now();
    if (now - asked < kBetween) continue;
    asked = now;
    if (!between()) return stop();
  }
}

void Player::Impl::turn() {
  const Time now = shared_.stack.now();
  if (now - turn_at_ > kLate) was_late(now);
  turn_at_ = now;
  start_cases(now);
  expire_timers(now);
  shared_.stack.run_until(now, *this);
  advance_ready(now);
  const bool idle = ready_.empty();
  if (idle || ended_.size() >= kEndings) release_ended(now);
  if (idle && (active_ > 0 || next_start(now) > now)) wait(now);
}

void Player::Impl::start_cases(Time now) {
  const bool paced = !shared_.traits.virtual_time;
  if (paced && now - pace_since_ >= kMillisecond) {
    pace_since_ = now;
    pace_started_ = 0;
  }
  if (!may_start() || next_start(now) > now) return;
  while (may_start() && ready_.size() < batch_) {
    if (paced && pace_started_++ >= kStartsPerMillisecond) return;
    start_case(next_job(), now);
  }
}

void Player::Impl::start_case(Job job, Time now) {
  const Slot slot = free_slot();
  Entry& entry = entries_[slot];
  if (!entry.run->begin(std::move(job))) {
    entry.run->finish(now);
    free_.push_back(slot);
    return;
  }
  entry.active = true;
  ++active_;
  slots_.emplace(entry.run->id(), slot);
  make_ready(slot);
}

void Player::Impl::expire_timers(Time now) {
  while (!timers_.empty() && timers_.front().at <= now) {
    const Timer timer = timers_.front();
    std::pop_heap(timers_.begin(), timers_.end());
    timers_.pop_back();
    if (entries_[timer.slot].timer == timer.generation) make_ready(timer.slot);
  }
}

void Player::Impl::advance_ready(Time now) {
  for (std::size_t left = std::min(ready_.size(), batch_); left > 0; --left) {
    const Slot slot = ready_.pop();
    entries_[slot].ready = false;
    if (entries_[slot].active) advance(slot, now);
  }
}

void Player::Impl::advance(Slot slot, Time now) {
  Entry& entry = entries_[slot];
  ++entry.timer;
  const Next next = entry.run->advance(now);
  switch (next.kind) {
    case Next::Kind::kGoOn:
    case Next::Kind::kAgain:
      make_ready(slot);
      break;
    case Next::Kind::kWait:
      timers_.push_back({next.until, slot, entry.timer});
      std::push_heap(timers_.begin(), timers_.end());
      break;
    case Next::Kind::kOver:
      end(slot);
      break;
  }
}

// Nothing can be done before the earliest timer, unless the stack does something.
void Player::Impl::wait(Time now) {
  while (!timers_.empty() && entries_[timers_.front().slot].timer != timers_.front().generation) {
    std::pop_heap(timers_.begin(), timers_.end());
    timers_.pop_back();
  }
  Time until = timers_.empty() ? now + kBetween : timers_.front().at;
  if (!shared_.traits.virtual_time) {
    if (may_start()) until = std::min(until, pace_since_ + kMillisecond);
    if (asks_between_) until = std::min(until, now + kBetween);
  } else if (may_start()) {
    until = std::min(until, next_start(now));
  }
  if (until <= now) return;
  shared_.stack.run_until(until, *this);
  turn_at_ = shared_.stack.now();
  if (turn_at_ - until > kLate && !shared_.traits.virtual_time) was_late(turn_at_);
}

void Player::Impl::stop() {
  const Time now = shared_.stack.now();
  for (Slot slot = 0; slot < entries_.size(); ++slot) {
    if (!entries_[slot].active) continue;
    entries_[slot].run->on_broken("stopped before the end of the program");
    end(slot);
  }
  release_ended(now);
  waiting_.clear();
  last_.clear();
}

// --- slots ---

Player::Impl::Slot Player::Impl::free_slot() {
  if (free_.empty()) {
    entries_.push_back({std::make_unique<Run>(shared_)});
    return static_cast<Slot>(entries_.size() - 1);
  }
  const Slot slot = free_.back();
  free_.pop_back();
  return slot;
}

void Player::Impl::make_ready(Slot slot) {
  Entry& entry = entries_[slot];
  if (entry.ready || !entry.active) return;
  entry.ready = true;
  ready_.push(slot);
}

void Player::Impl::end(Slot slot) {
  Entry& entry = entries_[slot];
  entry.active = false;
  ++entry.timer;
  ended_.push_back(slot);
}

void Player::Impl::release_ended(Time now) {
  if (ended_.empty()) return;
  shared_.dropped = shared_.stack.dropped();
  for (const Slot slot : ended_) entries_[slot].run->close();
  if (shared_.traits.mortal) shared_.stack.run_until(now, *this);
  for (const Slot slot : ended_) {
    --active_;
    Run* run = entries_[slot].run.get();
    slots_.erase(run->id());
    run->finish(now);
    free_.push_back(slot);
  }
  ended_.clear();
}

Player::Impl::Entry* Player::Impl::entry_of(stack::CaseId id) {
  const auto found = slots_.find(id);
  return found == slots_.end() ? nullptr : &entries_[found->second];
}

// --- what the stack tells ------------------------------------------------------------------------

void Player::Impl::on_packet(stack::CaseId id, Time at, std::span<const uint8_t> packet) {
  // A packet that has lain there for long was kept waiting by the harness.
  if (!shared_.traits.virtual_time && turn_at_ - at > kLate) was_late(turn_at_);
  Entry* entry = entry_of(id);
  if (entry == nullptr || !entry->active || !entry->run->on_packet(at, packet)) return;
  make_ready(static_cast<Slot>(entry - entries_.data()));
}

void Player::Impl::on_return(stack::CaseId id, stack::Ticket ticket, Time at,
                             const stack::CallResult& result) {
  Entry* entry = entry_of(id);
  if (entry == nullptr || !entry->active || !entry->run->on_return(ticket, at, result)) return;
  make_ready(static_cast<Slot>(entry - entries_.data()));
}

// Also to a case that has ended and is being closed.
void Player::Impl::broke(stack::CaseId id, const std::function<void(Run&)>& tell) {
  Entry* entry = entry_of(id);
  if (entry == nullptr) return;
  tell(*entry->run);
  make_ready(static_cast<Slot>(entry - entries_.data()));
}

Player::Player(stack::Stack& stack, std::size_t most_at_once)
    : impl_(std::make_unique<Impl>(stack, most_at_once)) {}

Player::~Player() = default;

void Player::add(Job job) { impl_->add(std::move(job)); }

void Player::add_last(Job job, std::size_t at_most) { impl_->add_last(std::move(job), at_most); }

void Player::run(const std::function<bool()>& between) { impl_->run(between); }

}  // namespace synfin::play
