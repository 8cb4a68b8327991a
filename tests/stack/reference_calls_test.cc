// The socket calls of the reference stack: results, errno, blocking.
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "tests/stack/reference_host.h"

namespace synfin {
namespace {

using namespace std::chrono_literals;
using script::CallName;
using Host = testing::ReferenceHost;

constexpr std::pair<int64_t, int> error(int number) { return {-1, number}; }

// A host with connection 0 accepted as descriptor 4.
struct Connected : Host {
  explicit Connected(const Profile& profile = {}) : Host(profile) {
    listen();
    iss = open_passive(100);
    EXPECT_EQ(call(make(CallName::kAccept, 3, 4)).first, 4);
  }
  void text(std::vector<uint8_t> octets, uint32_t seq = 101) {
    give(kAck | kPsh, seq, iss + 1, 0, std::move(octets));
  }
  Seq iss;
};

// --- the errno table ---

TEST(ReferenceErrno, OfADescriptorThatIsNotThere) {
  Host host;
  for (const CallName name :
       {CallName::kBind, CallName::kListen, CallName::kAccept, CallName::kConnect, CallName::kRead,
        CallName::kWrite, CallName::kShutdown, CallName::kClose, CallName::kFcntl}) {
    EXPECT_EQ(host.call(Host::make(name, 9)), error(EBADF));
  }
}

TEST(ReferenceErrno, OfASocketThatIsNotConnected) {
  Host host;
  host.call(Host::make(CallName::kSocket, -1, 3));
  EXPECT_EQ(host.call(Host::sized(CallName::kRead, 3, 10)), error(ENOTCONN));
  EXPECT_EQ(host.call(Host::sized(CallName::kWrite, 3, 10)), error(EPIPE));
  EXPECT_EQ(host.call(Host::make(CallName::kShutdown, 3)), error(ENOTCONN));
  EXPECT_EQ(host.call(Host::make(CallName::kAccept, 3, 4)), error(EINVAL));
}

TEST(ReferenceErrno, OfBindAndListen) {
  Host host;
  host.listen();
  EXPECT_EQ(host.call(Host::make(CallName::kBind, 3)), error(EINVAL));
  EXPECT_EQ(host.call(Host::make(CallName::kConnect, 3)), error(EISCONN));
  host.call(Host::make(CallName::kSocket, -1, 5));
  EXPECT_EQ(host.call(Host::make(CallName::kBind, 5)), error(EADDRINUSE));
  EXPECT_EQ(host.call(Host::make(CallName::kListen, 5)), error(EADDRINUSE));
  host.nonblocking(3);
  EXPECT_EQ(host.call(Host::make(CallName::kAccept, 3, 4)), error(EAGAIN));
}

TEST(ReferenceErrno, OfConnect) {
  Host host;
  host.call(Host::make(CallName::kSocket, -1, 3));
  host.nonblocking(3);
  const auto connect = Host::make(CallName::kConnect, 3);
  EXPECT_EQ(host.call(connect), error(EINPROGRESS));
  EXPECT_EQ(host.call(connect), error(EALREADY));
  EXPECT_EQ(host.call(Host::sized(CallName::kRead, 3, 1)), error(EAGAIN));
  const Seq iss = host.next().segment.seq;
  host.give(kSyn | kAck, 500, iss + 1);
  EXPECT_EQ(host.call(connect).first, 0);
  EXPECT_EQ(host.call(connect), error(EISCONN));
}

TEST(ReferenceErrno, OfAConnectionRefused) {
  Host host;
  host.call(Host::make(CallName::kSocket, -1, 3));
  const auto connect = host.start(Host::make(CallName::kConnect, 3));
  host.give(kRst | kAck, 0, host.next().segment.seq + 1);
  EXPECT_EQ(host.ended.at(connect).value, -1);
  EXPECT_EQ(host.ended.at(connect).error, ECONNREFUSED);
  EXPECT_EQ(host.state(), State::kClosed);
}

TEST(ReferenceErrno, OfAPeerThatNeverAnswers) {
  Profile profile;
  profile.syn_retries = 2;
  Host host(profile);
  host.call(Host::make(CallName::kSocket, -1, 3));
  const auto connect = host.start(Host::make(CallName::kConnect, 3));
  host.run(60s);
  ASSERT_TRUE(host.ended.contains(connect));
  EXPECT_EQ(host.ended.at(connect).error, ETIMEDOUT);
  EXPECT_EQ(host.packets.size(), 3U);
}

TEST(ReferenceErrno, OfAReset) {
  Connected host;
  host.give(kRst, 101);
  EXPECT_EQ(host.call(Host::sized(CallName::kRead, 4, 10)), error(ECONNRESET));
  EXPECT_EQ(host.call(Host::sized(CallName::kRead, 4, 10)).first, 0) << "told once";
  EXPECT_EQ(host.call(Host::sized(CallName::kWrite, 4, 10)), error(EPIPE));
}

TEST(ReferenceErrno, OfAResetInCloseWait) {
  Connected host;
  host.give(kFin | kAck, 101, host.iss + 1);
  host.give(kRst, 102);
  auto question = Host::make(CallName::kGetsockopt, 4);
  question.level = SOL_SOCKET;
  question.option = SO_ERROR;
  const auto ticket = host.start(question);
  int32_t value = 0;
  std::memcpy(&value, host.ended.at(ticket).data.data(), sizeof value);
  EXPECT_EQ(value, EPIPE);
}

TEST(ReferenceErrno, OfWritingAfterShutdown) {
  Connected host;
  auto shutdown = Host::make(CallName::kShutdown, 4);
  shutdown.flags = SHUT_WR;
  EXPECT_EQ(host.call(shutdown).first, 0);
  EXPECT_EQ(host.state(), State::kFinWait1);
  EXPECT_EQ(host.call(Host::sized(CallName::kWrite, 4, 10)), error(EPIPE));
  shutdown.flags = 7;
  EXPECT_EQ(host.call(shutdown), error(EINVAL));
}

TEST(ReferenceErrno, OfOptions) {
  Connected host;
  EXPECT_EQ(host.call(Host::option(4, SOL_SOCKET, 9999, {1})), error(ENOPROTOOPT));
  EXPECT_EQ(host.call(Host::option(4, IPPROTO_TCP, TCP_KEEPIDLE, {0})), error(EINVAL));
  EXPECT_EQ(host.call(Host::option(4, IPPROTO_TCP, TCP_NODELAY, {})), error(EINVAL));
  EXPECT_EQ(host.call(Host::option(4, IPPROTO_TCP, TCP_NODELAY, {1})).first, 0);
}

// --- octets ---

TEST(ReferenceCalls, ReadBlocksUntilThereIsText) {
  Connected host;
  const auto read = host.start(Host::sized(CallName::kRead, 4, 100));
  EXPECT_FALSE(host.ended.contains(read));
  host.run(1s);
  const Time when = host.stack->now();
  host.text({1, 2, 3});
  ASSERT_TRUE(host.ended.contains(read));
  EXPECT_EQ(host.ended[read].value, 3);
  EXPECT_EQ(host.ended[read].data, (std::vector<uint8_t>{1, 2, 3}));
  EXPECT_EQ(host.ended[read].at, when);
  const auto again = host.start(Host::sized(CallName::kRead, 4, 100));
  host.give(kFin | kAck, 104, host.iss + 1);
  EXPECT_EQ(host.ended.at(again).value, 0) << "the end of the text";
}

TEST(ReferenceCalls, PeekLeavesTheTextThere) {
  Connected host;
  host.text({1, 2, 3, 4});
  const auto peek = host.start(Host::sized(CallName::kRecv, 4, 2, MSG_PEEK));
  const auto read = host.start(Host::sized(CallName::kRecv, 4, 3));
  const auto rest = host.start(Host::sized(CallName::kRecv, 4, 3, MSG_DONTWAIT));
  EXPECT_EQ(host.ended.at(peek).data, (std::vector<uint8_t>{1, 2}));
  EXPECT_EQ(host.ended.at(read).data, (std::vector<uint8_t>{1, 2, 3}));
  EXPECT_EQ(host.ended.at(rest).data, (std::vector<uint8_t>{4}));
  EXPECT_EQ(host.call(Host::sized(CallName::kRecv, 4, 3, MSG_DONTWAIT)), error(EAGAIN));
}

TEST(ReferenceCalls, WaitAllWaitsForAll) {
  Connected host;
  const auto read = host.start(Host::sized(CallName::kRecv, 4, 4, MSG_WAITALL));
  host.text({1, 2});
  EXPECT_FALSE(host.ended.contains(read));
  host.text({3, 4}, 103);
  EXPECT_EQ(host.ended.at(read).value, 4);
}

TEST(ReferenceCalls, WritesThePatternFromWhereItStands) {
  Connected host;
  host.call(Host::option(4, IPPROTO_TCP, TCP_NODELAY, {1}));
  EXPECT_EQ(host.call(Host::sized(CallName::kWrite, 4, 3)).first, 3);
  EXPECT_EQ(host.call(Host::sized(CallName::kWrite, 4, 2)).first, 2);
  const auto first = host.next();
  const auto second = host.next();
  EXPECT_EQ(first.text, (std::vector{script::pattern(0), script::pattern(1), script::pattern(2)}));
  EXPECT_EQ(second.text, (std::vector{script::pattern(3), script::pattern(4)}));
  EXPECT_EQ(first.segment.seq, host.iss + 1);
}

TEST(ReferenceCalls, WriteBlocksWhenTheBufferIsFull) {
  Profile profile;
  profile.send_buffer = 4096;
  Connected host(profile);
  const auto write = host.start(Host::sized(CallName::kWrite, 4, 6000));
  EXPECT_FALSE(host.ended.contains(write));
  EXPECT_EQ(host.call(Host::sized(CallName::kSend, 4, 10, MSG_DONTWAIT)), error(EAGAIN));
  Seq sent = host.iss + 1;
  for (int round = 0; round < 20 && !host.ended.contains(write); ++round) {
    for (const auto& got : host.packets) {
      sent = later(sent, got.segment.seq + static_cast<uint32_t>(got.text.size()));
    }
    host.give(kAck, 101, sent);
  }
  ASSERT_TRUE(host.ended.contains(write));
  EXPECT_EQ(host.ended[write].value, 6000);
}

TEST(ReferenceCalls, AcceptBlocksUntilAPeerComes) {
  Host host;
  host.listen();
  const auto accept = host.start(Host::make(CallName::kAccept, 3, 4));
  host.give(kSyn, 100);
  EXPECT_FALSE(host.ended.contains(accept));
  host.give(kAck, 101, host.next().segment.seq + 1);
  EXPECT_EQ(host.ended.at(accept).value, 4);
}

// --- the end ---

TEST(ReferenceCalls, LingerOfZeroResets) {
  Connected host;
  host.call(Host::option(4, SOL_SOCKET, SO_LINGER, {1, 0}));
  host.call(Host::make(CallName::kClose, 4));
  EXPECT_TRUE(host.next().segment.flags.rst());
  EXPECT_EQ(host.state(), State::kListen);
}

TEST(ReferenceCalls, LingerWaitsForTheFinsAck) {
  Connected host;
  host.call(Host::option(4, SOL_SOCKET, SO_LINGER, {1, 5}));
  const auto close = host.start(Host::make(CallName::kClose, 4));
  EXPECT_FALSE(host.ended.contains(close));
  host.give(kAck, 101, host.iss + 2);
  EXPECT_EQ(host.ended.at(close).value, 0);
}

TEST(ReferenceCalls, LingerEndsAfterItsTime) {
  Connected host;
  host.call(Host::option(4, SOL_SOCKET, SO_LINGER, {1, 5}));
  const auto close = host.start(Host::make(CallName::kClose, 4));
  host.run(4s);
  EXPECT_FALSE(host.ended.contains(close));
  host.run(2s);
  EXPECT_TRUE(host.ended.contains(close));
}

TEST(ReferenceCalls, ClosingWithUnreadTextResets) {
  Connected host;
  host.text({1, 2, 3});
  host.run(1s);
  host.packets.clear();
  host.call(Host::make(CallName::kClose, 4));
  EXPECT_TRUE(host.next().segment.flags.rst());
}

TEST(ReferenceCalls, ShutdownForReadingEndsReading) {
  Connected host;
  auto shutdown = Host::make(CallName::kShutdown, 4);
  shutdown.flags = SHUT_RD;
  EXPECT_EQ(host.call(shutdown).first, 0);
  EXPECT_EQ(host.call(Host::sized(CallName::kRead, 4, 10)).first, 0);
  EXPECT_EQ(host.state(), State::kEstablished);
}

// --- poll() ---

script::CallSpec poll_of(int fd, int events, int64_t timeout) {
  auto spec = Host::make(CallName::kPoll, fd);
  spec.events = events;
  spec.argument = timeout;
  return spec;
}

int32_t revents(Host& host, int fd, int events) {
  const auto ticket = host.start(poll_of(fd, events, 0));
  int32_t value = -1;
  std::memcpy(&value, host.ended.at(ticket).data.data(), sizeof value);
  return value;
}

TEST(ReferenceCalls, PollTellsWhatIsReady) {
  Connected host;
  EXPECT_EQ(revents(host, 9, POLLIN), POLLNVAL);
  EXPECT_EQ(revents(host, 3, POLLIN), 0);
  EXPECT_EQ(revents(host, 4, POLLIN | POLLOUT), POLLOUT);
  host.text({1});
  EXPECT_EQ(revents(host, 4, POLLIN), POLLIN);
  host.call(Host::sized(CallName::kRead, 4, 10));
  EXPECT_EQ(revents(host, 4, POLLIN), 0);
  host.give(kFin | kAck, 102, host.iss + 1);
  EXPECT_EQ(revents(host, 4, POLLIN | POLLRDHUP), POLLIN | POLLRDHUP);
}

TEST(ReferenceCalls, PollWaitsAsLongAsItWasTold) {
  Connected host;
  const auto poll = host.start(poll_of(4, POLLIN, 500));
  host.run(400ms);
  EXPECT_FALSE(host.ended.contains(poll));
  host.run(200ms);
  ASSERT_TRUE(host.ended.contains(poll));
  EXPECT_EQ(host.ended[poll].value, 0);
  const auto other = host.start(poll_of(4, POLLIN, -1));
  host.text({1});
  EXPECT_EQ(host.ended.at(other).value, 1);
}

}  // namespace
}  // namespace synfin
