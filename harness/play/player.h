// The Player: programs and a stack in, traces out. One loop drives many cases at once; their waits
// overlap. Virtual stacks jump over waits, real ones poll.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/play/observer.h"
#include "harness/play/trace.h"
#include "harness/script/flat.h"
#include "harness/stack/stack.h"
#include "harness/wire/error.h"

namespace synfin::play {

// One field that was not as the program wants it.
struct Difference {
  std::string field;  // "flags", "seq", "ack", "win", "mss", "time", "result", "errno", "state"
  std::string wanted;
  std::string got;
};

// The numbers of an expected segment as on the wire, where they are written and have a value.
struct WantedNumbers {
  std::optional<uint32_t> seq;
  std::optional<uint32_t> ack;
  std::optional<uint16_t> window;
};

// An expectation of the program that was not met.
struct Mismatch {
  uint32_t step = 0;
  uint32_t line = 0;
  uint16_t connection = 0;
  std::string wanted;                   // the whole expectation in one line
  std::string got;                      // what came instead; "nothing" when nothing came
  std::vector<Difference> differences;  // field by field, where something came
  std::optional<WantedNumbers> numbers = std::nullopt;  // of an expected segment
};

enum class Outcome : uint8_t {
  kPlayed,   // to the last step
  kCut,      // stopped at a mismatch
  kBroken,   // the harness broke: `broken` says how
  kCrashed,  // the stack came to its end: `broken` holds its last words
  kSkipped,  // needs what is not there: `broken` says what
};

struct PlayResult {
  Outcome outcome = Outcome::kPlayed;
  std::vector<Mismatch> mismatches;
  std::string broken;
  // The harness ran so late, or so many packets were dropped, that an upper time bound missed says
  // nothing about the stack: play again, do not judge.
  bool unreliable = false;
  std::string unreliable_reason;
  // The last stimulus that came late, where one did. What a judge sees is as good as ever; but the
  // stack may have been in another state than the program means.
  std::string late;
  // Whether the mismatches say nothing about the stack.
  bool in_doubt() const { return unreliable || (!late.empty() && !mismatches.empty()); }
  // The stack came to its end, perhaps through another program: played again alone, it tells.
  bool lost() const { return outcome == Outcome::kBroken && unreliable; }
  Time started{};
  Time ended{};
  std::vector<wire::FourTuple> tuples;
  Trace trace;
};

struct PlayOptions {
  bool ipv6 = false;
  bool allow_shell = false;
  // Read the stack's state after every step and after every wait, and append kState events. Steps
  // with `//@ state` are always read.
  bool read_states = true;
  std::optional<uint32_t> states_at{};  // but after this step alone
  // Wait for the quiet time after the last step. A program that has waited for it before its last
  // calls need not.
  bool quiet_at_end = true;
  // Two times are equal within max(tolerance_min, tolerance × the wait), as packetdrill has it.
  Duration tolerance_min = std::chrono::milliseconds(4);
  double tolerance = 0.125;
  uint64_t seed = 1;  // the peer's ISNs
};

// A program to play. `observer` may be null only for programs without symbolic numbers and RTO.
struct Job {
  std::shared_ptr<const script::FlatProgram> program;
  PlayOptions options;
  Observer* observer = nullptr;
  std::function<void(PlayResult&&)> done;  // called on the Player's thread
  std::function<void()> begun{};           // the same, before the first step
  // In place of the program's last segment: one program serves thousands of jobs that differ in it.
  std::optional<script::SegmentSpec> last_segment{};
};

class Player {
 public:
  // `most_at_once`: how many cases may be under way together.
  Player(stack::Stack& stack, std::size_t most_at_once);
  ~Player();
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  void add(Job job);
  // After all others have begun, and only while fewer than `at_most` cases are under way.
  void add_last(Job job, std::size_t at_most);
  // Plays all jobs that were added, by their ends too. `between` is called a few times a second
  // (progress, Ctrl-C); it returns false to stop early: what is under way is then reported as
  // kBroken.
  void run(const std::function<bool()>& between = {});

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace synfin::play
