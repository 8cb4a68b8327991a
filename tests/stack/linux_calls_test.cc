// The socket calls of the Linux stack, those that block above all.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "tests/stack/linux_helper.h"

namespace synfin::stack {
namespace {

using script::CallName;

std::vector<uint8_t> pattern_octets(uint32_t from, uint32_t count) {
  std::vector<uint8_t> octets(count);
  for (uint32_t i = 0; i < count; ++i) octets[i] = script::pattern(from + i);
  return octets;
}

class LinuxCallsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = make_linux_stack({});
    if (!made) GTEST_SKIP() << made.error().message;
    stack_ = std::move(*made);
  }

  Hand open(unsigned connections = 1) {
    const auto id = stack_->open({.ipv6 = false, .connections = connections, .sysctls = {}});
    EXPECT_TRUE(id) << id.error().message;
    return Hand(*stack_, id.value_or(0));
  }
  bool still_waits(Hand& hand, Ticket ticket) {
    return !hand.wait_return(ticket, std::chrono::milliseconds(20));
  }

  std::unique_ptr<Stack> stack_;
};

TEST_F(LinuxCallsTest, BlockingAcceptHoldsUpNobody) {
  Hand waiting = open();
  waiting.open_listener();
  const Ticket accept = waiting.start(accept_call(3, 4));
  EXPECT_TRUE(still_waits(waiting, accept));

  Hand other = open();
  other.open_passively();
  EXPECT_EQ(other.state(), "ESTABLISHED");
  EXPECT_TRUE(still_waits(waiting, accept));

  waiting.shake_hands();
  const auto returned = waiting.wait_return(accept);
  ASSERT_TRUE(returned);
  EXPECT_EQ(returned->value, 4);
  EXPECT_EQ(waiting.call(write_call(4, 3)).value, 3);  // the number 4 is the connection's
  EXPECT_TRUE(waiting.wait_packet(kPsh | kAck));
}

TEST_F(LinuxCallsTest, BlockingConnectSendsItsSynAtOnce) {
  Hand hand = open();
  EXPECT_EQ(hand.call(socket_call(3)).value, 3);
  const Ticket connect = hand.start(connect_call(3));
  hand.listen();
  ASSERT_EQ(hand.heard().packets.size(), 1U);
  EXPECT_TRUE(still_waits(hand, connect));
  hand.theirs = hand.heard().packets[0].seq + 1;
  hand.inject(kSyn | kAck);
  const auto returned = hand.wait_return(connect);
  ASSERT_TRUE(returned);
  EXPECT_EQ(returned->value, 0);
  EXPECT_EQ(hand.heard().packets.size(), 2U);  // the SYN and the ACK; no second SYN
}

TEST_F(LinuxCallsTest, BlockingConnectIsRefused) {
  Hand hand = open();
  hand.call(socket_call(3));
  const Ticket connect = hand.start(connect_call(3));
  hand.theirs = hand.wait_packet(kSyn).value().seq + 1;
  hand.inject(kRst | kAck);
  const auto returned = hand.wait_return(connect);
  ASSERT_TRUE(returned);
  EXPECT_EQ(returned->value, -1);
  EXPECT_EQ(returned->error, ECONNREFUSED);
}

TEST_F(LinuxCallsTest, BlockingReadWaitsForText) {
  Hand hand = open();
  hand.open_passively();
  const Ticket read = hand.start(read_call(4, 100));
  EXPECT_TRUE(still_waits(hand, read));
  const auto text = pattern_octets(0, 10);
  hand.inject(kPsh | kAck, text);
  const auto returned = hand.wait_return(read);
  ASSERT_TRUE(returned);
  EXPECT_EQ(returned->value, 10);
  EXPECT_EQ(returned->data, text);

  const Ticket end = hand.start(read_call(4, 100));
  EXPECT_TRUE(still_waits(hand, end));
  hand.inject(kFin | kAck);
  const auto ended = hand.wait_return(end);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->value, 0);
}

TEST_F(LinuxCallsTest, BlockingReadIsReset) {
  Hand hand = open();
  hand.open_passively();
  const Ticket read = hand.start(read_call(4, 100));
  EXPECT_TRUE(still_waits(hand, read));
  hand.inject(kRst);
  const auto returned = hand.wait_return(read);
  ASSERT_TRUE(returned);
  EXPECT_EQ(returned->error, ECONNRESET);
}

