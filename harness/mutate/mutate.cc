#include "harness/mutate/mutate.h"

#include <algorithm>
#include <utility>

#include "engine/segment.h"
#include "harness/mutate/change.h"
#include "harness/mutate/compose.h"

namespace synfin::mutate {
namespace {

using proto::Number;

constexpr unsigned kFirstSteps = 10;
constexpr int kLongestRun = 6;  // steps that are copied or dropped at once

using Steps = google::protobuf::RepeatedPtrField<proto::Step>;

bool opens(const proto::Step& step) {
  if (!step.has_call()) return false;
  const std::string& name = step.call().name();
  return name == "socket" || name == "bind" || name == "listen" || name == "connect";
}

// The first step that is not one of the calls without which nothing else means anything. Those are
// left alone, but for a time in many.
int first_free(Chance& chance, const Steps& steps) {
  if (chance.one_in(64)) return 0;
  int first = 0;
  while (first < steps.size() && opens(steps[first])) ++first;
  return first;
}

int pick_between(Chance& chance, int low, int high) {
  return low + static_cast<int>(chance.below(static_cast<uint32_t>(high - low)));
}

// Puts a step before the one at `place`.
void insert(Steps& steps, int place, proto::Step&& step) {
  *steps.Add() = std::move(step);
  for (int i = steps.size() - 1; i > place; --i) steps.SwapElements(i, i - 1);
}

// Copies steps [from, from + count) of `source` to `place`.
void insert_run(Steps& steps, int place, const Steps& source, int from, int count) {
  Steps run;
  for (int i = from; i < from + count; ++i) *run.Add() = source[i];
  for (int i = 0; i < count; ++i) insert(steps, place + i, std::move(*run.Mutable(i)));
}

// The index of a step of which `fits` is true; -1 when there is none.
template <typename Fits>
int pick_step(Chance& chance, const Steps& steps, int first, const Fits& fits) {
  const int size = steps.size() - first;
  if (size <= 0) return -1;
  const int start = static_cast<int>(chance.below(static_cast<uint32_t>(size)));
  for (int i = 0; i < size; ++i) {
    const int at = first + (start + i) % size;
    if (fits(steps[at])) return at;
  }
  return -1;
}

bool change_segment(Chance& chance, Change change, Steps& steps) {
  const int at = pick_step(chance, steps, 0,
                           [](const proto::Step& step) { return step.packet().has_segment(); });
  if (at < 0) return false;
  proto::Segment& segment = *steps.Mutable(at)->mutable_packet()->mutable_segment();
  switch (change) {
    case Change::kFlags:
      change_flags(chance, segment);
      break;
    case Change::kBase:
      change_base(chance, segment);
      break;
    case Change::kOffset:
      change_offset(chance, segment);
      break;
    case Change::kOptions:
      change_options(chance, segment);
      break;
    case Change::kLength:
      change_length(chance, segment);
      break;
    default:
      change_header(chance, segment);
      break;
  }
  return true;
}

bool drop(Chance& chance, Steps& steps, int first) {
  if (first >= steps.size() || steps.size() < 2) return false;
  const int at = pick_between(chance, first, steps.size());
  const int most = std::min({kLongestRun, steps.size() - at, steps.size() - 1});
  const int count = chance.one_in(2) ? 1 : pick_between(chance, 1, most + 1);
  steps.DeleteSubrange(at, count);
  return true;
}

bool repeat(Chance& chance, Steps& steps, int first) {
  if (first >= steps.size()) return false;
  const int at = pick_between(chance, first, steps.size());
  const int times = chance.one_in(4) ? pick_between(chance, 2, 5) : 1;
  for (int i = 0; i < times; ++i) insert_run(steps, at + 1, steps, at, 1);
  return true;
}

bool swap(Chance& chance, Steps& steps, int first) {
  if (steps.size() - first < 2) return false;
  const int a = pick_between(chance, first, steps.size());
  int b = chance.one_in(2) ? a + 1 : pick_between(chance, first, steps.size());
  if (b >= steps.size() || b == a) b = a > first ? a - 1 : a + 1;
  steps.SwapElements(a, b);
  return true;
}

bool splice(Chance& chance, Steps& steps, int first, const Steps& source) {
  if (source.empty() || first > steps.size()) return false;
  const int from = pick_between(chance, 0, source.size());
  const int count = pick_between(chance, 1, std::min(kLongestRun, source.size() - from) + 1);
  insert_run(steps, pick_between(chance, first, steps.size() + 1), source, from, count);
  return true;
}

// --- which calls mean something ---

// The open descriptors of a program, as far as the program alone tells.
class Descriptors {
 public:
  // Whether the call is about an open one, or makes one that was not; takes it as made.
  bool takes(const proto::Call& call) {
    const bool makes = call.has_result() && call.result().has_integer();
    const bool needs = call.name() != "socket" && call.arguments_size() > 0;
    const auto fd = needs ? static_cast<int>(call.arguments(0).integer()) : -1;
    if (needs && !has(fd)) return false;
    if (makes && call.name() == "socket" && has(static_cast<int>(call.result().integer()))) {
      return false;
    }
    if (makes) set(static_cast<int>(call.result().integer()), true);
    if (call.name() == "close") set(fd, false);
    return true;
  }

 private:
  static constexpr int kMost = 64;
  bool has(int fd) const { return fd >= kMost || (fd >= 0 && (open_ >> fd & 1U) != 0); }
  void set(int fd, bool open) {
    if (fd < 0 || fd >= kMost) return;
    const uint64_t bit = uint64_t{1} << fd;
    open_ = open ? open_ | bit : open_ & ~bit;
  }

