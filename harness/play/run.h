// One case under play: the state machine that walks its steps.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/play/connection.h"
#include "harness/play/match.h"
#include "harness/play/player.h"
#include "harness/play/python.h"
#include "harness/play/resolve.h"
#include "harness/play/shell.h"
#include "harness/script/flat.h"
#include "harness/stack/stack.h"

namespace synfin::play {

// <sys/socket.h>: the number that a compiled program has.
inline constexpr int kMsgOob = 1;

inline bool is_read(const script::CallSpec& call) {
  using script::CallName;
  return call.name == CallName::kRead || call.name == CallName::kRecv ||
         call.name == CallName::kRecvfrom || call.name == CallName::kReadv ||
         call.name == CallName::kRecvmsg;
}

// What the runs of one Player have in common.
struct Shared {
  explicit Shared(stack::Stack& under_test);

  stack::Stack& stack;
  stack::Traits traits;
  std::vector<uint8_t> packet;  // room to build the largest packet
  std::vector<uint8_t> text;
  unsigned preparing = 0;  // runs whose commands still prepare their places
  unsigned shells = 0;     // commands under way
  Time next_start{};       // of a run whose place is prepared
  // When the harness was last found to run late, in real time: an upper time bound that was missed
  // around then says nothing about the stack.
  Time late_at = Time::min();
  uint64_t dropped = 0;  // Stack::dropped() as of this turn
};

// What a run wants of the loop. It is returned in registers.
struct Next {
  enum class Kind : uint8_t {
    kGoOn,   // nothing: it can go on by itself
    kAgain,  // to go on once what the stack has ready was delivered
    kWait,   // to go on at `until`, or when something it waits for has come
    kOver,
  };
  Kind kind = Kind::kGoOn;
  Time until{};
};

// How often a command that is under way is looked at.
inline constexpr Duration kLook = std::chrono::milliseconds(1);

class Run {
 public:
  explicit Run(Shared& shared) : shared_(shared) {}

  // Takes a job and opens a case for it. False: it cannot be played, and result() says why.
  bool begin(Job job);
  // Goes on as far as possible. What the stack had ready at `now` must have been delivered.
  Next advance(Time now);

  // Each returns true when the run waited for just that: advance it.
  bool on_packet(Time at, std::span<const uint8_t> octets);
  bool on_return(stack::Ticket ticket, Time at, const stack::CallResult& result);
  // `again`: it says nothing about the program, which has to be played again.
  void on_broken(const std::string& why) { break_off(why); }
  void on_crashed(const std::string& why) { break_off(why, Outcome::kCrashed); }
  void on_lost(const std::string& why);

  // Ends the case and hands the result over.
  // Ends the case on the stack, which may still tell that it was the end of the stack too.
  void close();
  void finish(Time now);

  bool opened() const { return opened_; }
  stack::CaseId id() const { return id_; }
  PlayResult& result() { return result_; }

 private:
  enum class Phase : uint8_t {
    kDue,     // until the step's time has come
    kSettle,  // a stimulus was given; what it draws at once is being delivered
    kReturn,  // until a call that must not block returns
    kShell,   // until the shell command has ended
    kExpect,  // until the expected packet comes
    kPython,  // until python3 has run the program's code
    kFinal,   // the shared quiet time, and calls that still block
    kOver,
  };
  // A packet that no expectation has taken yet.
  struct Arrived {
    uint32_t event = 0;
    uint16_t connection = 0;
    bool readable = true;
    bool optional = false;  // the stack may send it unasked: an expectation of another passes it
    Values values;
  };
  // A call under way.
  struct Pending {
    stack::Ticket ticket = 0;
    uint32_t step = 0;
    Time started{};
    std::optional<Duration> returns;  // after `started`
  };
  // The stack's state as read since advance() began: nothing was done to the stack since.
  struct Reading {
    uint16_t connection = 0;
    State state = State::kClosed;
  };
  struct Bounds {
    Time lower{};
    Time upper{};
  };

  // run_begin.cc
  std::string unplayable() const;
  std::string unplayable(const script::CallSpec& call) const;
  void look_at_program();
  Result<void> open_case();

  // run.cc: each returns what to wait for.
  Next due(Time now);
  Next settle(Time now);
  Next wait_for_return(Time now);
  Next expect(Time now);
  Next final(Time now);
  Next wait(Time until) const;
  void finish_step(Time now);
  bool reads_after_waits() const { return job_.options.read_states && !job_.options.states_at; }
  bool look_at_all(Time now);
  bool look(uint16_t connection, Time now);
  void read_state(const script::Step& step, Time now);
  void note_quiet(Time now);
  void stimulus(Time at);
  Time due_time(const script::Step& step) const;
  Duration tolerance(Duration wait) const;
  Duration early(Duration slack) const;
  Bounds bounds(const script::Step& step) const;
  bool was_late() const { return !shared_.traits.virtual_time && shared_.late_at >= last_time_; }

