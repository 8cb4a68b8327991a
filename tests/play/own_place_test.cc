// Programs as packetdrill has them: with commands that prepare a place, asserts, several sockets.
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/play/player.h"
#include "harness/play/python.h"
#include "harness/script/compile.h"
#include "harness/script/parser.h"
#include "harness/stack/linux_stack.h"

namespace synfin::play {
namespace {

constexpr const char* kOpen = R"(
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 32792 <mss 1000,sackOK,nop,wscale 7>
+0 > S. 0:0(0) ack 1 <...>
+0 < . 1:1(0) ack 1 win 257
+0 accept(3, ..., ...) = 4
)";

class OwnPlace : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = stack::make_linux_stack({});
    if (!made) GTEST_SKIP() << made.error().message;
    stack_ = std::move(*made);
    const std::string& why = stack_->traits().no_own_places;
    if (!why.empty()) GTEST_SKIP() << why;
  }

  PlayResult play(const std::string& text, bool allow_shell = true) {
    return play_on(*stack_, text, allow_shell);
  }

  static PlayResult play_on(stack::Stack& on, const std::string& text, bool allow_shell) {
    const auto program = script::parse(text, "t.pkt");
    EXPECT_TRUE(program) << text;
    auto flat = script::compile(*program);
    EXPECT_TRUE(flat) << flat.error().message;
    PlayResult out;
    Player player(on, 4);
    Job job;
    job.program = std::make_shared<const script::FlatProgram>(std::move(*flat));
    job.options.allow_shell = allow_shell;
    job.done = [&](PlayResult&& result) { out = std::move(result); };
    player.add(std::move(job));
    player.run();
    return out;
  }

  // The line after a text's last.
  static uint32_t program_lines(const std::string& text) {
    return 1 + static_cast<uint32_t>(std::count(text.begin(), text.end(), '\n'));
  }

  static std::string first_of(const PlayResult& result) {
    if (!result.broken.empty()) return result.broken;
    return result.mismatches.empty() ? "played" : result.mismatches.front().got;
  }

  std::unique_ptr<stack::Stack> stack_;
};

TEST_F(OwnPlace, CommandsChangeItAndNothingElse) {
  const auto before = play("`test $(sysctl -n net.ipv4.tcp_reordering) = 3`" + std::string(kOpen));
  EXPECT_EQ(first_of(before), "played");
  const auto changed =
      play("`sysctl -q net.ipv4.tcp_reordering=7 && test $PPID = $PACKETDRILL_PID`" +
           std::string(kOpen) + "+0 `test $(sysctl -n net.ipv4.tcp_reordering) = 7`");
  EXPECT_EQ(first_of(changed), "played");
  const auto after = play("`test $(sysctl -n net.ipv4.tcp_reordering) = 3`" + std::string(kOpen));
  EXPECT_EQ(first_of(after), "played");
}

TEST_F(OwnPlace, ACommandThatFailsIsAMismatch) {
  EXPECT_EQ(first_of(play("`exit 3`" + std::string(kOpen))), "status 3");
  EXPECT_EQ(play("`true`" + std::string(kOpen), false).outcome, Outcome::kSkipped);
}

TEST_F(OwnPlace, AssertsAreEvaluatedWhereTheyStand) {
  const std::string text =
      "`true`" + std::string(kOpen) +
      "+0 %{ seen = tcpi_unacked\nassert seen == 0, seen }%\n"
      "+0 write(4, ..., 1000) = 1000\n"
      "+0 > P. 1:1001(1000) ack 1 <...>\n"
      "+0 %{ assert tcpi_unacked == seen + 1 and tcpi_ca_state == TCP_CA_Open }%\n";
  EXPECT_EQ(first_of(play(text)), "played");
  EXPECT_EQ(first_of(play(text + "+0 %{ assert tcpi_unacked == 5 }%")), "tcpi_unacked = 1");
  const auto unknown = play(text + "+0 %{ assert tcpi_magic == 5 }%");
  EXPECT_EQ(unknown.outcome, Outcome::kSkipped);
  EXPECT_NE(unknown.broken.find("tcpi_magic"), std::string::npos);
}

