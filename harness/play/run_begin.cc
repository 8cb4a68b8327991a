// How a case begins: what it needs, and what its program holds.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "harness/play/describe.h"
#include "harness/play/run.h"
#include "harness/wire/codec.h"

namespace synfin::play {
namespace {

using script::StepKind;

// A well-mixed number of a seed (Steele, Lea, Flood: SplitMix).
uint32_t mix(uint64_t seed) {
  uint64_t z = seed + 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return static_cast<uint32_t>((z ^ (z >> 31U)) >> 16U);
}

bool is_symbolic(const std::optional<script::Number>& number) {
  return number && number->symbolic() && number->base != script::Base::kAbsolute;
}

bool is_symbolic(const script::SegmentSpec& spec) {
  if (is_symbolic(std::optional(spec.seq)) || is_symbolic(spec.ack) || is_symbolic(spec.window)) {
    return true;
  }
  for (const auto& option : spec.options) {
    for (const auto& [left, right] : option.sack) {
      if (is_symbolic(std::optional(left)) || is_symbolic(std::optional(right))) return true;
    }
  }
  return false;
}

bool is_write(script::CallName name) {
  using script::CallName;
  return name == CallName::kWrite || name == CallName::kSend || name == CallName::kSendto;
}

// Reads urgent text out of band, and expects to get it.
bool reads_out_of_band(const script::CallSpec& call) {
  return is_read(call) && (call.flags & kMsgOob) != 0 && call.wanted != -1;
}

}  // namespace

Shared::Shared(stack::Stack& under_test)
    : stack(under_test), traits(under_test.traits()), packet(wire::kMaxPacket) {}

std::string Run::unplayable(const script::CallSpec& call) const {
  if (!shared_.traits.all_calls && call.name > script::CallName::kPoll) {
    return fmt::format("needs a call that the stack does not have: {}", describe(call));
  }
  const auto has_option = shared_.traits.has_option;
  if (has_option != nullptr && call.name == script::CallName::kSetsockopt &&
      !has_option(call.level, call.option)) {
    return "sets a socket option that the stack does not have";
  }
  return "";
}

// Why this job cannot be played here at all; empty when it can.
std::string Run::unplayable() const {
  if (job_.options.ipv6 && !program_->ipv6) return "the program is for IPv4 only";
  if (!job_.options.ipv6 && !program_->ipv4) return "the program is for IPv6 only";
  if (job_.options.ipv6 && !shared_.traits.ipv6) return "the stack has no IPv6 here";
  const stack::Traits& traits = shared_.traits;
  for (const auto& [key, value] : program_->needs) {
    if (std::find(traits.lacks.begin(), traits.lacks.end(), key) != traits.lacks.end()) {
      return fmt::format("it needs {}, which the stack does not offer", key);
    }
  }
  if (!traits.only_profile.empty() && !program_->profile.empty() &&
      program_->profile != traits.only_profile) {
    return fmt::format("it is made for the choices of {}", program_->profile);
  }
  for (const script::Step& step : program_->steps) {
    if (step.kind == StepKind::kShell && !job_.options.allow_shell) {
      return fmt::format("line {} runs a shell command, which is off unless allowed", step.line);
    }
    if (step.kind == StepKind::kCall) {
      if (auto why = unplayable(program_->calls[step.index]); !why.empty()) {
        return fmt::format("line {} {}", step.line, why);
      }
    }
    if (step.kind == StepKind::kCall && !shared_.traits.out_of_band &&
        reads_out_of_band(program_->calls[step.index])) {
      return fmt::format("line {} reads out of band, but urgent text is in line on this stack",
                         step.line);
    }
    if (step.kind == StepKind::kCode) {
      if (auto why = uncodeable(step); !why.empty()) return why;
    }
  }
  if (program_->place.own && !shared_.traits.no_own_places.empty()) {
    return "it needs a place of its own: " + shared_.traits.no_own_places;
  }
  return "";
}

void Run::look_at_program() {
  freezes_values_ = false;
  // To packetdrill octets are the same as others, and a script may send any.
  plain_input_ = !program_->place.own;
  output_ = program_->place.own ? TextCheck::kNone : TextCheck::kPattern;
  for (const script::Step& step : program_->steps) {
    if (step.kind == StepKind::kCall) {
      const auto& call = program_->calls[step.index];
      if (is_write(call.name) && !call.data.empty()) output_ = TextCheck::kNone;
      continue;
    }
    if (step.kind != StepKind::kInject && step.kind != StepKind::kExpect) continue;
    const auto& spec = segment(step.index);
    if (step.kind == StepKind::kExpect) {
      if (job_.observer != nullptr && is_symbolic(spec)) freezes_values_ = true;
    } else if (!spec.text.empty() || spec.flags.urg()) {
      plain_input_ = false;
    }
  }
}

Result<void> Run::open_case() {
  stack::CaseNeeds needs;
  needs.ipv6 = job_.options.ipv6;
  needs.connections = static_cast<unsigned>(program_->connections.size());
  if (needs.connections == 0) needs.connections = 1;
  needs.place = program_->place;
  for (const auto& [key, value] : program_->needs) {
    if (key != "sysctl") continue;
    const auto equals = value.find('=');
    if (equals == std::string::npos) return fail("the need `sysctl " + value + "` has no value");
    needs.sysctls.emplace_back(value.substr(0, equals), value.substr(equals + 1));
  }
  auto opened = shared_.stack.open(needs);
  if (!opened) {
    // Only a real kernel has sysctls, and not every one has each of them.
    result_.outcome = needs.sysctls.empty() ? Outcome::kBroken : Outcome::kSkipped;
    return fail(opened.error().message);
  }
  id_ = *opened;
  opened_ = true;
  connections_.resize(needs.connections);
  const uint32_t isn = mix(job_.options.seed);
  for (unsigned i = 0; i < needs.connections; ++i) {
    result_.tuples.push_back(shared_.stack.address(id_, i));
    connections_[i].reset(result_.tuples.back(), isn);
    connections_[i].syns_name_isn = program_->place.own;
  }
  return {};
}

bool Run::begin(Job job) {
  job_ = std::move(job);
  program_ = job_.program.get();
  result_.outcome = Outcome::kPlayed;
  result_.mismatches.clear();
  result_.broken.clear();
  result_.unreliable = false;
  result_.unreliable_reason.clear();
  result_.late.clear();
  result_.tuples.clear();
  result_.trace.clear();
  // A step is two happenings or three, each with a packet or none.
  result_.trace.events.reserve(3 * program_->steps.size());
  result_.trace.octets.reserve(128 * program_->steps.size());
  result_.started = result_.ended = shared_.stack.now();
  unclaimed_.clear();
  passed_.clear();
  pending_.clear();
  opened_ = false;
  quiet_noted_ = true;
  slipped_ = slipped_in_row_ = Duration{0};
  variables_.clear();
  pieces_.clear();
  step_ = 0;
  last_time_ = result_.started;
  dropped_before_ = shared_.dropped;
  phase_ = Phase::kOver;

  if (auto why = unplayable(); !why.empty()) {
    result_.outcome = Outcome::kSkipped;
    result_.broken = std::move(why);
    return false;
  }
  if (auto opened = open_case(); !opened) {
    if (result_.outcome == Outcome::kPlayed) result_.outcome = Outcome::kBroken;
    result_.broken = opened.error().message;
    return false;
  }
  look_at_program();
  if (program_->set_up > 0) {
    preparing_ = true;
    disturbs_ = true;
    starts_.reset();
    ++shared_.preparing;
  }
  if (program_->tolerance) job_.options.tolerance_min = *program_->tolerance;
  if (job_.observer != nullptr) job_.observer->begin(*program_, result_.tuples, result_.trace);
  if (job_.begun) job_.begun();
  phase_ = Phase::kDue;
  return true;
}

}  // namespace synfin::play