  // run_steps.cc: stimuli
  void perform(const script::Step& step, Time now, Time due);
  void note_slip(const script::Step& what, Duration slip);
  void inject_segment(const script::Step& step);
  void inject_icmp(const script::Step& step);
  // `sound`: its checksums are right.
  void inject_packet(const script::Step& step, std::span<const uint8_t> octets, bool sound = false);
  void call(const script::Step& step);
  void retire(uint16_t connection);
  void renew(uint16_t connection);
  bool concerns_a_step(const wire::Decoded& packet, uint16_t connection) const;

  // run_shell.cc: commands, and the place that they prepare
  bool prepares() const { return program_->set_up > 0 && step_ < program_->set_up; }
  Next hold(Time now);
  void others_need_not_wait();
  void shell(const script::Step& step, Time now);
  void start_shell();
  Next wait_for_shell(Time now);
  void leave_shell();

  // run_code.cc
  std::string uncodeable(const script::Step& step) const;
  void code(const script::Step& step, Time now);
  void keep_for_python(const script::Step& step, Time now);
  Next wait_for_python(Time now);

  // run_events.cc: what the stack did
  Event& append(EventKind kind, Time at, uint16_t connection, std::span<const uint8_t> octets = {});
  void notify(const wire::Decoded* packet = nullptr);
  uint16_t connection_of(const wire::Decoded& packet);
  bool is_optional(const wire::Decoded& packet, uint16_t connection) const;
  void compare(const script::Step& step, const Arrived& arrived, const wire::Decoded& packet);
  bool take(const script::Step& step, std::size_t first, std::size_t count);
  std::size_t parts(std::size_t first) const;
  std::optional<wire::Decoded> whole(std::size_t first, std::size_t count);
  void nothing_came();
  void unmet(std::string got, const Arrived* came);
  void check_return(const Pending& pending, Time at, const stack::CallResult& result);
  void check_return_time(const Pending& pending, Time at, std::vector<Difference>& differences);
  void check_data(const Pending& pending, Time at, const stack::CallResult& result,
                  std::vector<Difference>& differences);
  void report_unclaimed();

  // Results.
  void mismatch(uint32_t step, std::string wanted, std::string got,
                std::vector<Difference> differences = {});
  void cut();
  void break_off(std::string why, Outcome outcome = Outcome::kBroken);
  void unreliable(std::string why);

  const script::Step& step() const { return program_->steps[step_]; }
  const script::SegmentSpec& segment(uint32_t index) const {
    const bool last = index + 1 == program_->segments.size();
    return last && job_.last_segment ? *job_.last_segment : program_->segments[index];
  }
  Names names(uint16_t connection, const Values* frozen = nullptr) const {
    return {connections_[connection], job_.observer, connection, frozen};
  }

  Shared& shared_;
  Job job_;
  const script::FlatProgram* program_ = nullptr;
  PlayResult result_;
  std::vector<Connection> connections_;
  std::vector<Arrived> unclaimed_;
  std::vector<Arrived> passed_;  // since the last stimulus, by expectations that they do not meet
  std::vector<Pending> pending_;
  std::vector<Difference> differences_;  // of the comparison under way
  stack::CaseId id_ = 0;
  Phase phase_ = Phase::kOver;
  bool opened_ = false;
  bool quiet_noted_ = true;  // nothing was done yet that could draw an answer
  bool freezes_values_ = false;
  bool plain_input_ = true;  // all text that is injected is the pattern's
  TextCheck output_ = TextCheck::kPattern;
  uint32_t step_ = 0;
  Duration slipped_{0};         // by so much later than meant the steps came, all together
  Duration slipped_in_row_{0};  // those since an expectation was met
  Time last_time_{};            // when the step before really happened
  Time quiet_at_{};
  Time limit_{};  // of the wait under way
  Bounds bounds_{};
  std::optional<Reading> reading_;
  uint64_t dropped_before_ = 0;
  std::map<std::string, int64_t> variables_;  // of the program's code
  std::vector<CodePiece> pieces_;             // what python3 has to run
  std::unique_ptr<Shell> shell_;
  bool in_shell_ = false;       // a command is under way
  std::string commands_;        // that the shell is to run
  bool preparing_ = false;      // until its clock starts
  bool disturbs_ = false;       // the others: counted in shared_.preparing
  std::optional<Time> starts_;  // when it may
};

}  // namespace synfin::play
