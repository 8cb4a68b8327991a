#include "harness/shrink/signature.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/judge/verdict.h"
#include "harness/script/text.h"

namespace synfin::shrink {
namespace {

// The letters of flags, as segments are printed: CWR is W, accurate ECN A, no flag at all '-'.
constexpr std::string_view kFlagLetters = "SFRPUEWAC.-";

bool is_flags(std::string_view word) {
  return !word.empty() && word.find_first_not_of(kFlagLetters) == std::string_view::npos;
}

}  // namespace

std::string kind_of(std::string_view text) {
  const std::size_t blank = text.find(' ');
  if (blank != std::string_view::npos && is_flags(text.substr(0, blank))) {
    std::string flags(text.substr(0, blank));
    // PSH is the stack's own affair: with it or without, the same.
    if (flags.size() > 1) std::erase(flags, 'P');
    return flags;
  }
  std::string kind;
  for (std::size_t i = 0; i < text.size();) {
    const bool inside_word = i > 0 && script::is_word(text[i - 1]);
    if (inside_word || !script::is_digit(text[i])) {
      kind += text[i++];
      continue;
    }
    // Hexadecimal addresses of a sanitizer's report as well.
    while (i < text.size() && script::is_word(text[i])) ++i;
    kind += '#';
  }
  return kind;
}

Signature signature_of(const proto::Divergence& divergence) {
  const Objector objector = divergence.state().empty() ? Objector::kScript : Objector::kRules;
  return {objector,
          divergence.clause(),
          divergence.state(),
          kind_of(divergence.wanted()),
          kind_of(divergence.got()),
          divergence.in_doubt()};
}

Signature signature_of(const judge::Divergence& divergence) {
  return {Objector::kRules,
          std::string(info(divergence.clause).id),
          std::string(synfin::to_string(divergence.state)),
          kind_of(divergence.wanted),
          kind_of(divergence.got),
          divergence.in_doubt};
}

Signature crash_of(std::string_view last_words, std::string_view stack) {
  if (last_words.starts_with(stack)) {
    last_words.remove_prefix(std::min(stack.size() + 2, last_words.size()));
  }
  return {Objector::kNobody, "", "", judge::kLivesOn, kind_of(last_words)};
}

std::optional<Signature> crash_of(const proto::CaseResult& result, std::string_view stack) {
  for (const proto::Divergence& each : result.divergences()) {
    if (each.wanted() == judge::kLivesOn) return crash_of(each.got(), stack);
  }
  return std::nullopt;
}

std::vector<Signature> signatures_of(const proto::CaseResult& result, std::string_view stack) {
  std::vector<Signature> all;
  const auto add = [&](Signature signature) {
    if (std::find(all.begin(), all.end(), signature) == all.end()) {
      all.push_back(std::move(signature));
    }
  };
  if (auto crash = crash_of(result, stack)) add(std::move(*crash));
  for (const proto::Divergence& each : result.divergences()) {
    if (each.wanted() != judge::kLivesOn) add(signature_of(each));
  }
  return all;
}

std::string to_string(const Signature& signature) {
  std::string where = signature.clause;
  if (where.empty()) where = signature.objector == Objector::kNobody ? "crash" : "script";
  if (!signature.state.empty()) where += " in " + signature.state;
  return fmt::format("{}: wanted {}, got {}", where, signature.wanted, signature.got);
}

}  // namespace synfin::shrink
