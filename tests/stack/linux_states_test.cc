// What the Linux stack reports as its state, in every state that there is.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "harness/stack/linux_diag.h"
#include "tests/stack/linux_helper.h"

namespace synfin::stack {
namespace {

class LinuxStatesTest : public OverLinks {};

INSTANTIATE_TEST_SUITE_P(Links, LinuxStatesTest, OverLinks::all(), OverLinks::name);

TEST_P(LinuxStatesTest, PassiveOpenAndPassiveClose) {
  Hand hand = open();
  EXPECT_EQ(hand.state(), "CLOSED");
  hand.open_listener();
  EXPECT_EQ(hand.state(), "LISTEN");
  hand.inject(kSyn);
  EXPECT_EQ(hand.state(), "SYN-RECEIVED");
  hand.theirs = hand.wait_packet(kSyn | kAck).value().seq + 1;
  hand.inject(kAck);
  EXPECT_EQ(hand.state(), "ESTABLISHED");
  EXPECT_EQ(hand.call(accept_call(3, 4)).value, 4);
  hand.inject(kFin | kAck);
  EXPECT_EQ(hand.state(), "CLOSE-WAIT");
  EXPECT_EQ(hand.call(close_call(4)).value, 0);
  EXPECT_EQ(hand.state(), "LAST-ACK");
  ASSERT_TRUE(hand.wait_packet(kFin | kAck));
  hand.theirs += 1;
  hand.inject(kAck);
  EXPECT_EQ(hand.state(), "LISTEN");  // the connection is gone, its listener is not
  EXPECT_EQ(hand.call(close_call(3)).value, 0);
  EXPECT_EQ(hand.state(), "CLOSED");
}

TEST_P(LinuxStatesTest, AListenerWithoutBindIsAtTheCasesPort) {
  Hand hand = open();
  EXPECT_EQ(hand.call(socket_call(3)).value, 3);
  EXPECT_EQ(hand.call(listen_call(3)).value, 0);
  EXPECT_EQ(hand.state(), "LISTEN");
  hand.inject(kSyn);
  EXPECT_EQ(hand.state(), "SYN-RECEIVED");
}

// The program has given its number to another: that is no close().
TEST_P(LinuxStatesTest, ASocketWithoutANumberGoesOn) {
  Hand hand = open();
  hand.open_passively();
  EXPECT_EQ(hand.call(socket_call(4)).value, 4);
  EXPECT_EQ(hand.state(), "ESTABLISHED");
}

TEST_P(LinuxStatesTest, ActiveOpenAndActiveClose) {
  Hand hand = open();
  hand.start_actively();
  EXPECT_EQ(hand.state(), "SYN-SENT");
  hand.inject(kSyn | kAck);
  EXPECT_EQ(hand.state(), "ESTABLISHED");
  EXPECT_EQ(hand.call(shutdown_call(3, SHUT_WR)).value, 0);
  EXPECT_EQ(hand.state(), "FIN-WAIT-1");
  hand.theirs += 1;
  hand.inject(kAck);
  EXPECT_EQ(hand.state(), "FIN-WAIT-2");
  hand.inject(kFin | kAck);
  EXPECT_EQ(hand.state(), "TIME-WAIT");
  stack_->close(hand.id());
}

// close() leaves no descriptor, and a small socket in FIN-WAIT-2.
TEST_P(LinuxStatesTest, OrphanInFinWait2) {
  Hand hand = open();
  hand.open_passively();
  EXPECT_EQ(hand.call(close_call(4)).value, 0);
  EXPECT_EQ(hand.state(), "FIN-WAIT-1");
  hand.theirs += 1;
  hand.inject(kAck);
  EXPECT_EQ(hand.state(), "FIN-WAIT-2");
  hand.inject(kFin | kAck);
  EXPECT_EQ(hand.state(), "TIME-WAIT");
}

TEST_P(LinuxStatesTest, SimultaneousOpen) {
  Hand hand = open();
  hand.start_actively();
  hand.inject(kSyn);
  EXPECT_EQ(hand.state(), "SYN-RECEIVED");
  ASSERT_TRUE(hand.wait_packet(kSyn | kAck));
  hand.inject(kAck);
  EXPECT_EQ(hand.state(), "ESTABLISHED");
}

TEST_P(LinuxStatesTest, SimultaneousClose) {
  Hand hand = open();
  hand.open_passively();
  EXPECT_EQ(hand.call(shutdown_call(4, SHUT_WR)).value, 0);
  EXPECT_EQ(hand.state(), "FIN-WAIT-1");
  hand.inject(kFin | kAck);
  EXPECT_EQ(hand.state(), "CLOSING");
  hand.theirs += 1;
  hand.inject(kAck);
  EXPECT_EQ(hand.state(), "TIME-WAIT");
}

TEST_P(LinuxStatesTest, ResetInSynReceivedGoesBackToListen) {
  Hand hand = open();
  hand.open_listener();
  hand.inject(kSyn);
  EXPECT_EQ(hand.state(), "SYN-RECEIVED");
  hand.inject(kRst);
  EXPECT_EQ(hand.state(), "LISTEN");
}

TEST_P(LinuxStatesTest, ResetInSynSentGoesToClosed) {
  Hand hand = open();
  hand.start_actively();
  hand.inject(kRst | kAck);
  EXPECT_EQ(hand.state(), "CLOSED");
}

// Its socket, which had lost its connection, has one again.
TEST_P(LinuxStatesTest, ASocketConnectsAgain) {
  Hand hand = open();
  hand.start_actively();
  hand.inject(kRst | kAck);
  EXPECT_EQ(hand.state(), "CLOSED");
  EXPECT_EQ(hand.state(), "CLOSED");
  EXPECT_EQ(hand.call(connect_call(3)).error, ECONNREFUSED);  // of the first
  hand.heard().packets.clear();
  EXPECT_EQ(hand.call(connect_call(3)).error, EINPROGRESS);
  EXPECT_EQ(hand.state(), "SYN-SENT");
  hand.theirs = hand.wait_packet(kSyn).value().seq + 1;
  hand.inject(kSyn | kAck);
  EXPECT_EQ(hand.state(), "ESTABLISHED");
}

// Every connection of a case has a state of its own, and an active one has a port of its own where
// the case listens.
TEST_P(LinuxStatesTest, ConnectionsOfOneCase) {
  Hand first = open(3);
  Hand second(*stack_, first.id(), 1);
  Hand third(*stack_, first.id(), 2);
  first.open_listener();
  first.shake_hands();
  second.inject(kSyn);
  EXPECT_EQ(first.state(), "ESTABLISHED");
  EXPECT_EQ(second.state(), "SYN-RECEIVED");
  EXPECT_EQ(third.state(), "LISTEN");
  EXPECT_EQ(third.call(socket_call(5, SOCK_STREAM | SOCK_NONBLOCK)).value, 5);
  EXPECT_EQ(third.call(connect_call(5)).error, EINPROGRESS);
  const auto syn = third.wait_packet(kSyn);
  ASSERT_TRUE(syn);
  EXPECT_EQ(syn->tuple, stack_->address(first.id(), 2));
  EXPECT_EQ(third.state(), "SYN-SENT");
  third.inject(kRst | kAck, Seq(0), syn->seq + 1, {}, [](wire::Packet&) {});
  EXPECT_EQ(third.state(), "CLOSED");
}

// Whatever the state, a closed case leaves nothing, and its 4-tuple and port are free.
TEST_P(LinuxStatesTest, CloseResetsEveryState) {
  const auto play = [&](const auto& steps) {
    Hand hand = open();
    steps(hand);
    const wire::FourTuple tuple = stack_->address(hand.id(), 0);
    stack_->close(hand.id());
    Recorder nobody;
    stack_->run_until(stack_->now(), nobody);
    EXPECT_TRUE(nobody.packets.empty());
    EXPECT_FALSE(stack_->snapshot(hand.id(), 0));
    // The thread is in the target's namespace.
    auto diag = LinuxDiag::open();
    ASSERT_TRUE(diag) << diag.error().message;
    EXPECT_EQ(diag->state(tuple).value(), State::kClosed);
  };
  play([](Hand& hand) { hand.open_listener(); });
  play([](Hand& hand) {
    hand.open_listener();
    hand.inject(kSyn);
  });
  play([](Hand& hand) {
    hand.open_listener();
    hand.shake_hands();
  });
  play([](Hand& hand) { hand.open_passively(); });
  play([](Hand& hand) { hand.start_actively(); });
  play([](Hand& hand) {
    hand.open_passively();
    hand.call(close_call(4));
    hand.theirs += 1;
    hand.inject(kAck);
    hand.inject(kFin | kAck);
    EXPECT_EQ(hand.state(), "TIME-WAIT");
  });
}

}  // namespace
}  // namespace synfin::stack
