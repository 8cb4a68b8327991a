#include "harness/report/diff.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "harness/report/atlas_text.h"
#include "harness/report/ladder.h"
#include "harness/shrink/signature.h"

namespace synfin::report {
namespace {

using Told = std::array<std::string, 2>;

constexpr int64_t kNoise = 50'000'000;
constexpr std::size_t kFewCases = 6;  // shown of a difference that has many

std::string name_of(const proto::Provenance& provenance) {
  if (provenance.stack_version().empty()) return provenance.stack();
  return provenance.stack() + " " + provenance.stack_version();
}

// What the run says of the case beside its trace; of what was found what the other has not.
std::string verdict_of(const proto::CaseResult& result, const proto::CaseResult& other,
                       const std::string& stack, const std::string& other_stack) {
  std::string text = proto::Verdict_Name(result.verdict());
  if (result.verdict() == proto::SKIP || result.verdict() == proto::ERROR) {
    return text + ", " + result.reason();
  }
  const auto others = shrink::signatures_of(other, other_stack);
  for (const auto& mine : shrink::signatures_of(result, stack)) {
    if (std::find(others.begin(), others.end(), mine) != others.end()) continue;
    text += ", " + shrink::to_string(mine);
  }
  return text;
}

struct Moment {
  int64_t at_ns = 0;
  int64_t after_ns = 0;  // what was last done to the target
  std::string text;
};

// What the target did: packets, results of calls, states. Which of them is first at one moment is
// the harness's doing.
using Doings = std::array<std::vector<Moment>, 3>;

// Without the values of its clock, and numbers whose ISN nobody saw.
std::string packet_text(const Rung& rung) {
  static const std::regex kTimestamps("TS val [0-9]+ ecr [0-9]+");
  static const std::regex kFar("-?[0-9]{8,}");
  std::string text;
  for (const std::string& cell : rung.cells) {
    if (!cell.empty()) text += (text.empty() ? "" : " ") + std::regex_replace(cell, kFar, "#");
  }
  if (!rung.options.empty()) text += " " + std::regex_replace(rung.options, kTimestamps, "TS");
  return text + rung.wrong;
}

Doings doings_of(const proto::CaseResult& result) {
  Doings doings;
  std::vector<std::pair<uint32_t, Moment>> calls;  // with the step of each
  std::set<uint32_t> begun;
  std::string state;
  const auto rungs = make_rungs(result, nullptr);
  int64_t stimulus = rungs.empty() ? 0 : rungs.front().at_ns;
  for (const Rung& rung : rungs) {
    const auto moment = [&](std::string text) {
      return Moment{rung.at_ns, rung.at_ns - stimulus, std::move(text)};
    };
    if (rung.kind == Rung::Kind::kFromTarget) doings[0].push_back(moment(packet_text(rung)));
    // One that lasts has a rung of its own for its end.
    if (rung.kind == Rung::Kind::kCall && rung.cells.at(0).find(" = ") != std::string::npos) {
      calls.emplace_back(rung.step, moment(rung.cells.at(0)));
    }
    if (!rung.target_state.empty() && rung.target_state != state) {
      state = rung.target_state;
      doings[2].push_back(moment(state));
    }
    const bool begins = rung.kind == Rung::Kind::kCall && begun.insert(rung.step).second;
    if (begins || rung.kind == Rung::Kind::kToTarget) stimulus = rung.at_ns;
  }
  // Several that block may end at one moment.
  std::stable_sort(calls.begin(), calls.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [step, moment] : calls) doings[1].push_back(std::move(moment));
  return doings;
}

bool apart(int64_t a, int64_t b) {
  const int64_t longer = std::max(a, b);
  return longer - std::min(a, b) > longer / 8 + kNoise;
}

struct Apart {
  int64_t at_ns;
  Told told;
};

std::optional<Apart> apart_in(const std::vector<Moment>& a, const std::vector<Moment>& b) {
  const auto end = std::min(a.size(), b.size());
  std::size_t i = 0;
  while (i < end && a[i].text == b[i].text && !apart(a[i].after_ns, b[i].after_ns)) ++i;
  if (i == a.size() && i == b.size()) return std::nullopt;
  Apart found{std::numeric_limits<int64_t>::max(), {}};
  for (const auto& [moments, told] :
       {std::pair(&a, &found.told[0]), std::pair(&b, &found.told[1])}) {
    *told = "nothing more";
    if (i == moments->size()) continue;
    const Moment& moment = (*moments)[i];
    *told = fmt::format("at {:.2f} s: {}", static_cast<double>(moment.at_ns) / 1e9, moment.text);
    found.at_ns = std::min(found.at_ns, moment.at_ns);
  }
  return found;
}

// The first that is another.
std::optional<Told> apart_in_traces(const proto::CaseResult& a, const proto::CaseResult& b) {
  if (!a.has_trace() || !b.has_trace()) return std::nullopt;
  const Doings of_a = doings_of(a);
  const Doings of_b = doings_of(b);
  std::optional<Apart> first;
  for (std::size_t kind = 0; kind < of_a.size(); ++kind) {
    auto found = apart_in(of_a[kind], of_b[kind]);
    if (found && (!first || found->at_ns < first->at_ns)) first = std::move(found);
  }
  if (!first) return std::nullopt;
  return std::move(first->told);
}

// Cases whose words differ in numbers alone differ alike.
Told kind_of(const Told& told) {
  static const std::regex kNumber("[0-9]+");
  return {std::regex_replace(told[0], kNumber, "#"), std::regex_replace(told[1], kNumber, "#")};
}

std::map<std::string, const proto::CaseResult*> by_id(const proto::RunResult& run) {
  std::map<std::string, const proto::CaseResult*> cases;
  for (const proto::CaseResult& result : run.cases()) cases.emplace(result.id(), &result);
  return cases;
}

// "acceptance/bare-ack" of "acceptance/bare-ack[RCV.NXT+1]@ipv6".
std::string family_of(const std::string& id) { return id.substr(0, id.find_first_of("[@")); }

std::string cases_text(const std::vector<std::string>& cases, bool all) {
  if (all) return fmt::format("{}", fmt::join(cases, "\n"));
  std::vector<std::string> families;
  for (const std::string& id : cases) {
    const std::string family = family_of(id);
    if (families.empty() || families.back() != family) families.push_back(family);
  }
  const std::size_t more = families.size() > kFewCases ? families.size() - kFewCases : 0;
  families.resize(families.size() - more);
  std::string text = fmt::format("{}", fmt::join(families, ", "));
  if (more > 0) text += fmt::format(" and {} more; -v shows them", more);
  return text;
}

std::string counted(std::size_t count, const std::string& what) {
  return fmt::format("{} {}{}", grouped(count), what, count == 1 ? "" : "s");
}

}  // namespace

RunComparison compare(const proto::RunResult& a, const proto::RunResult& b) {
  RunComparison out;
  out.names = {name_of(a.provenance()), name_of(b.provenance())};
  const std::string& stack_a = a.provenance().stack();
  const std::string& stack_b = b.provenance().stack();
  const auto of_a = by_id(a);
  const auto of_b = by_id(b);
  std::map<Told, RunDifference> groups;
  const auto add = [&groups](const Told& told, const std::string& id) {
    RunDifference& group = groups[kind_of(told)];
    if (group.cases.empty()) group.told = told;
    group.cases.push_back(id);
  };
  for (const auto& [id, mine] : of_a) {
    const auto other = of_b.find(id);
    if (other == of_b.end()) {
      out.alone[0].push_back(id);
      continue;
    }
    ++out.in_both;
    const Told told = {verdict_of(*mine, *other->second, stack_a, stack_b),
                       verdict_of(*other->second, *mine, stack_b, stack_a)};
    if (told[0] != told[1]) {
      add(told, id);
    } else if (const auto seen = apart_in_traces(*mine, *other->second)) {
      add(*seen, id);
    }
  }
  for (const auto& [id, result] : of_b) {
    if (!of_a.contains(id)) out.alone[1].push_back(id);
  }
  for (auto& [kind, difference] : groups) {
    out.differing += difference.cases.size();
    out.differences.push_back(std::move(difference));
  }
  std::stable_sort(out.differences.begin(), out.differences.end(),
                   [](const auto& x, const auto& y) { return x.cases.size() > y.cases.size(); });
  return out;
}

std::string comparison_text(const RunComparison& comparison, const Style& style, bool all) {
  const auto& names = comparison.names;
  std::string text = fmt::format("{} beside {} · {} in both · {} alike · {}\n", names[0], names[1],
                                 counted(comparison.in_both, "case"),
                                 grouped(comparison.in_both - comparison.differing),
                                 counted(comparison.differences.size(), "difference"));
  for (std::size_t run = 0; run < names.size(); ++run) {
    const auto& alone = comparison.alone[run];
    if (alone.empty()) continue;
    text += fmt::format("\nonly {}: {}: {}\n", names[run], counted(alone.size(), "case"),
                        cases_text(alone, all));
  }
  std::size_t number = 0;
  for (const RunDifference& difference : comparison.differences) {
    text += fmt::format("\n{:<3} {}  {}\n", ++number, counted(difference.cases.size(), "case"),
                        style.paint(Ink::kBold, cases_text(difference.cases, all)));
    for (std::size_t run = 0; run < names.size(); ++run) {
      text += fmt::format("    {}: {}\n", names[run], difference.told[run]);
    }
  }
  return text;
}

}  // namespace synfin::report