TEST_F(LinuxCallsTest, WaitallWaitsForAll) {
  Hand hand = open();
  hand.open_passively();
  hand.inject(kPsh | kAck, pattern_octets(0, 4));
  script::CallSpec call = read_call(4, 8);
  call.name = CallName::kRecv;
  call.flags = MSG_WAITALL;
  const Ticket read = hand.start(call);
  EXPECT_TRUE(still_waits(hand, read));
  hand.inject(kPsh | kAck, pattern_octets(4, 4));
  const auto returned = hand.wait_return(read);
  ASSERT_TRUE(returned);
  EXPECT_EQ(returned->data, pattern_octets(0, 8));
}

// More than the send buffer holds: the call returns when the peer has taken enough, and says all.
TEST_F(LinuxCallsTest, BlockingWriteWaitsForRoom) {
  constexpr uint32_t kOctets = 200'000;
  Hand hand = open();
  hand.open_passively();
  EXPECT_EQ(hand.call(setsockopt_call(4, SOL_SOCKET, SO_SNDBUF, 8192)).value, 0);
  const Ticket write = hand.start(write_call(4, kOctets));
  std::vector<uint8_t> got;
  std::size_t seen = 0;
  const Time end = stack_->now() + std::chrono::seconds(20);
  while (got.size() < kOctets && stack_->now() < end) {
    stack_->run_until(end, hand.heard());
    const std::size_t before = got.size();
    for (; seen < hand.heard().packets.size(); ++seen) {
      const GotPacket& packet = hand.heard().packets[seen];
      EXPECT_LE(packet.octets, 1500U);
      if (packet.seq == hand.theirs) {
        got.insert(got.end(), packet.text.begin(), packet.text.end());
        hand.theirs += static_cast<uint32_t>(packet.text.size());
      }
    }
    if (got.size() > before) hand.inject(kAck);
  }
  EXPECT_EQ(got, pattern_octets(0, kOctets));
  const auto returned = hand.wait_return(write);
  ASSERT_TRUE(returned);
  EXPECT_EQ(returned->value, kOctets);
}

TEST_F(LinuxCallsTest, WritesGoOnWithThePattern) {
  Hand hand = open();
  hand.open_passively();
  const int on = 1;
  hand.call(setsockopt_call(4, IPPROTO_TCP, TCP_NODELAY, on));
  EXPECT_EQ(hand.call(write_call(4, 10)).value, 10);
  script::CallSpec own = write_call(4, 0);
  own.data = {'x', 'y'};
  EXPECT_EQ(hand.call(own).value, 2);
  EXPECT_EQ(hand.call(write_call(4, 5)).value, 5);
  hand.listen();
  std::vector<uint8_t> sent;
  for (const GotPacket& packet : hand.heard().packets) {
    sent.insert(sent.end(), packet.text.begin(), packet.text.end());
  }
  auto wanted = pattern_octets(0, 10);
  wanted.insert(wanted.end(), {'x', 'y'});
  const auto rest = pattern_octets(12, 5);
  wanted.insert(wanted.end(), rest.begin(), rest.end());
  EXPECT_EQ(sent, wanted);
}

TEST_F(LinuxCallsTest, EachSocketBeginsThePatternAnew) {
  Hand hand = open();
  hand.open_passively();
  EXPECT_EQ(hand.call(write_call(4, 3)).value, 3);
  hand.inject(kRst);
  hand.listen();
  const std::size_t before = hand.heard().packets.size();
  hand.inject(kSyn);
  const auto answer = hand.wait_packet(kSyn | kAck, before);
  ASSERT_TRUE(answer);
  hand.theirs = answer->seq + 1;
  hand.inject(kAck);
  EXPECT_EQ(hand.call(accept_call(3, 5)).value, 5);
  EXPECT_EQ(hand.call(write_call(5, 3)).value, 3);
  const auto text = hand.wait_packet(kPsh | kAck, before);
  ASSERT_TRUE(text);
  EXPECT_EQ(text->text, pattern_octets(0, 3));
}

