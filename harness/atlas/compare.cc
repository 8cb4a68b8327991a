#include "harness/atlas/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace synfin::atlas {
namespace {

// The parts in which two behaviours differ.
Difference difference_of(const Words& a, const Words& b) {
  Difference out;
  const auto tell = [&](std::string_view label, const std::string& of_a, const std::string& of_b) {
    if (of_a == of_b) return;
    const auto add = [label](std::string& text, const std::string& part) {
      if (!text.empty()) text += ", ";
      text += fmt::format("{}{}", label, part.empty() ? "none" : part);
    };
    add(out.got, of_a);
    add(out.wanted, of_b);
  };
  tell("", a.answers, b.answers);
  // What options an answer has can be compared where both answer in the same way.
  if (a.answers == b.answers) tell("options: ", a.options, b.options);
  tell("state: ", a.state, b.state);
  tell("", a.api, b.api);
  return out;
}

void tell_apart(const Atlas& one, const Atlas& other, bool both, std::vector<std::string>& out) {
  for (const SetUp& mine : one.set_ups) {
    const auto theirs = std::find_if(other.set_ups.begin(), other.set_ups.end(),
                                     [&](const SetUp& each) { return each.id == mine.id; });
    if (theirs == other.set_ups.end()) {
      out.push_back(fmt::format("only {} has the set-up {}", name_of(one), mine.id));
    } else if (both && mine.reached != theirs->reached) {
      const bool first = !mine.reached;
      out.push_back(fmt::format("{} does not reach {}: {}", name_of(first ? one : other), mine.id,
                                first ? mine.why : theirs->why));
    }
  }
}

// The words of all behaviours of one atlas, made once for each that a set-up has.
class Told {
 public:
  explicit Told(const Atlas& atlas) : atlas_(atlas) {}
  const Words& at(const Place& place) {
    const SetUp& set_up = atlas_.set_ups[place.set_up];
    const uint32_t behaviour = set_up.entries[place.entry].behaviour;
    const auto [found, added] = words_.try_emplace({place.set_up, behaviour});
    if (added) found->second = describe(atlas_.behaviours[behaviour], set_up);
    return found->second;
  }

 private:
  const Atlas& atlas_;
  std::map<std::pair<uint32_t, uint32_t>, Words> words_;
};

}  // namespace

std::string name_of(const Atlas& atlas) {
  const auto& from = atlas.provenance;
  if (from.stack_version().empty()) return from.stack();
  return from.stack() + " " + from.stack_version();
}

Comparison compare(const Atlas& a, const Atlas& b) {
  Comparison out;
  tell_apart(a, b, true, out.apart);
  tell_apart(b, a, false, out.apart);
  out.domain = domain_of(std::array{&a, &b});
  Differences differences(out.domain);
  Told told_a(a);
  Told told_b(b);
  for (uint32_t cell = 0; cell < out.domain.grid.cells(); ++cell) {
    const Words& of_a = told_a.at(out.domain.places[0][cell]);
    const Words& of_b = told_b.at(out.domain.places[1][cell]);
    Difference difference = difference_of(of_a, of_b);
    if (difference.got.empty()) continue;
    differences.add(cell, difference);
  }
  out.differing = differences.cells();
  out.findings = differences.findings();
  return out;
}

}  // namespace synfin::atlas
