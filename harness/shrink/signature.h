// What makes two findings one: the rule, the state, and the kind of what was wanted and got. A
// finding is the same when its numbers differ, and another when any word does.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/judge/divergence.h"
#include "harness/proto/result.pb.h"

namespace synfin::shrink {

// Who objects.
enum class Objector : unsigned char {
  kNobody,  // the stack has crashed
  kRules,   // the judge
  kScript,  // an expectation of the program, which alone says that it is right
};

struct Signature {
  Objector objector = Objector::kRules;
  std::string clause;     // "SM-ACK-3"; empty for a crash
  std::string state;      // of the connection, where the rules object
  std::string wanted;     // "an ACK"; of a segment, its flags
  std::string got;        // "R."
  bool in_doubt = false;  // perhaps only what follows from another

  auto operator<=>(const Signature&) const = default;
};

// "R. seq 1 ack 2 win 5" and "R 1:1(0)" become their flags; numbers of a sentence become '#'.
std::string kind_of(std::string_view text);

Signature signature_of(const proto::Divergence& divergence);
Signature signature_of(const judge::Divergence& divergence);

// Of a stack that has come to its end, by its last words.
Signature crash_of(std::string_view last_words, std::string_view stack);
// The same of a case; nothing where the stack lives on.
std::optional<Signature> crash_of(const proto::CaseResult& result, std::string_view stack);

// Of everything that a result shows, each once, in the order of the program.
std::vector<Signature> signatures_of(const proto::CaseResult& result, std::string_view stack);

// "SM-ACK-3 in SYN-RECEIVED: wanted a RST, got nothing".
std::string to_string(const Signature& signature);

}  // namespace synfin::shrink