TEST_F(LinuxCallsTest, NonBlockingCallsSayEagain) {
  Hand hand = open();
  EXPECT_EQ(hand.call(socket_call(3, SOCK_STREAM | SOCK_NONBLOCK)).value, 3);
  hand.call(bind_call(3));
  hand.call(listen_call(3));
  EXPECT_EQ(hand.call(accept_call(3, 4)).error, EAGAIN);
  hand.shake_hands();
  EXPECT_EQ(hand.call(accept_call(3, 4)).value, 4);
  script::CallSpec flags = make_call(CallName::kFcntl, 4);
  flags.flags = F_SETFL;
  flags.argument = O_NONBLOCK;
  EXPECT_EQ(hand.call(flags).value, 0);
  EXPECT_EQ(hand.call(read_call(4, 1)).error, EAGAIN);
  flags.flags = F_GETFL;
  EXPECT_NE(hand.call(flags).value & O_NONBLOCK, 0);
}

TEST_F(LinuxCallsTest, ErrorsAreTheKernels) {
  Hand hand = open();
  for (const CallName name :
       {CallName::kBind, CallName::kListen, CallName::kAccept, CallName::kConnect, CallName::kRead,
        CallName::kWrite, CallName::kShutdown, CallName::kClose, CallName::kSetsockopt,
        CallName::kGetsockopt, CallName::kFcntl, CallName::kIoctl}) {
    const GotReturn returned = hand.call(make_call(name, 7));
    EXPECT_EQ(returned.value, -1) << static_cast<int>(name);
    EXPECT_EQ(returned.error, EBADF) << static_cast<int>(name);
  }
  hand.call(socket_call(3));
  EXPECT_EQ(hand.call(write_call(3, 1)).error, EPIPE);
  EXPECT_EQ(hand.call(read_call(3, 1)).error, ENOTCONN);
  EXPECT_EQ(hand.call(shutdown_call(3, SHUT_WR)).error, ENOTCONN);
  script::CallSpec elsewhere = bind_call(3);
  elsewhere.address = wire::Endpoint{wire::Address::ipv4(198, 51, 100, 1), 80};
  EXPECT_EQ(hand.call(elsewhere).error, EADDRNOTAVAIL);
  script::CallSpec nowhere = connect_call(3);
  nowhere.address = wire::Endpoint{wire::Address::ipv4(198, 51, 100, 1), 80};
  EXPECT_EQ(hand.call(nowhere).error, ENETUNREACH);
}

TEST_F(LinuxCallsTest, OptionsAndRequestsGiveValues) {
  Hand hand = open();
  hand.open_passively();
  script::CallSpec option = make_call(CallName::kGetsockopt, 4);
  option.level = IPPROTO_TCP;
  option.option = TCP_MAXSEG;
  option.length = sizeof(int);
  const GotReturn mss = hand.call(option);
  EXPECT_EQ(mss.value, 0);
  ASSERT_EQ(mss.data.size(), sizeof(int));
  int value = 0;
  std::memcpy(&value, mss.data.data(), sizeof(value));
  EXPECT_EQ(value, 536);  // our SYN had no MSS option

  hand.inject(kPsh | kAck, pattern_octets(0, 10));
  script::CallSpec waiting = make_call(CallName::kIoctl, 4);
  waiting.flags = FIONREAD;
  const GotReturn octets = hand.call(waiting);
  EXPECT_EQ(octets.value, 0);
  ASSERT_EQ(octets.data.size(), sizeof(int));
  std::memcpy(&value, octets.data.data(), sizeof(value));
  EXPECT_EQ(value, 10);
}

TEST_F(LinuxCallsTest, PollWaitsAndTellsEvents) {
  Hand hand = open();
  hand.open_passively();
  script::CallSpec poll = make_call(CallName::kPoll, 4);
  poll.events = POLLIN;
  EXPECT_EQ(hand.call(poll).value, 0);  // no time to wait
  poll.argument = 1;
  EXPECT_EQ(hand.call(poll).value, 0);
  poll.argument = -1;
  const Ticket ticket = hand.start(poll);
  EXPECT_TRUE(still_waits(hand, ticket));
  hand.inject(kPsh | kAck, pattern_octets(0, 1));
  const auto returned = hand.wait_return(ticket);
  ASSERT_TRUE(returned);
  EXPECT_EQ(returned->value, 1);
  int32_t revents = 0;
  ASSERT_EQ(returned->data.size(), sizeof(revents));
  std::memcpy(&revents, returned->data.data(), sizeof(revents));
  EXPECT_EQ(revents, POLLIN);
  script::CallSpec sleep = make_call(CallName::kPoll, -1);
  sleep.argument = 1;
  EXPECT_EQ(hand.call(sleep).value, 0);
}

