// A peer and a user for the reference stack, for tests.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "harness/stack/reference.h"
#include "harness/wire/codec.h"

namespace synfin::testing {

class ReferenceHost : public stack::Sink {
 public:
  struct Got {
    Segment segment;
    wire::FourTuple tuple;
    std::vector<uint8_t> text;
    Time at{};
  };
  struct Ended {
    int64_t value = 0;
    int error = 0;
    std::vector<uint8_t> data;
    Time at{};
  };

  explicit ReferenceHost(const Profile& profile = {}, bool ipv6 = false)
      : ReferenceHost(ipv6, stack::make_reference_stack({profile, 1, nullptr})) {}
  // The same around another stack.
  ReferenceHost(bool ipv6, std::unique_ptr<stack::Stack> other) : stack(std::move(other)) {
    stack::CaseNeeds needs;
    needs.ipv6 = ipv6;
    id = stack->open(needs).value();
  }

  // --- the peer ---
  void give(unsigned flags, uint32_t seq, Seq ack = Seq(0), unsigned connection = 0,
            std::vector<uint8_t> text = {}) {
    wire::Packet packet;
    const auto tuple = stack->address(id, connection);
    packet.source = tuple.remote;
    packet.destination = tuple.local;
    packet.segment.flags = Flags(flags);
    packet.segment.seq = Seq(seq);
    packet.segment.ack = ack;
    packet.segment.wnd = 60000;
    packet.segment.text = text;
    packet.malformation = malformation;
    std::vector<uint8_t> octets(2048);
    octets.resize(wire::encode(packet, octets).value());
    EXPECT_TRUE(stack->inject(id, octets));
    run(Duration{0});
  }
  // The next packet that the stack sent; a test fails when there is none.
  Got next() {
    if (packets.empty()) {
      ADD_FAILURE() << "the stack sent nothing";
      return {};
    }
    Got got = packets.front();
    packets.erase(packets.begin());
    return got;
  }
  // A handshake from this ISN; returns the stack's ISS.
  Seq open_passive(uint32_t isn = 100, unsigned connection = 0) {
    give(kSyn, isn, Seq(0), connection);
    const Seq iss = next().segment.seq;
    give(kAck, isn + 1, iss + 1, connection);
    return iss;
  }

  // --- the user ---
  static script::CallSpec make(script::CallName name, int fd, int new_fd = -1) {
    script::CallSpec spec;
    spec.name = name;
    spec.fd = fd;
    spec.new_fd = new_fd;
    spec.domain = AF_INET;
    return spec;
  }
  stack::Ticket start(const script::CallSpec& spec, unsigned connection = 0) {
    const auto ticket = stack->start(id, connection, spec);
    run(Duration{0});
    return ticket;
  }
  // A call that is expected to end at once; value and errno.
  std::pair<int64_t, int> call(const script::CallSpec& spec, unsigned connection = 0) {
    const auto ticket = start(spec, connection);
    if (!ended.contains(ticket)) {
      ADD_FAILURE() << "the call blocks";
      return {};
    }
    return {ended[ticket].value, ended[ticket].error};
  }
  void listen(int64_t backlog = 5) {
    call(make(script::CallName::kSocket, -1, 3));
    call(make(script::CallName::kBind, 3));
    auto spec = make(script::CallName::kListen, 3);
    spec.argument = backlog;
    EXPECT_EQ(call(spec).first, 0);
  }
  void nonblocking(int fd) {
    auto spec = make(script::CallName::kFcntl, fd);
    spec.flags = 4;         // F_SETFL
    spec.argument = 04000;  // O_NONBLOCK
    EXPECT_EQ(call(spec).first, 0);
  }
  static script::CallSpec sized(script::CallName name, int fd, uint32_t length, int flags = 0) {
    auto spec = make(name, fd);
    spec.length = length;
    spec.flags = flags;
    return spec;
  }
  static script::CallSpec option(int fd, int level, int name, std::vector<int32_t> values) {
    auto spec = make(script::CallName::kSetsockopt, fd);
    spec.level = level;
    spec.option = name;
    spec.data.resize(values.size() * sizeof(int32_t));
    if (!values.empty()) std::memcpy(spec.data.data(), values.data(), spec.data.size());
    return spec;
  }

  // --- time ---
  void run(Duration time) {
    const Time until = stack->now() + time;
    do {
      stack->run_until(until, *this);
    } while (stack->now() < until);
    stack->run_until(until, *this);
  }
  State state(unsigned connection = 0) { return stack->snapshot(id, connection).value(); }

  void on_packet(stack::CaseId, Time at, std::span<const uint8_t> packet) override {
    const auto decoded = wire::decode(packet);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_TRUE(decoded->tcp_checksum_ok && decoded->ip_checksum_ok);
    Got got{decoded->segment, {decoded->source, decoded->destination}, {}, at};
    got.text.assign(got.segment.text.begin(), got.segment.text.end());
    got.segment.text = {};
    packets.push_back(got);
  }
  void on_return(stack::CaseId, stack::Ticket ticket, Time at,
                 const stack::CallResult& result) override {
    ended[ticket] = {result.value, result.error, {result.data.begin(), result.data.end()}, at};
  }
  void on_broken(stack::CaseId, const Error& error) override { ADD_FAILURE() << error.message; }

  std::unique_ptr<stack::Stack> stack;
  stack::CaseId id = 0;
  std::vector<Got> packets;
  std::map<stack::Ticket, Ended> ended;
  wire::Malformation malformation;
};

}  // namespace synfin::testing
