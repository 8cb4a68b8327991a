// lwIP behind the socket calls, in this process and in one of its own, over IPv4 and IPv6.
#include <gtest/gtest.h>

#include <cerrno>
#include <tuple>

#include "harness/stack/lwip_stack.h"
#include "tests/stack/reference_host.h"

namespace synfin::testing {
namespace {

using script::CallName;

class LwipTest : public ::testing::TestWithParam<std::tuple<bool, bool>> {
 protected:
  static std::unique_ptr<stack::Stack> make() {
    const bool in_process = std::get<0>(GetParam());
    const auto profile = stack::lwip_profile();
    auto made = in_process ? stack::make_lwip_in_process(profile) : stack::make_lwip_stack(profile);
    return std::move(made.value());
  }
  // A connection that was accepted as descriptor 4, its ISS.
  Seq establish() {
    host.listen();
    const Seq iss = host.open_passive();
    EXPECT_EQ(host.state(), State::kEstablished);
    EXPECT_EQ(host.call(ReferenceHost::make(CallName::kAccept, 3, 4)).first, 4);
    return iss;
  }
  std::pair<int64_t, int> call(CallName name, int fd) {
    return host.call(ReferenceHost::make(name, fd));
  }

  ReferenceHost host{std::get<1>(GetParam()), make()};
};

INSTANTIATE_TEST_SUITE_P(Ways, LwipTest, ::testing::Combine(::testing::Bool(), ::testing::Bool()),
                         [](const auto& way) {
                           return std::string(std::get<0>(way.param) ? "Here" : "Child") +
                                  (std::get<1>(way.param) ? "V6" : "V4");
                         });

TEST_P(LwipTest, MovesTextBothWaysAndClosesPassively) {
  const Seq iss = establish();
  host.give(kAck | kPsh, 101, iss + 1, 0, {'a', 'b', 'c'});
  EXPECT_EQ(host.call(ReferenceHost::sized(CallName::kRead, 4, 10)).first, 3);
  EXPECT_EQ(host.call(ReferenceHost::sized(CallName::kWrite, 4, 5)).first, 5);
  const auto text = host.next();
  EXPECT_EQ(text.text.size(), 5U);
  EXPECT_EQ(text.segment.ack, Seq(104));
  host.give(kAck | kFin, 104, iss + 6);
  EXPECT_EQ(host.state(), State::kCloseWait);
  EXPECT_EQ(host.call(ReferenceHost::sized(CallName::kRead, 4, 10)).first, 0);
  EXPECT_EQ(call(CallName::kClose, 4).first, 0);
  EXPECT_EQ(host.state(), State::kLastAck);
  host.give(kAck, 105, iss + 7);
  EXPECT_EQ(host.state(), State::kListen);
}

// lwIP frees its control block at the end of TIME-WAIT without a word, while the descriptor lives.
TEST_P(LwipTest, TimeWaitPassesWhileTheDescriptorIsOpen) {
  const Seq iss = establish();
  auto shut = ReferenceHost::make(CallName::kShutdown, 4);
  shut.flags = SHUT_WR;
  EXPECT_EQ(host.call(shut).first, 0);
  EXPECT_EQ(host.state(), State::kFinWait1);
  host.give(kAck, 101, iss + 2);
  EXPECT_EQ(host.state(), State::kFinWait2);
  host.give(kAck | kFin, 101, iss + 2);
  EXPECT_EQ(host.state(), State::kTimeWait);
  host.run(std::chrono::seconds(119));
  EXPECT_EQ(host.state(), State::kTimeWait);
  host.run(std::chrono::seconds(2));
  EXPECT_EQ(host.state(), State::kListen);
  EXPECT_EQ(host.call(ReferenceHost::sized(CallName::kRead, 4, 10)).first, 0);
  EXPECT_EQ(host.call(ReferenceHost::sized(CallName::kWrite, 4, 5)).second, EPIPE);
  EXPECT_EQ(call(CallName::kClose, 4).first, 0);
}

// Its 4-tuple is another's by then.
TEST_P(LwipTest, ADescriptorOfWhatIsGoneDoesNotAbortTheNextConnection) {
  const Seq iss = establish();
  host.call(ReferenceHost::option(4, SOL_SOCKET, SO_LINGER, {1, 0}));
  auto shut = ReferenceHost::make(CallName::kShutdown, 4);
  shut.flags = SHUT_WR;
  EXPECT_EQ(host.call(shut).first, 0);
  host.give(kAck | kFin, 101, iss + 2);
  EXPECT_EQ(host.state(), State::kTimeWait);
  host.run(std::chrono::seconds(121));
  host.packets.clear();
  host.open_passive(7000);
  EXPECT_EQ(call(CallName::kClose, 4).first, 0);
  EXPECT_EQ(host.state(), State::kEstablished);
  EXPECT_TRUE(host.packets.empty());
}

TEST_P(LwipTest, AResetIsToldOnceAndEmptiesWhatWasNotRead) {
  const Seq iss = establish();
  host.give(kAck | kPsh, 101, iss + 1, 0, {'a', 'b', 'c'});
  host.give(kRst, 104);
  EXPECT_EQ(host.state(), State::kListen);
  EXPECT_EQ(host.call(ReferenceHost::sized(CallName::kRead, 4, 10)).second, ECONNRESET);
  EXPECT_EQ(host.call(ReferenceHost::sized(CallName::kRead, 4, 10)).first, 0);
}

TEST_P(LwipTest, ClosingWithUnreadTextResets) {
  const Seq iss = establish();
  host.give(kAck | kPsh, 101, iss + 1, 0, {'a', 'b', 'c'});
  EXPECT_EQ(call(CallName::kClose, 4).first, 0);
  EXPECT_TRUE(host.next().segment.flags.rst());
  EXPECT_EQ(host.state(), State::kListen);
}

TEST_P(LwipTest, OpensActivelyRepeatsItsSynAndIsRefused) {
  host.call(ReferenceHost::make(CallName::kSocket, -1, 3));
  host.nonblocking(3);
  EXPECT_EQ(call(CallName::kConnect, 3).second, EINPROGRESS);
  const auto syn = host.next();
  EXPECT_TRUE(syn.segment.flags.syn());
  EXPECT_EQ(host.state(), State::kSynSent);
  host.run(std::chrono::milliseconds(3500));
  EXPECT_EQ(host.next().segment.seq, syn.segment.seq);
  host.give(kRst | kAck, 0, syn.segment.seq + 1);
  EXPECT_EQ(host.state(), State::kClosed);
  EXPECT_EQ(call(CallName::kConnect, 3).second, ECONNREFUSED);
}

TEST_P(LwipTest, HasNoUrgentTextAndNoReceiveBuffer) {
  establish();
  const auto urgent = ReferenceHost::sized(CallName::kSend, 4, 1, MSG_OOB);
  EXPECT_EQ(host.call(urgent).second, EOPNOTSUPP);
  EXPECT_EQ(host.call(ReferenceHost::option(4, SOL_SOCKET, SO_RCVBUF, {1000})).second, ENOPROTOOPT);
}

// The next case starts on an empty lwIP, whatever the one before has left.
TEST_P(LwipTest, ACaseLeavesNothingBehind) {
  establish();
  host.stack->close(host.id);
  stack::CaseNeeds needs;
  needs.ipv6 = std::get<1>(GetParam());
  host.id = host.stack->open(needs).value();
  host.packets.clear();
  EXPECT_EQ(host.state(), State::kClosed);
  host.run(std::chrono::seconds(60));
  EXPECT_TRUE(host.packets.empty());
  establish();
}

TEST(Lwip, IsThereOnceInAProcess) {
  auto first = stack::make_lwip_in_process(stack::lwip_profile());
  ASSERT_TRUE(first);
  EXPECT_FALSE(stack::make_lwip_in_process(stack::lwip_profile()));
  first->reset();
  EXPECT_TRUE(stack::make_lwip_in_process(stack::lwip_profile()));
}

}  // namespace
}  // namespace synfin::testing
