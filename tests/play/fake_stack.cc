#include "tests/play/fake_stack.h"

#include <algorithm>

namespace synfin::testing {

FakeStack::FakeStack() {
  identity_.name = "fake";
  set.quiet_time = std::chrono::milliseconds(100);
  set.virtual_time = true;
}

Result<stack::CaseId> FakeStack::open(const stack::CaseNeeds& needs) {
  const stack::CaseId id = next_case_++;
  ipv6_[id] = needs.ipv6;
  most_open_ = std::max(most_open_, ++open_);
  return id;
}

void FakeStack::close(stack::CaseId id) {
  open_ -= ipv6_.erase(id);
  std::erase_if(queue_, [&](const auto& entry) { return entry.second.id == id; });
}

wire::FourTuple FakeStack::address(stack::CaseId id, unsigned connection) const {
  wire::FourTuple tuple;
  tuple.local = {wire::Address::ipv4(192, 0, 2, 1), 80};
  tuple.remote = {
      wire::Address::ipv4(198, 18, static_cast<uint8_t>(id >> 8U), static_cast<uint8_t>(id)),
      static_cast<uint16_t>(10000 + connection)};
  return tuple;
}

Result<Time> FakeStack::inject(stack::CaseId id, std::span<const uint8_t> packet) {
  if (refuses_injection) return fail("the link is down");
  const auto decoded = wire::decode(packet);
  if (decoded && when_injected) when_injected(id, *decoded);
  return now_;
}

stack::Ticket FakeStack::start(stack::CaseId id, unsigned, const script::CallSpec& call) {
  const stack::Ticket ticket = next_ticket_++;
  if (when_called) {
    when_called(id, ticket, call);
  } else {
    end_call(id, ticket, Duration{0}, call.new_fd >= 0 ? call.new_fd : 0);
  }
  return ticket;
}

void FakeStack::later(stack::CaseId id, Duration after,
                      std::function<void(stack::Sink&, Time)> deliver) {
  queue_.emplace(now_ + after, Item{id, std::move(deliver)});
}

void FakeStack::send_octets(stack::CaseId id, Duration after, std::vector<uint8_t> octets) {
  later(id, after, [id, octets = std::move(octets)](stack::Sink& sink, Time at) {
    sink.on_packet(id, at, octets);
  });
}

void FakeStack::send(stack::CaseId id, Duration after, wire::Packet packet) {
  std::vector<uint8_t> octets(2048);
  octets.resize(wire::encode(packet, octets).value_or(0));
  send_octets(id, after, std::move(octets));
}

void FakeStack::end_call(stack::CaseId id, stack::Ticket ticket, Duration after, int64_t value,
                         int error, std::vector<uint8_t> data) {
  later(id, after, [=, data = std::move(data)](stack::Sink& sink, Time at) {
    sink.on_return(id, ticket, at, {value, error, data});
  });
}

void FakeStack::break_case(stack::CaseId id, Duration after) {
  later(id, after, [id](stack::Sink& sink, Time) { sink.on_broken(id, {"it fell over"}); });
}

wire::Packet FakeStack::packet(stack::CaseId id, unsigned flags, uint32_t seq, uint32_t ack) const {
  wire::Packet made;
  made.source = address(id, 0).local;
  made.destination = address(id, 0).remote;
  made.segment.flags = Flags(flags);
  made.segment.seq = Seq(seq);
  made.segment.ack = Seq(ack);
  made.segment.wnd = 5000;
  return made;
}

void FakeStack::answer_syns(uint32_t iss, Duration after) {
  when_injected = [this, iss, after](stack::CaseId id, const wire::Decoded& got) {
    if (!got.segment.flags.syn()) return;
    send(id, after, packet(id, kSyn | kAck, iss, got.segment.seq.value() + 1));
  };
}

void FakeStack::run_until(Time until, stack::Sink& sink) {
  if (queue_.empty() || queue_.begin()->first > std::max(until, now_)) {
    if (until > now_) {
      now_ = until + oversleeps;
      ++waits_;
    }
    return;
  }
  now_ = std::max(now_, queue_.begin()->first);
  while (!queue_.empty() && queue_.begin()->first <= now_) {
    const auto first = queue_.begin();
    const Time at = first->first;
    const auto deliver = std::move(first->second.deliver);
    queue_.erase(first);
    deliver(sink, at);
  }
}

}  // namespace synfin::testing
