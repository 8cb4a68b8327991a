#include "harness/shrink/plays.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "harness/judge/session.h"
#include "harness/script/compile.h"

namespace synfin::shrink {
namespace {

constexpr std::size_t kVirtualBatch = 8;
constexpr std::size_t kRealBatch = 32;
constexpr std::size_t kConfirmations = 3;
// On a busy machine a candidate is lost rather than all of them played again and again.
constexpr unsigned kUnreliablePlays = 2;

}  // namespace

Plays::Plays(stack::Stack& stack, const Profile& profile, bool ipv6, uint64_t seed,
             std::function<bool()> between)
    : stack_(stack), profile_(profile), ipv6_(ipv6), seed_(seed), between_(std::move(between)) {}

std::size_t Plays::batch() const {
  const std::size_t wanted = stack_.traits().virtual_time ? kVirtualBatch : kRealBatch;
  const std::size_t limit = stack_.traits().max_open_cases;
  return limit == 0 ? wanted : std::min(wanted, limit);
}

std::vector<proto::CaseResult> Plays::play(const std::vector<proto::Program>& programs) {
  if (!may_play_) return play_together(programs);
  std::vector<proto::CaseResult> results;
  for (const proto::Program& program : programs) {
    if (may_play_(program)) {
      results.push_back(std::move(play_together({program}).at(0)));
      continue;
    }
    results.emplace_back().set_verdict(proto::SKIP);
    results.back().set_reason("it may not be played");
  }
  return results;
}

std::vector<proto::CaseResult> Plays::play_together(const std::vector<proto::Program>& programs) {
  std::vector<proto::CaseResult> results(programs.size());
  std::vector<judge::Case> cases;
  for (std::size_t i = 0; i < programs.size(); ++i) {
    auto flat = script::compile(programs[i]);
    if (!flat) {
      results[i].set_verdict(proto::SKIP);
      results[i].set_reason(flat.error().message);
      continue;
    }
    cases.push_back(
        {fmt::to_string(i), std::make_shared<const script::FlatProgram>(std::move(*flat)), ipv6_});
  }
  judge::SessionOptions options;
  options.most_at_once = batch();
  options.seed = seed_;
  options.include_long = true;
  options.unreliable_plays = kUnreliablePlays;
  ClauseSet coverage;
  const auto keep = [&](const proto::CaseResult& result) {
    results[std::stoul(result.id())] = result;
  };
  const auto go_on = [this](const judge::SessionProgress&) { return !between_ || between_(); };
  judge::run_session(stack_, profile_, {}, cases, options, coverage, keep, go_on);
  return results;
}

std::vector<bool> Plays::shown(const std::vector<proto::Program>& programs,
                               const Signature& wanted) {
  std::vector<bool> out;
  for (const proto::CaseResult& result : play(programs)) {
    const auto found = signatures_of(result, stack_.identity().name);
    out.push_back(std::find(found.begin(), found.end(), wanted) != found.end());
  }
  return out;
}

void Plays::confirm(const std::vector<proto::Program>& programs, const Signature& wanted,
                    std::vector<bool>* shown) {
  for (std::size_t i = 0; i < programs.size(); ++i) {
    if (!(*shown)[i]) continue;
    if (count(programs[i], wanted, kConfirmations) == kConfirmations) return;
    (*shown)[i] = false;
  }
}

Shows Plays::shows(const Signature& wanted, bool steady) {
  const bool in_doubt = steady && !stack_.traits().virtual_time;
  return [this, wanted, in_doubt](const std::vector<proto::Program>& programs) {
    std::vector<bool> all = shown(programs, wanted);
    if (in_doubt) confirm(programs, wanted, &all);
    return all;
  };
}

std::size_t Plays::count(const proto::Program& program, const Signature& wanted,
                         std::size_t times) {
  const auto count_in = [&](const std::vector<proto::Program>& programs) {
    const std::vector<bool> each = shown(programs, wanted);
    return static_cast<std::size_t>(std::count(each.begin(), each.end(), true));
  };
  if (!stack_.traits().virtual_time) {
    return count_in(std::vector<proto::Program>(times, program));
  }
  const uint64_t seed = seed_;
  std::size_t found = 0;
  for (std::size_t i = 0; i < times; ++i) {
    seed_ = seed + i;
    found += count_in({program});
  }
  seed_ = seed;
  return found;
}

}  // namespace synfin::shrink
