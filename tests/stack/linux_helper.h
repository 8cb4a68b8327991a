// A hand at the peer's end of cases of the Linux stack.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/stack/linux_stack.h"
#include "harness/stack/stack.h"
#include "harness/wire/codec.h"

namespace synfin::stack {

struct GotPacket {
  CaseId id = 0;
  Time at{};
  Flags flags;
  Seq seq;
  Seq ack;
  uint16_t window = 0;
  std::optional<uint16_t> mss;
  bool checksum_ok = false;
  wire::FourTuple tuple;  // local: the stack
  std::vector<uint8_t> text;
  std::size_t octets = 0;
};

struct GotReturn {
  CaseId id = 0;
  Ticket ticket = 0;
  Time at{};
  int64_t value = 0;
  int error = 0;
  std::vector<uint8_t> data;
};

// Keeps everything that it hears.
class Recorder : public Sink {
 public:
  void on_packet(CaseId id, Time at, std::span<const uint8_t> packet) override {
    const auto decoded = wire::decode(packet);
    ASSERT_TRUE(decoded) << decoded.error().message;
    packets.push_back({.id = id,
                       .at = at,
                       .flags = decoded->segment.flags,
                       .seq = decoded->segment.seq,
                       .ack = decoded->segment.ack,
                       .window = decoded->segment.wnd,
                       .mss = decoded->segment.options.mss,
                       .checksum_ok = decoded->tcp_checksum_ok && decoded->ip_checksum_ok,
                       .tuple = {.local = decoded->source, .remote = decoded->destination},
                       .text = {decoded->segment.text.begin(), decoded->segment.text.end()},
                       .octets = packet.size()});
  }
  void on_return(CaseId id, Ticket ticket, Time at, const CallResult& result) override {
    returns.push_back(
        {id, ticket, at, result.value, result.error, {result.data.begin(), result.data.end()}});
  }
  void on_broken(CaseId, const Error& error) override { ADD_FAILURE() << error.message; }

  std::vector<GotPacket> packets;
  std::vector<GotReturn> returns;
};

// Calls as a program has them.
inline script::CallSpec make_call(script::CallName name, int fd, int new_fd = -1) {
  script::CallSpec call;
  call.name = name;
  call.fd = fd;
  call.new_fd = new_fd;
  return call;
}
inline script::CallSpec socket_call(int new_fd, int type = SOCK_STREAM) {
  script::CallSpec call = make_call(script::CallName::kSocket, -1, new_fd);
  call.domain = AF_INET;
  call.type = type;
  return call;
}
inline script::CallSpec bind_call(int fd) { return make_call(script::CallName::kBind, fd); }
inline script::CallSpec listen_call(int fd) {
  script::CallSpec call = make_call(script::CallName::kListen, fd);
  call.argument = 5;
  return call;
}
inline script::CallSpec accept_call(int fd, int new_fd) {
  return make_call(script::CallName::kAccept, fd, new_fd);
}
inline script::CallSpec connect_call(int fd) { return make_call(script::CallName::kConnect, fd); }
inline script::CallSpec close_call(int fd) { return make_call(script::CallName::kClose, fd); }
inline script::CallSpec read_call(int fd, uint32_t length) {
  script::CallSpec call = make_call(script::CallName::kRead, fd);
  call.length = length;
  return call;
}
inline script::CallSpec write_call(int fd, uint32_t length) {
  script::CallSpec call = make_call(script::CallName::kWrite, fd);
  call.length = length;
  return call;
}
inline script::CallSpec shutdown_call(int fd, int how) {
  script::CallSpec call = make_call(script::CallName::kShutdown, fd);
  call.flags = how;
  return call;
}
template <typename T>
script::CallSpec setsockopt_call(int fd, int level, int option, const T& value) {
  script::CallSpec call = make_call(script::CallName::kSetsockopt, fd);
  call.level = level;
  call.option = option;
  const auto* octets = static_cast<const uint8_t*>(static_cast<const void*>(&value));
  call.data.assign(octets, octets + sizeof(value));
  return call;
}

// One connection of a case, from the peer's side. Sequence numbers: ours start at 1000.
class Hand {
 public:
  static constexpr uint32_t kIss = 1000;

  Hand(Stack& stack, CaseId id, unsigned connection = 0)
      : stack_(stack), id_(id), connection_(connection) {}

  CaseId id() const { return id_; }
  Recorder& heard() { return heard_; }
  Seq next = Seq(kIss);  // of the next octet that we send
  Seq theirs = Seq(0);   // what we acknowledge