  uint64_t open_ = 0;
};

// A call on a descriptor that is not there does nothing, and a number that means two sockets is no
// program's.
void drop_dead_calls(Steps& steps) {
  Descriptors descriptors;
  int kept = 0;
  for (int i = 0; i < steps.size(); ++i) {
    if (steps[i].has_call() && !descriptors.takes(steps[i].call())) continue;
    if (kept != i) steps.SwapElements(kept, i);
    ++kept;
  }
  if (kept > 0) steps.DeleteSubrange(kept, steps.size() - kept);
}

// --- what a program may name ---

bool counts_from_stack(Number::Base base) {
  return base == Number::ISS || base == Number::SND_UNA || base == Number::SND_NXT;
}

bool counts_from_peer(Number::Base base) { return base == Number::IRS || base == Number::RCV_NXT; }

// Which ISNs are known: that of the stack once it may have sent a SYN, that of the peer with the
// first one that may have been taken.
struct Known {
  bool iss = false;
  bool irs = false;
};

void unname(const Known& known, Number* number) {
  const bool unknown = (!known.iss && counts_from_stack(number->base())) ||
                       (!known.irs && counts_from_peer(number->base()));
  if (!unknown) return;
  number->set_base(Number::LITERAL);
  mend(*number);
}

void unname(const Known& known, proto::Segment* segment) {
  unname(known, segment->mutable_seq());
  if (segment->has_ack()) unname(known, segment->mutable_ack());
  for (auto& option : *segment->mutable_options()) {
    if (!option.has_sack()) continue;
    for (auto& block : *option.mutable_sack()->mutable_blocks()) {
      unname(known, block.mutable_left());
      unname(known, block.mutable_right());
    }
  }
}

// The listener has to be there for a SYN to be taken.
void learn(const proto::Step& step, bool* listens, Known* known) {
  if (step.has_call()) {
    *listens = *listens || step.call().name() == "listen";
    known->iss = known->iss || step.call().name() == "connect";
  } else if (step.packet().has_segment()) {
    const proto::Segment& segment = step.packet().segment();
    if ((segment.flags() & kSyn) == 0 || (segment.flags() & kRst) != 0) return;
    if (segment.has_malformation()) return;
    const bool acks = (segment.flags() & kAck) != 0;
    if (known->iss || (*listens && !acks)) known->iss = known->irs = true;
  }
}

}  // namespace

void mend(proto::Program& program) {
  program.set_name("fuzz");
  program.clear_comments();
  program.clear_end_comments();
  Steps& steps = *program.mutable_steps();
  if (steps.size() > kMostSteps) steps.DeleteSubrange(kMostSteps, steps.size() - kMostSteps);
  drop_dead_calls(steps);
  Known known;
  bool listens = false;
  for (proto::Step& step : steps) {
    step.clear_comments();
    step.clear_remark();
    step.clear_line();
    if (step.time().ByteSizeLong() == 0) step.clear_time();  // as the parser has it
    if (step.packet().has_segment()) {
      proto::Segment& segment = *step.mutable_packet()->mutable_segment();
      mend(segment);
      unname(known, &segment);
    }
    learn(step, &listens, &known);
  }
}

// --- Mutator ---

proto::Program Mutator::make() {
  proto::Program made = make_program(chance_, 1 + chance_.below(2 * kFirstSteps));
  mend(made);
  return made;
}

// False where there is nothing of the kind to be changed.
bool Mutator::apply(Change change, proto::Program& program) {
  Steps& steps = *program.mutable_steps();
  const int first = first_free(chance_, steps);
  switch (change) {
    case Change::kCall: {
      const int at =
          pick_step(chance_, steps, first, [](const proto::Step& step) { return step.has_call(); });
      if (at < 0) return false;
      change_call(chance_, *steps.Mutable(at)->mutable_call());
      return true;
    }
    case Change::kWait:
      if (steps.empty()) return false;
      change_wait(chance_, *steps.Mutable(pick_between(chance_, 0, steps.size())));
      return true;
    case Change::kInsert:
      insert(steps, pick_between(chance_, std::min(first, steps.size()), steps.size() + 1),
             make_step(chance_));
      return true;
    case Change::kDrop:
      return drop(chance_, steps, first);
    case Change::kRepeat:
      return repeat(chance_, steps, first);
    case Change::kSwap:
      return swap(chance_, steps, first);
    case Change::kSplice:
      return splice(chance_, steps, first, steps);
    default:
      return change_segment(chance_, change, steps);
  }
}

Change Mutator::mutate(proto::Program& program) {
  if (program.steps().empty()) {
    program = make();
    return Change::kInsert;
  }
  for (;;) {
    const bool is_full = program.steps_size() >= kMostSteps;
    const auto change = is_full ? Change::kDrop : static_cast<Change>(chance_.below(kChanges));
    if (!apply(change, program)) continue;
    mend(program);
    return change;
  }
}

void Mutator::cross(proto::Program& program, const proto::Program& other) {
  Steps& steps = *program.mutable_steps();
  const int first = first_free(chance_, steps);
  const int other_first = first_free(chance_, other.steps());
  if (chance_.one_in(2) && other_first < other.steps_size()) {
    // Its beginning, and the other's end.
    const int cut = pick_between(chance_, std::min(first, steps.size()), steps.size() + 1);
    steps.DeleteSubrange(cut, steps.size() - cut);
    for (int i = pick_between(chance_, other_first, other.steps_size()); i < other.steps_size();
         ++i) {
      *steps.Add() = other.steps(i);
    }
  } else {
    splice(chance_, steps, std::min(first, steps.size()), other.steps());
  }
  mend(program);
}

}  // namespace synfin::mutate
