// A stack that does what a test tells it, at the time that the test wants.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "harness/stack/stack.h"
#include "harness/wire/codec.h"

namespace synfin::testing {

class FakeStack : public stack::Stack {
 public:
  FakeStack();

  // What a test sets.
  std::function<void(stack::CaseId, const wire::Decoded&)> when_injected;
  std::function<void(stack::CaseId, stack::Ticket, const script::CallSpec&)> when_called;
  std::function<State(stack::CaseId)> state = [](stack::CaseId) { return State::kListen; };
  stack::Traits set;
  Duration oversleeps{0};  // run_until() comes back this much too late
  uint64_t lost = 0;
  bool refuses_injection = false;

  // What its hooks use: the stack does it `after` that time.
  void send(stack::CaseId id, Duration after, wire::Packet packet);
  void send_octets(stack::CaseId id, Duration after, std::vector<uint8_t> octets);
  void end_call(stack::CaseId id, stack::Ticket ticket, Duration after, int64_t value,
                int error = 0, std::vector<uint8_t> data = {});
  void break_case(stack::CaseId id, Duration after);
  // A segment from the stack, with the addresses filled in.
  wire::Packet packet(stack::CaseId id, unsigned flags, uint32_t seq, uint32_t ack) const;
  // Answers every SYN with a SYN,ACK of this ISS, `after` that time.
  void answer_syns(uint32_t iss, Duration after);

  std::size_t open_now() const { return open_; }
  std::size_t most_open() const { return most_open_; }
  std::size_t waits() const { return waits_; }  // how often run_until() let time pass

  const stack::Identity& identity() const override { return identity_; }
  const stack::Traits& traits() const override { return set; }
  Result<stack::CaseId> open(const stack::CaseNeeds& needs) override;
  wire::FourTuple address(stack::CaseId id, unsigned connection) const override;
  Time now() override { return now_; }
  Result<Time> inject(stack::CaseId id, std::span<const uint8_t> packet) override;
  stack::Ticket start(stack::CaseId id, unsigned connection, const script::CallSpec& call) override;
  void run_until(Time until, stack::Sink& sink) override;
  Result<State> snapshot(stack::CaseId id, unsigned) override { return state(id); }
  void close(stack::CaseId id) override;
  uint64_t dropped() override { return lost; }

 private:
  struct Item {
    stack::CaseId id = 0;
    std::function<void(stack::Sink&, Time)> deliver;
  };
  void later(stack::CaseId id, Duration after, std::function<void(stack::Sink&, Time)> deliver);

  stack::Identity identity_;
  Time now_{std::chrono::seconds(1)};
  std::multimap<Time, Item> queue_;
  std::map<stack::CaseId, bool> ipv6_;
  stack::CaseId next_case_ = 1;
  stack::Ticket next_ticket_ = 1;
  std::size_t open_ = 0;
  std::size_t most_open_ = 0;
  std::size_t waits_ = 0;
};

}  // namespace synfin::testing
