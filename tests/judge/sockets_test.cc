// What calls mean to the connections under judgement, where several calls or connections meet.
#include "harness/judge/sockets.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "tests/judge/shadow_lab.h"

namespace synfin::judge {
namespace {

using script::CallName;

class SocketsTest : public ShadowTest {
 protected:
  static constexpr uint16_t kConnections = 6;

  SocketsTest() {
    for (uint16_t i = 0; i < kConnections; ++i) {
      shadows_.push_back(std::make_unique<Shadow>(profile_, traits_, nullptr, collector_, i));
    }
    sockets_.begin();
  }
  Shadow& shadow(std::size_t connection = 0) { return *shadows_[connection]; }
  static script::CallSpec spec(CallName name, int32_t fd) {
    script::CallSpec call;
    call.name = name;
    call.fd = fd;
    return call;
  }
  void starts(CallName name, int32_t fd) { sockets_.call_starts(now_, spec(name, fd), 0); }
  void returns(CallName name, int32_t fd, int64_t value, int error = 0) {
    sockets_.call_returns(now_, spec(name, fd), 0, value, error, {});
  }
  void calls(CallName name, int32_t fd, int64_t value, int error = 0) {
    starts(name, fd);
    returns(name, fd, value, error);
  }
  void listens(int32_t fd, int64_t backlog) {
    script::CallSpec call = spec(CallName::kListen, fd);
    call.argument = backlog;
    calls(CallName::kSocket, fd, fd);
    sockets_.call_returns(now_, call, 0, 0, 0, {});
  }
  void arrives(const Segment& segment, std::size_t connection = 0) {
    wire::Decoded packet;
    packet.segment = segment;
    shadow(connection).injected(now_, packet, {});
  }
  void sends(const Segment& segment, std::size_t connection = 0) {
    wire::Decoded packet;
    packet.segment = segment;
    shadow(connection).sent(now_, packet);
  }
  void sets_receive_buffer(int32_t fd, int size) {
    script::CallSpec call = spec(CallName::kSetsockopt, fd);
    call.level = SOL_SOCKET;
    call.option = SO_RCVBUF;
    call.data.resize(sizeof size);
    std::memcpy(call.data.data(), &size, sizeof size);
    sockets_.call_returns(now_, call, 0, 0, 0, {});
  }
  void half_open(std::size_t connection) {
    arrives(segment(kSyn, kIrs), connection);
    sends(segment(kSyn | kAck, kIss, kIrs + 1), connection);
  }
  // An active connection of descriptor 4, up to ESTABLISHED.
  void connected() {
    calls(CallName::kSocket, 4, 4);
    calls(CallName::kConnect, 4, -1, EINPROGRESS);
    sends(segment(kSyn, kIss));
    arrives(segment(kSyn | kAck, kIrs, kIss + 1));
    sends(segment(kAck, kIss + 1, kIrs + 1));
  }
  // Whether a divergence of connection 0 from now on is in doubt.
  bool is_in_doubt() {
    collector_.found.clear();
    shadow().observed(now_, State::kLastAck);
    return collector_.found.size() == 1 && collector_.found[0].in_doubt;
  }

