// The reference stack: connections through all states, listeners, time.
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>

#include "tests/stack/reference_host.h"

namespace synfin {
namespace {

using namespace std::chrono_literals;
using script::CallName;
using testing::ReferenceHost;
using Host = ReferenceHost;

class EitherIp : public ::testing::TestWithParam<bool> {};

TEST_P(EitherIp, PassiveOpenAndClose) {
  Host host({}, GetParam());
  EXPECT_EQ(host.state(), State::kClosed);
  host.listen();
  EXPECT_EQ(host.state(), State::kListen);
  host.give(kSyn, 100);
  const auto syn_ack = host.next();
  EXPECT_EQ(syn_ack.segment.flags.bits, kSyn | kAck);
  EXPECT_EQ(syn_ack.segment.ack, Seq(101));
  EXPECT_EQ(syn_ack.segment.options.mss, GetParam() ? 1440 : 1460);
  EXPECT_EQ(syn_ack.tuple.local.address.v6, GetParam());
  EXPECT_EQ(host.state(), State::kSynReceived);
  const Seq next = syn_ack.segment.seq + 1;
  host.give(kAck, 101, next);
  EXPECT_EQ(host.state(), State::kEstablished);
  EXPECT_EQ(host.call(Host::make(CallName::kAccept, 3, 4)).first, 4);
  host.give(kFin | kAck, 101, next);
  EXPECT_EQ(host.state(), State::kCloseWait);
  EXPECT_EQ(host.next().segment.ack, Seq(102));
  EXPECT_EQ(host.call(Host::make(CallName::kClose, 4)).first, 0);
  EXPECT_EQ(host.next().segment.flags.bits & (kFin | kAck), kFin | kAck);
  EXPECT_EQ(host.state(), State::kLastAck);
  host.give(kAck, 102, next + 1);
  EXPECT_EQ(host.state(), State::kListen) << "the listener is left";
  EXPECT_EQ(host.call(Host::make(CallName::kClose, 3)).first, 0);
  EXPECT_EQ(host.state(), State::kClosed);
  EXPECT_TRUE(host.packets.empty());
}

TEST_P(EitherIp, ActiveOpenAndCloseThroughTimeWait) {
  Host host({}, GetParam());
  host.call(Host::make(CallName::kSocket, -1, 3));
  const auto connect = host.start(Host::make(CallName::kConnect, 3));
  EXPECT_FALSE(host.ended.contains(connect)) << "connect() has to block";
  const auto syn = host.next();
  EXPECT_EQ(syn.segment.flags.bits, kSyn);
  EXPECT_EQ(host.state(), State::kSynSent);
  host.give(kSyn | kAck, 500, syn.segment.seq + 1);
  EXPECT_EQ(host.ended.at(connect).value, 0);
  EXPECT_EQ(host.next().segment.ack, Seq(501));
  EXPECT_EQ(host.state(), State::kEstablished);
  host.call(Host::make(CallName::kClose, 3));
  EXPECT_EQ(host.state(), State::kFinWait1);
  const Seq end = host.next().segment.seq + 1;
  host.give(kAck, 501, end);
  EXPECT_EQ(host.state(), State::kFinWait2);
  host.give(kFin | kAck, 501, end);
  EXPECT_EQ(host.state(), State::kTimeWait);
  host.run(239s);
  EXPECT_EQ(host.state(), State::kTimeWait);
  host.run(2s);
  EXPECT_EQ(host.state(), State::kClosed) << "2 MSL are over";
}

INSTANTIATE_TEST_SUITE_P(Ip, EitherIp, ::testing::Bool());

TEST(ReferenceStack, TheInitialNumberDependsOnTheConnectionAndTheClock) {
  Host host;
  host.listen();
  host.give(kSyn, 100, Seq(0), 0);
  host.give(kSyn, 100, Seq(0), 1);
  const Seq first = host.next().segment.seq;
  EXPECT_NE(first, host.next().segment.seq);
  host.give(kRst, 101, Seq(0), 0);
  host.run(400ms);
  host.give(kSyn, 100, Seq(0), 0);
  EXPECT_EQ(Seq::distance(first, host.next().segment.seq), 100000U);  // one in 4 µs
}

TEST(ReferenceStack, AClosedPortAnswersWithAReset) {
  Host host;
  host.give(kSyn, 100);
  const auto reset = host.next();
  EXPECT_EQ(reset.segment.flags.bits, kRst | kAck);
  EXPECT_EQ(reset.segment.ack, Seq(101));
  host.give(kRst, 100);
  EXPECT_TRUE(host.packets.empty());
}

TEST(ReferenceStack, AWrongChecksumIsDropped) {
  Host host;
  host.listen();
  host.malformation.checksum = wire::Malformation::Checksum::kBad;
  host.give(kSyn, 100);
  EXPECT_TRUE(host.packets.empty());
  host.malformation = {};
  host.give(kSyn, 100);
  EXPECT_EQ(host.packets.size(), 1U);
}

TEST(ReferenceStack, CasesShareTheClockAndNothingElse) {
  Host host;
  host.listen();
  const auto other = host.stack->open({}).value();
  EXPECT_EQ(host.stack->snapshot(other, 0).value(), State::kClosed);
  EXPECT_NE(host.stack->address(other, 0).remote, host.stack->address(host.id, 0).remote);
  host.stack->close(other);
  EXPECT_FALSE(host.stack->snapshot(other, 0));
  EXPECT_EQ(host.state(), State::kListen);
}

TEST(ReferenceStack, RunsTheSameWayTwice) {
  const auto play = [] {
    Host host;
    host.listen();
    host.give(kSyn, 100);
    host.run(100s);
    std::vector<std::pair<uint32_t, Duration>> sent;
    for (const auto& got : host.packets) {
      sent.emplace_back(got.segment.seq.value(), got.at.time_since_epoch());
    }
    return sent;
  };
  const auto once = play();
  EXPECT_GE(once.size(), 5U) << "the SYN,ACK is repeated";
  EXPECT_EQ(once, play());
}

TEST(ReferenceStack, TimeJumpsToTheNextDeadline) {
  Host host;
  host.listen();
  host.give(kSyn, 100);
  host.packets.clear();
  const Time before = host.stack->now();
  host.stack->run_until(before + 60s, host);
  EXPECT_EQ(host.packets.size(), 1U) << "it returns once something was delivered";
  EXPECT_EQ(host.stack->now() - before, 1s);
}

// MAY-2: the listener takes the SYN over, with an ISS beyond all that the old connection used.
TEST(ReferenceStack, ASynInTimeWaitOpensAgain) {
  Host host;
  host.listen();
  const Seq iss = host.open_passive(100);
  host.call(Host::make(CallName::kAccept, 3, 4));
  host.call(Host::make(CallName::kClose, 4));
  host.next();
  host.give(kFin | kAck, 101, iss + 2);
  host.next();
  ASSERT_EQ(host.state(), State::kTimeWait);
  host.give(kSyn, 5000);
  const auto syn_ack = host.next();
  EXPECT_EQ(syn_ack.segment.flags.bits, kSyn | kAck);
  EXPECT_TRUE(syn_ack.segment.seq.after(iss + 2));
  EXPECT_EQ(host.state(), State::kSynReceived);
  host.give(kAck, 5001, syn_ack.segment.seq + 1);
  EXPECT_EQ(host.call(Host::make(CallName::kAccept, 3, 4)).first, 4);
}

// --- listeners ---

// MAY-2 (2): the descriptor stands for the connection again that came back.
TEST(ReferenceStack, AResetBringsTimeWaitBackToItsDescriptor) {
  Host host;
  host.listen();
  const Seq next = host.open_passive() + 1;
  EXPECT_EQ(host.call(Host::make(CallName::kAccept, 3, 4)).first, 4);
  auto shut = Host::make(CallName::kShutdown, 4);
  shut.flags = SHUT_WR;
  EXPECT_EQ(host.call(shut).first, 0);
  host.give(kFin | kAck, 101, next + 1);
  ASSERT_EQ(host.state(), State::kTimeWait);
  host.packets.clear();
  host.give(kSyn, 500);
  ASSERT_EQ(host.state(), State::kSynReceived);
  host.give(kRst, 501);
  EXPECT_EQ(host.state(), State::kTimeWait);
  host.call(Host::option(4, SOL_SOCKET, SO_LINGER, {1, 0}));
  EXPECT_EQ(host.call(Host::make(CallName::kClose, 4)).first, 0);
  EXPECT_EQ(host.state(), State::kListen) << "ABORT ends TIME-WAIT";
}

TEST(ReferenceStack, AListenerTakesNoMoreThanItsBacklog) {
  Profile profile;
  profile.accept_queue_slack = 1;
  Host host(profile);
  host.listen(1);
  host.open_passive(100, 0);
  host.open_passive(100, 1);
  EXPECT_EQ(host.state(0), State::kEstablished);
  EXPECT_EQ(host.state(1), State::kEstablished);
  host.packets.clear();
  host.give(kSyn, 100, Seq(0), 2);
  EXPECT_TRUE(host.packets.empty()) << "the queue is full";
  EXPECT_EQ(host.state(2), State::kListen);
  EXPECT_EQ(host.call(Host::make(CallName::kAccept, 3, 4)).first, 4);
  host.give(kSyn, 100, Seq(0), 2);
  EXPECT_EQ(host.packets.size(), 1U);
}

TEST(ReferenceStack, ClosingAListenerResetsWhatWasNotAccepted) {
  Host host;
  host.listen();
  host.open_passive();
  host.packets.clear();
  host.call(Host::make(CallName::kClose, 3));
  EXPECT_TRUE(host.next().segment.flags.rst());
  EXPECT_EQ(host.state(), State::kClosed);
}

}  // namespace
}  // namespace synfin
