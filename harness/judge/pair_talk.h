// One conversation between the reference and a stack (pair.h).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "engine/reference.h"
#include "harness/judge/judge.h"
#include "harness/judge/pair.h"
#include "harness/play/trace.h"
#include "harness/script/flat.h"
#include "harness/stack/stack.h"
#include "harness/wire/codec.h"

namespace synfin::judge {

class Talk {
 public:
  Talk(stack::Stack& stack, const Profile& stack_profile, const Profile& reference_profile,
       const PairOptions& options, Conversation plan);

  // Opens the case and starts the handshake.
  Result<void> open();
  stack::CaseId id() const { return id_; }

  void on_packet(Time at, std::span<const uint8_t> packet);
  void on_return(stack::Ticket ticket, Time at, const stack::CallResult& result);
  // Lets both ends do what they can now. What the stack answers goes through `sink`.
  void advance(Time now, stack::Sink& sink);
  Time next_deadline() const;
  bool done() const { return done_; }
  void fail(const std::string& why);
  Conversation finish();

 private:
  // A packet that the network still has.
  struct Held {
    Time until{};
    bool to_stack = false;
    std::vector<uint8_t> octets;
  };

  void deliver_held(Time now);
  void feed_reference(Time now);
  void send_from_reference(Time now);
  void to_stack(Time now, std::span<const uint8_t> octets);
  void to_reference(Time now, std::span<const uint8_t> octets);
  void through_network(Time now, bool to_stack, std::span<const uint8_t> octets);
  void record(play::EventKind kind, Time at, std::span<const uint8_t> octets);

  script::CallSpec& call(script::CallName name, int32_t fd);
  // Starts the call that was made last.
  void start(Time now);
  void connected(Time now);
  void start_write(Time now);
  void start_read(Time now);
  void close_stack_side(Time now);
  void check_stream(const std::vector<uint8_t>& stream, const char* where);
  void check_end(Time now);

  stack::Stack& stack_;
  stack::Sink* sink_ = nullptr;
  const PairOptions options_;
  Conversation out_;
  Profile profile_;  // the reference's
  Reference reference_;
  Judge judge_;
  script::FlatProgram program_;  // the calls, as the judge wants them
  play::Trace trace_;
  std::mt19937_64 random_;
  std::vector<Held> held_;
  std::vector<uint8_t> packet_;
  std::vector<uint8_t> stream_in_;  // what the reference's user received
  std::vector<uint8_t> stack_in_;   // what the stack's user received
  wire::FourTuple tuple_;
  stack::CaseId id_ = 0;
  std::map<stack::Ticket, std::size_t> under_way_;  // the index of the call of each ticket
  bool reading_ = false;
  bool writing_ = false;
  uint32_t reference_sent_ = 0;
  uint32_t stack_sent_ = 0;
  Time started_{};
  Time last_activity_{};
  bool listening_ = false;
  bool opening_started_ = false;
  bool opened_ = false;
  bool reference_saw_end_ = false;
  bool stack_saw_end_ = false;
  bool reference_closed_ = false;
  bool stack_shut_ = false;
  bool stack_closed_ = false;
  bool done_ = false;
};

}  // namespace synfin::judge