  // A packet of the peer; `change` may spoil it.
  template <typename Change>
  Time inject(unsigned flags, Seq seq, Seq ack, std::span<const uint8_t> text, Change&& change) {
    const wire::FourTuple tuple = stack_.address(id_, connection_);
    wire::Packet packet;
    packet.source = tuple.remote;
    packet.destination = tuple.local;
    packet.segment.flags = Flags(flags);
    packet.segment.seq = seq;
    packet.segment.ack = ack;
    packet.segment.wnd = 65535;
    packet.segment.text = text;
    change(packet);
    static std::array<uint8_t, wire::kMaxPacket> octets;
    const auto size = wire::encode(packet, octets);
    EXPECT_TRUE(size) << size.error().message;
    const auto at = stack_.inject(id_, std::span(octets).first(*size));
    EXPECT_TRUE(at) << at.error().message;
    return at.value_or(Time{});
  }
  Time inject(unsigned flags, std::span<const uint8_t> text = {}) {
    const Time at =
        inject(flags, next, (flags & kAck) != 0 ? theirs : Seq(0), text, [](wire::Packet&) {});
    next += static_cast<uint32_t>(text.size()) + ((flags & kSyn) != 0 ? 1 : 0) +
            ((flags & kFin) != 0 ? 1 : 0);
    return at;
  }

  Ticket start(const script::CallSpec& call) { return stack_.start(id_, connection_, call); }

  // Makes a call that ends at once.
  GotReturn call(const script::CallSpec& spec) {
    const Ticket ticket = start(spec);
    return wait_return(ticket).value_or(GotReturn{0, 0, {}, -1, -1, {}});
  }

  // Hears what is there already.
  void listen() { stack_.run_until(stack_.now(), heard_); }

  std::optional<GotReturn> wait_return(Ticket ticket, Duration most = std::chrono::seconds(20)) {
    const auto found = [&]() -> std::optional<GotReturn> {
      for (const GotReturn& one : heard_.returns) {
        if (one.ticket == ticket) return one;
      }
      return std::nullopt;
    };
    return wait(found, most);
  }

  // The first packet, from the one numbered `from` on, with exactly these control bits.
  std::optional<GotPacket> wait_packet(unsigned flags, std::size_t from = 0,
                                       Duration most = std::chrono::seconds(20)) {
    const auto found = [&]() -> std::optional<GotPacket> {
      for (std::size_t i = from; i < heard_.packets.size(); ++i) {
        if (heard_.packets[i].id == id_ && heard_.packets[i].flags == Flags(flags)) {
          return heard_.packets[i];
        }
      }
      return std::nullopt;
    };
    return wait(found, most);
  }

  std::string state() {
    const auto state = stack_.snapshot(id_, connection_);
    return state ? std::string(to_string(*state)) : state.error().message;
  }

  // socket(), bind(), listen(): the listener is number 3.
  void open_listener() {
    EXPECT_EQ(call(socket_call(3)).value, 3);
    EXPECT_EQ(call(bind_call(3)).value, 0);
    EXPECT_EQ(call(listen_call(3)).value, 0);
  }
  // SYN, SYN-ACK, ACK.
  void shake_hands() {
    inject(kSyn);
    const auto answer = wait_packet(kSyn | kAck);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->ack, next);
    theirs = answer->seq + 1;
    inject(kAck);
  }
  // All of it: the connection is number 4.
  void open_passively() {
    open_listener();
    shake_hands();
    EXPECT_EQ(call(accept_call(3, 4)).value, 4);
  }
  // A non-blocking socket, number 3, that has sent its SYN.
  void start_actively() {
    EXPECT_EQ(call(socket_call(3, SOCK_STREAM | SOCK_NONBLOCK)).value, 3);
    EXPECT_EQ(call(connect_call(3)).error, EINPROGRESS);
    const auto syn = wait_packet(kSyn);
    ASSERT_TRUE(syn);
    theirs = syn->seq + 1;
  }

 private:
  template <typename Find>
  auto wait(Find&& find, Duration most) -> decltype(find()) {
    const Time end = stack_.now() + most;
    auto result = find();
    while (!result && stack_.now() < end) {
      stack_.run_until(end, heard_);
      result = find();
    }
    return result;
  }

  Stack& stack_;
  CaseId id_;
  unsigned connection_;
  Recorder heard_;
};

// Tests over both links and both IP versions: {link, whether IPv6}.
class OverLinks : public ::testing::TestWithParam<std::tuple<LinuxLink, bool>> {
 public:
  static auto all() {
    return ::testing::Combine(::testing::Values(LinuxLink::kVeth, LinuxLink::kTun),
                              ::testing::Bool());
  }
  static std::string name(const ::testing::TestParamInfo<ParamType>& info) {
    const auto [link, ipv6] = info.param;
    return std::string(link == LinuxLink::kVeth ? "veth" : "tun") + (ipv6 ? "6" : "4");
  }

 protected:
  void SetUp() override {
    auto made = make_linux_stack({.link = std::get<0>(GetParam())});
    if (!made) GTEST_SKIP() << made.error().message;
    stack_ = std::move(*made);
    ipv6_ = std::get<1>(GetParam());
    if (ipv6_ && !stack_->traits().ipv6) GTEST_SKIP() << "no IPv6";
  }

  Hand open(unsigned connections = 1) {
    const auto id = stack_->open({.ipv6 = ipv6_, .connections = connections, .sysctls = {}});
    EXPECT_TRUE(id) << id.error().message;
    return Hand(*stack_, id.value_or(0));
  }

  std::unique_ptr<Stack> stack_;
  bool ipv6_ = false;
};

}  // namespace synfin::stack