// All code of a program goes to python3 where any of it has to.
TEST_F(OwnPlace, OtherCodeIsRunByPython) {
  const std::string text = "`true`" + std::string(kOpen) +
                           "+0 %{ def idle(x):\n  return x == 0 }%\n"
                           "+0 %{ assert idle(tcpi_unacked) }%\n"
                           "+0 write(4, ..., 1000) = 1000\n"
                           "+0 > P. 1:1001(1000) ack 1 <...>\n";
  const auto off = play(text, false);
  EXPECT_EQ(off.outcome, Outcome::kSkipped);
  if (!has_python()) GTEST_SKIP() << "there is no python3";
  EXPECT_EQ(first_of(play(text)), "played");
  const auto wrong = play(text + "+0 %{ assert idle(tcpi_unacked) }%\n");
  EXPECT_EQ(first_of(wrong), "python3 raises an error, tcpi_unacked = 1");
  EXPECT_EQ(wrong.mismatches.at(0).line, program_lines(text));
  EXPECT_EQ(play(text + "+0 %{ if tcpi_magic: pass }%\n").outcome, Outcome::kSkipped);
}

TEST_F(OwnPlace, LargeSegmentsComeWhole) {
  const std::string text = "`true`" + std::string(kOpen) + "+0 write(4, ..., 5000) = 5000\n";
  const auto whole = play(text + "+0 > P. 1:5001(5000) ack 1 <...>\n");
  EXPECT_EQ(first_of(whole), "played");
}

TEST_F(OwnPlace, EpollTellsEvents) {
  const auto result = play("`true`" + std::string(kOpen) + R"(
+0 epoll_create(1) = 5
+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN, fd=4}) = 0
+0 epoll_wait(5, {events=0, ptr=0}, 1, 0) = 0
+0 < P. 1:11(10) ack 1 win 257
+0 > . 1:1(0) ack 11
+0 epoll_wait(5, {events=EPOLLIN, fd=4}, 1, 0) = 1
+0 setsockopt(4, SOL_TCP, TCP_INQ, [1], 4) = 0
+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 4}], msg_flags=0,
               msg_control=[{cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=6}]}, 0) = 4
+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 4}], msg_flags=0,
               msg_control=[{cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=3}]}, 0) = 4
)");
  ASSERT_EQ(result.mismatches.size(), 1U) << first_of(result);
  EXPECT_EQ(result.mismatches[0].differences.at(0).wanted, "03 00 00 00");
  EXPECT_EQ(result.mismatches[0].differences.at(0).got, "02 00 00 00");
}

TEST_F(OwnPlace, OneConnectionAfterTheOther) {
  const auto result = play(R"(--remote_ip=192.0.2.9
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 connect(3, ..., ...) = -1 EINPROGRESS
+0 > S 0:0(0) <...>
+0 < S. 700:700(0) ack 1 win 5840 <mss 1000>
+0 > . 1:1(0) ack 1
+0 close(3) = 0
+0 > F. 1:1(0) ack 1
+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 connect(3, ..., ...) = -1 EINPROGRESS
+0 > S 0:0(0) <...>
+0 < S. 0:0(0) ack 1 win 5840 <mss 1000>
+0 > . 1:1(0) ack 1
)");
  EXPECT_EQ(first_of(result), "played");
}

// The second listener has the first one's port, so that its peer needs another.
TEST_F(OwnPlace, OneListenerAfterTheOther) {
  std::string again = kOpen;
  again.replace(again.find("0 socket"), 1, "+0");
  const auto result = play("`true`" + std::string(kOpen) + "+0 close(3) = 0\n" + again);
  EXPECT_EQ(first_of(result), "played");
}

// RFC 9293 §3.5, figure 7: both SYNs are the same one; the number of each stands for itself.
TEST_F(OwnPlace, ASynNamesItsNumber) {
  const auto result = play(R"(--remote_ip=192.0.2.9
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 connect(3, ..., ...) = -1 EINPROGRESS
+0 > S 0:0(0) <...>
+0 < S 1234:1234(0) win 5840 <mss 1000>
+0 > S. 0:0(0) ack 1235 <...>
+0 < S. 1234:1234(0) ack 1 win 5840 <mss 1000>
+0 > . 1:1(0) ack 1
)");
  EXPECT_EQ(first_of(result), "played");
}

TEST(OwnPlaceProgram, CommandsMakeItsPlace) {
  const auto program = script::parse("`true`" + std::string(kOpen), "t.pkt");
  ASSERT_TRUE(program);
  auto flat = script::compile(*program);
  ASSERT_TRUE(flat);
  EXPECT_TRUE(flat->place.own);
  EXPECT_EQ(flat->set_up, 1U);
}

}  // namespace
}  // namespace synfin::play
