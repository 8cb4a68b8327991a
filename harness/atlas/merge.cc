#include "harness/atlas/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/atlas/interner.h"
#include "harness/atlas/set_ups.h"

namespace synfin::atlas {
namespace {

// What two headers do not agree about; empty: nothing.
std::string difference(const Atlas& a, const Atlas& b) {
  const auto differ = [](const char* what, const std::string& one, const std::string& other) {
    return one == other ? "" : fmt::format("{}: {} and {}", what, one, other);
  };
  for (std::string text :
       {differ("stack", a.provenance.stack(), b.provenance.stack()),
        differ("version", a.provenance.stack_version(), b.provenance.stack_version()),
        differ("kernel", a.provenance.kernel(), b.provenance.kernel()),
        differ("link", a.provenance.link(), b.provenance.link()),
        differ("profile", a.provenance.profile(), b.provenance.profile()),
        differ("IP version", a.ipv6 ? "6" : "4", b.ipv6 ? "6" : "4")}) {
    if (!text.empty()) return text;
  }
  for (const auto& [key, value] : a.provenance.settings()) {
    const auto found = b.provenance.settings().find(key);
    const std::string other = found == b.provenance.settings().end() ? "nothing" : found->second;
    if (other != value) return fmt::format("{}: {} and {}", key, value, other);
  }
  if (a.provenance.settings_size() != b.provenance.settings_size()) return "settings";
  if (a.provenance.seed() != b.provenance.seed()) return "seed";
  if (a.provenance.version() != b.provenance.version()) return "version of synfin";
  if (!(a.with == b.with)) return "dimensions (--with)";
  return a.quiet_time == b.quiet_time ? "" : "quiet time";
}

bool same_set_up(const SetUp& a, const SetUp& b) {
  return a.state == b.state && a.program == b.program && a.reached == b.reached &&
         a.events == b.events && a.variables == b.variables;
}

// In the order of set_ups(); others come last.
std::size_t rank(const SetUp& set_up) {
  const auto known = set_ups();
  return static_cast<std::size_t>(
      std::find_if(known.begin(), known.end(),
                   [&](const SetUpInfo& info) { return info.id == set_up.id; }) -
      known.begin());
}

// Renumbers the entries' behaviours in the order in which cells name them.
std::vector<Behaviour> renumber(std::vector<SetUp>& set_ups, const std::vector<Behaviour>& old) {
  std::vector<uint32_t> numbers(old.size(), kNotPlayed);
  std::vector<Behaviour> kept;
  for (SetUp& set_up : set_ups) {
    for (Entry& entry : set_up.entries) {
      if (entry.behaviour == kNotPlayed) continue;
      uint32_t& number = numbers[entry.behaviour];
      if (number == kNotPlayed) {
        number = static_cast<uint32_t>(kept.size());
        kept.push_back(old[entry.behaviour]);
      }
      entry.behaviour = number;
    }
  }
  return kept;
}

}  // namespace

Result<Atlas> merge(const std::vector<Atlas>& parts) {
  if (parts.empty()) return fail("there is nothing to merge");
  Atlas out = parts.front();
  out.set_ups.clear();
  Interner interner;
  for (const Atlas& part : parts) {
    if (const std::string what = difference(parts.front(), part); !what.empty()) {
      return fail("these are atlases of different things: " + what);
    }
    std::vector<uint32_t> numbers;
    for (const Behaviour& behaviour : part.behaviours)
      numbers.push_back(interner.intern(behaviour));
    for (SetUp set_up : part.set_ups) {
      for (Entry& entry : set_up.entries) {
        if (entry.behaviour != kNotPlayed) entry.behaviour = numbers[entry.behaviour];
      }
      const auto found = std::find_if(out.set_ups.begin(), out.set_ups.end(),
                                      [&](const SetUp& each) { return each.id == set_up.id; });
      if (found == out.set_ups.end()) {
        out.set_ups.push_back(std::move(set_up));
        continue;
      }
      if (!same_set_up(*found, set_up)) {
        return fail(fmt::format("the set-up {} went otherwise in one than in another", set_up.id));
      }
      for (std::size_t i = 0; i < set_up.entries.size(); ++i) {
        Entry& kept = found->entries[i];
        const Entry& other = set_up.entries[i];
        if (other.behaviour == kNotPlayed) continue;
        if (kept.behaviour == kNotPlayed) {
          kept = other;
        } else if (kept != other) {
          kept.again = true;
        }
      }
    }
  }
  std::stable_sort(out.set_ups.begin(), out.set_ups.end(),
                   [](const SetUp& a, const SetUp& b) { return rank(a) < rank(b); });
  out.behaviours = renumber(out.set_ups, interner.behaviours());
  return out;
}

}  // namespace synfin::atlas
