#include "harness/atlas/produce.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

#include "harness/atlas/cells.h"
#include "harness/atlas/interner.h"
#include "harness/atlas/mapper.h"
#include "harness/atlas/probe.h"
#include "harness/atlas/set_ups.h"

namespace synfin::atlas {
namespace {

// A set-up to map, and which of its cells.
struct Task {
  Probed probed;
  std::size_t first = 0;
  std::size_t last = 0;
  std::vector<Behaviour> behaviours;  // that its entries name
};

class Producer {
 public:
  Producer(const std::vector<stack::Stack*>& stacks, const Profile& profile,
           const ProduceOptions& options, const Watchers& watchers)
      : stacks_(stacks), profile_(profile), options_(options), watchers_(watchers) {}

  Result<Atlas> run() {
    if (auto probed = probe_all(); !probed) return tl::make_unexpected(probed.error());
    share_out();
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < stacks_.size(); ++i) {
      threads.emplace_back([this, i] { work(*stacks_[i]); });
    }
    work(*stacks_.front());
    for (std::thread& thread : threads) thread.join();
    return assemble();
  }

 private:
  Result<void> probe_all();
  void share_out();
  void work(stack::Stack& target);
  bool advance(std::size_t cells);
  void finish(Task& task);
  Atlas assemble();
  Atlas empty_atlas() const;

  const std::vector<stack::Stack*>& stacks_;
  const Profile& profile_;
  const ProduceOptions& options_;
  const Watchers& watchers_;
  std::vector<Task> tasks_;

  std::mutex mutex_;  // of what follows
  std::size_t next_task_ = 0;
  Progress progress_;
  bool stopped_ = false;
};

bool selected(const ProduceOptions& options, const SetUpInfo& info) {
  if (options.only.empty()) return options.with.options || !info.agrees;
  return std::find(options.only.begin(), options.only.end(), info.id) != options.only.end();
}

// ESTABLISHED is probed in any case: others fill the window that it has.
Result<void> Producer::probe_all() {
  uint32_t window = 0;
  for (const SetUpInfo& info : set_ups()) {
    const bool measures = info.id == "ESTABLISHED";
    if (!measures && !selected(options_, info)) continue;
    auto probed = probe(*stacks_.front(), profile_, info, window, options_.ipv6, options_.seed);
    if (!probed) return tl::make_unexpected(probed.error());
    if (measures) window = probed->set_up.variables.rcv_wnd;
    if (selected(options_, info)) tasks_.emplace_back().probed = std::move(*probed);
  }
  return {};
}

// Each shard has as many cells as the others, side by side.
void Producer::share_out() {
  std::vector<std::size_t> counts;
  std::size_t total = 0;
  for (const Task& task : tasks_) {
    const SetUp& set_up = task.probed.set_up;
    counts.push_back(set_up.reached ? cells_of(set_up.variables, options_.with).size() : 0);
    total += counts.back();
  }
  const Shard& shard = options_.shard;
  const std::size_t begin = total * (shard.index - 1) / shard.count;
  const std::size_t end = total * shard.index / shard.count;
  std::size_t at = 0;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    Task& task = tasks_[i];
    task.probed.set_up.entries.resize(counts[i]);
    task.first = std::clamp(begin, at, at + counts[i]) - at;
    task.last = std::clamp(end, at, at + counts[i]) - at;
    at += counts[i];
  }
  progress_.total = end - begin;
}

bool Producer::advance(std::size_t cells) {
  const std::lock_guard lock(mutex_);
  progress_.done += cells;
  if (!stopped_ && watchers_.between) stopped_ = !watchers_.between(progress_);
  return !stopped_;
}

void Producer::work(stack::Stack& target) {
  for (;;) {
    std::unique_lock lock(mutex_);
    if (stopped_ || next_task_ == tasks_.size()) return;
    Task& task = tasks_[next_task_++];
    lock.unlock();
    if (task.first < task.last) {
      Mapper mapper(target, options_, task.probed.set_up, task.probed.program,
                    [this](std::size_t cells) { return advance(cells); });
      const bool whole = mapper.play(task.first, task.last);
      task.behaviours = mapper.behaviours();
      if (!whole) return;
    }
    finish(task);
  }
}

Atlas Producer::empty_atlas() const {
  Atlas atlas;
  atlas.ipv6 = options_.ipv6;
  atlas.with = options_.with;
  atlas.quiet_time = stacks_.front()->traits().quiet_time;
  return atlas;
}

// Tells of one set-up that is done.
void Producer::finish(Task& task) {
  if (!watchers_.on_set_up) return;
  Atlas atlas = empty_atlas();
  atlas.set_ups.push_back(task.probed.set_up);
  atlas.behaviours = task.behaviours;
  const std::lock_guard lock(mutex_);
  watchers_.on_set_up(atlas);
}

// Behaviours are numbered as cells name them, so that it does not matter who played what.
Atlas Producer::assemble() {
  Atlas atlas = empty_atlas();
  Interner interner;
  for (Task& task : tasks_) {
    std::vector<uint32_t> numbers(task.behaviours.size(), kNotPlayed);
    for (Entry& entry : task.probed.set_up.entries) {
      if (entry.behaviour == kNotPlayed) continue;
      uint32_t& number = numbers[entry.behaviour];
      if (number == kNotPlayed) number = interner.intern(task.behaviours[entry.behaviour]);
      entry.behaviour = number;
    }
    atlas.set_ups.push_back(std::move(task.probed.set_up));
  }
  atlas.behaviours = interner.take();
  return atlas;
}

}  // namespace

Result<Atlas> produce(const std::vector<stack::Stack*>& stacks, const Profile& profile,
                      const ProduceOptions& options, const Watchers& watchers) {
  return Producer(stacks, profile, options, watchers).run();
}

}  // namespace synfin::atlas