  std::vector<std::unique_ptr<Shadow>> shadows_;
  Sockets sockets_{profile_, shadows_};
};

// Which of two calls that wait hears of which end is the socket layer's affair.
TEST_F(SocketsTest, TwoConnectsAtOnceLeaveDoubt) {
  for (const bool two : {false, true}) {
    calls(CallName::kSocket, 4, 4);
    starts(CallName::kConnect, 4);
    sends(segment(kSyn, kIss));
    if (two) {
      arrives(segment(kRst | kAck, kIrs, kIss + 1));
      ASSERT_EQ(shadow().state(), State::kClosed);
      starts(CallName::kConnect, 4);
      sends(segment(kSyn, kIss + 1000));
    }
    ASSERT_EQ(shadow().state(), State::kSynSent);
    EXPECT_EQ(is_in_doubt(), two);
    shadows_[0] = std::make_unique<Shadow>(profile_, traits_, nullptr, collector_, 0);
    sockets_.begin();
  }
}

// One after the other is as ever.
TEST_F(SocketsTest, AConnectAfterOneThatHasEndedLeavesNone) {
  calls(CallName::kSocket, 4, 4);
  starts(CallName::kConnect, 4);
  sends(segment(kSyn, kIss));
  arrives(segment(kRst | kAck, kIrs, kIss + 1));
  returns(CallName::kConnect, 4, -1, ECONNREFUSED);
  starts(CallName::kConnect, 4);
  sends(segment(kSyn, kIss + 1000));
  ASSERT_EQ(shadow().state(), State::kSynSent);
  EXPECT_FALSE(is_in_doubt());
}

// What has these ends now is the listener's.
TEST_F(SocketsTest, AConnectAfterOneThatHasEndedOpensBesideAListener) {
  calls(CallName::kSocket, 4, 4);
  starts(CallName::kConnect, 4);
  sends(segment(kSyn, kIss));
  returns(CallName::kConnect, 4, -1, EINPROGRESS);
  listens(3, 1);
  script::CallSpec shutdown = spec(CallName::kShutdown, 4);
  shutdown.flags = SHUT_WR;
  sockets_.call_starts(now_, shutdown, 0);
  arrives(segment(kAck, kIrs, kIss));
  sends(segment(kRst, kIss));
  ASSERT_EQ(shadow().state(), State::kListen);
  starts(CallName::kConnect, 4);
  sends(segment(kSyn, kIss + 1000));
  EXPECT_EQ(shadow().state(), State::kSynSent);
  EXPECT_EQ(clauses(), "");
}

// shutdown() while it opens: a connect() that fails for that takes no connection away.
TEST_F(SocketsTest, AConnectThatIsRefusedForAShutdownLeavesTheConnection) {
  for (const int error : {EINVAL, EISCONN}) {
    connected();
    calls(CallName::kConnect, 4, -1, error);
    calls(CallName::kClose, 4, 0);
    EXPECT_EQ(shadow().state(), State::kFinWait1);
    shadows_[0] = std::make_unique<Shadow>(profile_, traits_, nullptr, collector_, 0);
    sockets_.begin();
  }
}

// The TCB that outlived its listener is there still where no SYN went out.
TEST_F(SocketsTest, AConnectThatFailsLeavesWhatIsHalfOpen) {
  listens(3, 1);
  half_open(0);
  calls(CallName::kSocket, 4, 4);
  calls(CallName::kClose, 3, 0);
  ASSERT_EQ(shadow().state(), State::kClosed);
  calls(CallName::kConnect, 4, -1, EADDRNOTAVAIL);
  shadow().observed(now_, State::kSynReceived);
  EXPECT_EQ(clauses(), "");
}

// Profile::crowded_syn_ack_retries.
TEST_F(SocketsTest, AQueueIsCrowdedWhenMoreThanHalfOfItIsTaken) {
  for (const auto& [backlog, crowd] : {std::pair{1, 5}, {8, 5}, {10, 6}}) {
    listens(3, backlog);
    for (int i = 0; i < crowd; ++i) {
      EXPECT_FALSE(sockets_.is_crowded()) << backlog << " " << i;
      half_open(static_cast<std::size_t>(i));
    }
    EXPECT_TRUE(sockets_.is_crowded()) << backlog;
    for (auto& each : shadows_) {
      each = std::make_unique<Shadow>(profile_, traits_, nullptr, collector_, 0);
    }
    sockets_.begin();
  }
}

TEST_F(SocketsTest, InACrowdASynAckIsGivenUpSooner) {
  profile_.crowded_syn_ack_retries = 2;
  for (const bool crowded : {false, true}) {
    for (const int retries : {1, 2}) {
      collector_.found.clear();
      shadows_[0] = std::make_unique<Shadow>(profile_, traits_, nullptr, collector_, 0);
      shadow().listener(now_, true);
      half_open(0);
      for (int i = 0; i < retries; ++i) {
        now_ += std::chrono::seconds(2 << i);
        sends(segment(kSyn | kAck, kIss, kIrs + 1));
      }
      shadow().set_crowded(crowded);
      shadow().observed(now_, State::kListen);
      EXPECT_EQ(collector_.found.empty(), crowded && retries == 2) << crowded << retries;
    }
  }
}

// Sockets keep the urgent octet out of the text: whether any is unread is not known.
TEST_F(SocketsTest, AnUrgentOctetThatIsUnreadLeavesDoubt) {
  for (const bool urgent : {false, true}) {
    collector_.found.clear();
    connected();
    Segment text = segment(urgent ? kUrg | kAck : kAck, kIrs + 1, kIss + 1);
    text.text = octet_;
    text.up = 1;
    arrives(text);
    calls(CallName::kClose, 4, 0);
    EXPECT_EQ(is_in_doubt(), urgent);
    shadows_[0] = std::make_unique<Shadow>(profile_, traits_, nullptr, collector_, 0);
    sockets_.begin();
  }
}

// A buffer that shrinks below what was told may have no room for it.
TEST_F(SocketsTest, AReceiveBufferThatShrinksLeavesDoubt) {
  for (const int size : {999, 1000}) {  // the window is 1000
    connected();
    sets_receive_buffer(4, size);
    EXPECT_EQ(is_in_doubt(), size < 1000);
    shadows_[0] = std::make_unique<Shadow>(profile_, traits_, nullptr, collector_, 0);
    sockets_.begin();
  }
}

// Where it is one of memory, a small one may have no room beside what waits.
TEST_F(SocketsTest, ASmallReceiveBufferLeavesDoubtOnceTextWaits) {
  profile_.receive_buffer_is_memory = true;
  for (const bool small : {false, true}) {
    for (const bool waits : {false, true}) {
      listens(3, 1);
      sets_receive_buffer(3, small ? 2304 : 1 << 16);
      half_open(0);
      Segment text = segment(kAck, kIrs + 1, kIss + 1);
      text.text = octet_;
      arrives(text);
      text.seq = Seq(kIrs + 2);
      if (waits) arrives(text);
      EXPECT_EQ(is_in_doubt(), small && waits);
      shadows_[0] = std::make_unique<Shadow>(profile_, traits_, nullptr, collector_, 0);
      sockets_.begin();
    }
  }
}

// A close() was of the connection before: the next one is whole.
TEST_F(SocketsTest, TheNextConnectionIsNoOrphan) {
  profile_.drops_what_lacks_ack = true;
  listens(3, 1);
  for (const bool second : {false, true}) {
    half_open(0);
    arrives(segment(kAck, kIrs + 1, kIss + 1));
    ASSERT_EQ(shadow().state(), State::kEstablished);
    shadow().close(now_, second ? CloseKind::kSending : CloseKind::kBoth);
    sends(segment(kFin | kAck, kIss + 1, kIrs + 1));
    arrives(segment(kAck, kIrs + 1, kIss + 2));
    ASSERT_EQ(shadow().state(), State::kFinWait2);
    if (!second) arrives(segment(kRst, kIrs + 1));
  }
  arrives(segment(0, kIrs));  // neither ACK nor RST nor SYN
  shadow().missing(now_);
  EXPECT_EQ(clauses(), "");
}

}  // namespace
}  // namespace synfin::judge
