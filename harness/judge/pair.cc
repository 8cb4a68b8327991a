#include "harness/judge/pair.h"

#include <algorithm>
#include <map>
#include <memory>

#include "harness/judge/pair_talk.h"

namespace synfin::judge {
namespace {

class Pair : public stack::Sink {
 public:
  Pair(stack::Stack& stack, const std::function<bool()>& between)
      : stack_(stack), between_(between) {}

  Result<void> add(std::unique_ptr<Talk> talk) {
    if (auto opened = talk->open(); !opened) return opened;
    by_case_[talk->id()] = talk.get();
    talks_.push_back(std::move(talk));
    return {};
  }

  std::vector<Conversation> run(Duration patience);

  void on_packet(stack::CaseId id, Time at, std::span<const uint8_t> packet) override {
    if (const auto found = by_case_.find(id); found != by_case_.end()) {
      found->second->on_packet(at, packet);
    }
  }
  void on_return(stack::CaseId id, stack::Ticket ticket, Time at,
                 const stack::CallResult& result) override {
    if (const auto found = by_case_.find(id); found != by_case_.end()) {
      found->second->on_return(ticket, at, result);
    }
  }
  void on_broken(stack::CaseId id, const Error& error) override {
    if (const auto found = by_case_.find(id); found != by_case_.end()) {
      found->second->fail(error.message);
    }
  }

 private:
  stack::Stack& stack_;
  const std::function<bool()>& between_;
  std::vector<std::unique_ptr<Talk>> talks_;
  std::map<stack::CaseId, Talk*> by_case_;
};

std::vector<Conversation> Pair::run(Duration patience) {
  const Time end = stack_.now() + patience;
  constexpr Duration kBreath = std::chrono::milliseconds(200);
  Time next_breath = stack_.now();
  for (;;) {
    const Time now = stack_.now();
    Time next = std::min(end, now + kBreath);
    bool busy = false;
    for (auto& talk : talks_) {
      if (talk->done()) continue;
      talk->advance(now, *this);
      busy = busy || !talk->done();
      next = std::min(next, talk->next_deadline());
    }
    if (!busy) break;
    if (now >= end) {
      for (auto& talk : talks_) talk->fail("it did not end in time");
      break;
    }
    if (now >= next_breath) {
      next_breath = now + kBreath;
      if (between_ && !between_()) {
        for (auto& talk : talks_) talk->fail("interrupted");
        break;
      }
    }
    stack_.run_until(next, *this);
  }
  std::vector<Conversation> out;
  for (auto& talk : talks_) out.push_back(talk->finish());
  return out;
}

}  // namespace

Result<std::vector<Conversation>> run_pair(stack::Stack& stack, const Profile& stack_profile,
                                           const Profile& reference_profile,
                                           const PairOptions& options,
                                           const std::function<bool()>& between) {
  Pair pair(stack, between);
  unsigned number = 0;
  for (const bool stack_opens : {true, false}) {
    for (const bool stack_closes : {true, false}) {
      Conversation plan;
      const std::string name = stack.identity().name;
      plan.name = (stack_opens ? name : "reference") + " opens, " +
                  (stack_closes ? name : "reference") + " closes first";
      plan.stack_opens = stack_opens;
      plan.stack_closes_first = stack_closes;
      PairOptions own = options;
      own.seed = options.seed * 4 + number++;
      auto talk = std::make_unique<Talk>(stack, stack_profile, reference_profile, own, plan);
      if (auto added = pair.add(std::move(talk)); !added) {
        return tl::make_unexpected(added.error());
      }
    }
  }
  return pair.run(options.patience);
}

}  // namespace synfin::judge