TEST_F(LinuxCallsTest, LingeringCloseWaitsForTheAck) {
  Hand hand = open();
  hand.open_passively();
  EXPECT_EQ(hand.call(setsockopt_call(4, SOL_SOCKET, SO_LINGER, linger{1, 30})).value, 0);
  const Ticket close = hand.start(close_call(4));
  ASSERT_TRUE(hand.wait_packet(kFin | kAck));
  EXPECT_TRUE(still_waits(hand, close));
  hand.theirs += 1;
  hand.inject(kAck);
  const auto returned = hand.wait_return(close);
  ASSERT_TRUE(returned);
  EXPECT_EQ(returned->value, 0);
}

// A call that blocks keeps the socket, as in the kernel: the FIN of close() waits for it.
TEST_F(LinuxCallsTest, CloseWhileAnotherCallBlocks) {
  Hand hand = open();
  hand.open_passively();
  const Ticket read = hand.start(read_call(4, 10));
  EXPECT_TRUE(still_waits(hand, read));
  EXPECT_EQ(hand.call(close_call(4)).value, 0);
  EXPECT_EQ(hand.state(), "ESTABLISHED");
  hand.inject(kPsh | kAck, pattern_octets(0, 3));
  ASSERT_TRUE(hand.wait_return(read));
  EXPECT_TRUE(hand.wait_packet(kFin | kAck));
}

TEST_F(LinuxCallsTest, ClosingACaseEndsItsBlockedCalls) {
  script::CallSpec poll = make_call(CallName::kPoll, 4);
  poll.events = POLLIN;
  poll.argument = -1;
  script::CallSpec sleep = make_call(CallName::kPoll, -1);
  sleep.argument = -1;
  Recorder nobody;
  for (const script::CallSpec& call :
       {read_call(4, 10), poll, sleep, accept_call(3, 5), write_call(4, 10'000'000)}) {
    for (const bool settled : {true, false}) {  // in the kernel, or perhaps not yet
      Hand hand = open();
      hand.open_passively();
      const Ticket ticket = hand.start(call);
      if (settled) {
        EXPECT_TRUE(still_waits(hand, ticket));
      }
      const auto tuple = stack_->address(hand.id(), 0);
      stack_->close(hand.id());
      stack_->run_until(stack_->now() + std::chrono::milliseconds(2), nobody);
      EXPECT_NE(stack_->address(open().id(), 0).remote, tuple.remote);
    }
  }
  for (const bool settled : {true, false}) {
    Hand hand = open();
    hand.call(socket_call(3));
    const Ticket ticket = hand.start(connect_call(3));
    if (settled) {
      EXPECT_TRUE(still_waits(hand, ticket));
    }
    stack_->close(hand.id());
    Hand lingering = open();
    lingering.open_passively();
    lingering.call(setsockopt_call(4, SOL_SOCKET, SO_LINGER, linger{1, 30}));
    const Ticket close = lingering.start(close_call(4));
    if (settled) {
      EXPECT_TRUE(still_waits(lingering, close));
    }
    stack_->close(lingering.id());
  }
  stack_->run_until(stack_->now() + std::chrono::milliseconds(2), nobody);
  EXPECT_TRUE(nobody.returns.empty());
  EXPECT_TRUE(nobody.packets.empty());
}

TEST_F(LinuxCallsTest, ManyCallsBlockAtOnce) {
  std::vector<Hand> hands;
  std::vector<Ticket> tickets;
  for (int i = 0; i < 100; ++i) {
    hands.push_back(open());
    hands.back().open_listener();
    tickets.push_back(hands.back().start(accept_call(3, 4)));
  }
  for (std::size_t i = 0; i < hands.size(); ++i) {
    hands[i].shake_hands();
    const auto returned = hands[i].wait_return(tickets[i]);
    ASSERT_TRUE(returned) << i;
    EXPECT_EQ(returned->value, 4);
  }
}

}  // namespace
}  // namespace synfin::stack
