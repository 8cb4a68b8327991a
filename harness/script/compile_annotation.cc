#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "engine/clause.h"
#include "harness/script/compile.h"
#include "harness/script/compile_parts.h"
#include "harness/script/text.h"

namespace synfin::script {
namespace {

constexpr std::array<std::string_view, 8> kProgramKeys = {"requires", "needs",  "profile", "ip",
                                                          "role",     "sysctl", "doc",     "each"};

// Options of TCP that a stack may have or not.
constexpr std::array<std::string_view, 3> kNeeds = {"sack", "dsack", "timestamps"};

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    text = trim(text);
    if (text.empty()) return words;
    std::size_t end = 0;
    while (end < text.size() && !is_blank(text[end])) ++end;
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::vector<std::string_view> state_names() {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kStateCount; ++i) names.push_back(to_string(static_cast<State>(i)));
  return names;
}

Result<void> add_requirements(std::string_view value, FlatProgram* flat) {
  std::vector<std::string_view> known;
  for (const ClauseInfo& clause : kClauses) known.push_back(clause.id);
  for (const std::string_view id : split(value)) {
    if (std::find(known.begin(), known.end(), id) == known.end()) {
      return fail(fmt::format("there is no requirement {}{}", id, suggestion(id, known)));
    }
    flat->requirements.emplace_back(id);
  }
  return {};
}

// `needs option option`
Result<void> add_needs(std::string_view value, FlatProgram* flat) {
  for (const std::string_view need : split(value)) {
    if (std::find(kNeeds.begin(), kNeeds.end(), need) == kNeeds.end()) {
      return fail(fmt::format("unknown need '{}'{}", need, suggestion(need, kNeeds)));
    }
    flat->needs.emplace_back(need, "");
  }
  return {};
}

Result<void> set_ip(std::string_view value, FlatProgram* flat) {
  if (value != "4" && value != "6" && value != "both") {
    return fail(fmt::format("'ip {}': expected 4, 6 or both", value));
  }
  flat->ipv4 = value != "6";
  flat->ipv6 = value != "4";
  return {};
}

}  // namespace

std::optional<State> find_state(std::string_view name) {
  for (std::size_t i = 0; i < kStateCount; ++i) {
    const auto state = static_cast<State>(i);
    if (to_string(state) == name) return state;
  }
  return std::nullopt;
}

Result<void> compile_annotation(const proto::Annotation& annotation, FlatProgram* flat) {
  const std::string& key = annotation.key();
  const std::string& value = annotation.value();
  if (std::find(kProgramKeys.begin(), kProgramKeys.end(), key) == kProgramKeys.end()) {
    const bool step = key == "state";
    return fail(fmt::format(
        "unknown annotation '{}' before the first step{}", key,
        step ? ": it belongs behind the step that it speaks of" : suggestion(key, kProgramKeys)));
  }
  if (value.empty()) return fail(fmt::format("annotation '{}' has no value", key));
  if (key == "requires") return add_requirements(value, flat);
  if (key == "ip") return set_ip(value, flat);
  if (key == "each") return fail("'each' makes several programs of a file; it was not expanded");
  if (key == "needs") return add_needs(value, flat);
  if (key == "sysctl") {
    if (value.find('=') == std::string::npos) return fail("expected //@ sysctl name=value");
    flat->needs.emplace_back("sysctl", value);
  } else if (key == "profile") {
    flat->profile = value;
  } else if (key == "role") {
    if (value != "active" && value != "passive" && value != "both") {
      return fail(fmt::format("'role {}': expected active, passive or both", value));
    }
  }
  return {};
}

Result<void> compile_annotation(const proto::Annotation& annotation, Step* step) {
  if (annotation.key() != "state") {
    const bool head =
        std::find(kProgramKeys.begin(), kProgramKeys.end(), annotation.key()) != kProgramKeys.end();
    return fail(fmt::format("unknown annotation '{}' at a step{}", annotation.key(),
                            head ? ": it belongs before the first step" : ": expected 'state'"));
  }
  const auto state = find_state(annotation.value());
  if (!state) {
    return fail(fmt::format("there is no state '{}'{}", annotation.value(),
                            suggestion(annotation.value(), state_names())));
  }
  if (step->state) return fail("the step has two states");
  step->state = state;
  return {};
}

}  // namespace synfin::script
