// Programs that nobody would write, which a fuzzer found to part the reference from its own judge:
// both mended since. Each plays without a word.
#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

#include "harness/judge/session.h"
#include "harness/script/compile.h"
#include "harness/script/parser.h"
#include "harness/stack/reference.h"

namespace synfin::judge {
namespace {

struct Odd {
  const char* name;
  const char* text;
  friend void PrintTo(const Odd& odd, std::ostream* out) { *out << odd.name; }
};

const Odd kPrograms[] = {
    {"ListenerDoesNotConnect", R"(
+0 socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 listen(3, 1) = 0
+0 connect(3, ..., ...) = -1 EISCONN (it listens)
+0 < S 0:0(0) win 65535
+0 > S. 0:0(0) ack 1
)"},
    {"ConnectWhereAConnectionIs", R"(
+0 socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 connect(3, ..., ...) = -1 EINPROGRESS (under way)
+0 > S 0:0(0)
+0 socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 4
+0 connect(4, ..., ...) = -1 EADDRNOTAVAIL (taken)
+0 shutdown(4, SHUT_WR) = -1 ENOTCONN (not connected)
)"},
    {"ConnectWhereAListenerHasAConnection", R"(
+0 socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535
+0 > S. 0:0(0) ack 1
+0 socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 4
+0 connect(4, ..., ...) = -1 EADDRNOTAVAIL (taken)
)"},
    {"TimeWaitComesBackAndIsReopened", R"(
+0 socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 listen(3, 5) = 0
+0 < S 0:0(0) win 65535
+0 > S. 0:0(0) ack 1 <...>
+0 < . 1:1(0) ack 1
+0 accept(3, ..., ...) = 4
+0 close(4) = 0
+0 > F. 1:1(0) ack 1
+0 < F. 1:1(0) ack 2 win 65535
+0 > . 2:2(0) ack 2
+0 < S 2:2(0) win 65535
+0 < R 3:3(0)
+0 < S 2:2(0) win 65535
+0 < . 3:3(0) ack SND.NXT
+0 accept(3, ..., ...) = 4
+0 close(4) = 0
)"},
    {"SegmentBeforeTheSocketConnects", R"(
+0 socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 < S. 0:0(0) ack 0 win 65535
+0 > R 0:0(0)
+0 connect(3, ..., ...) = -1 EINPROGRESS (under way)
+0 > S 0:0(0)
+0 < S 0:0(0) win 65535
+0 > S. 0:0(0) ack 1
)"},
    {"GivesUpWhileTheProgramWaits", R"(
+0 socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 4
+0 connect(4, ..., ...) = -1 EINPROGRESS (under way)
+300 < S 0:0(0) win 65535
)"},
    {"AnotherConnectionGivesUpWhileTheProgramWaits", R"(
+0 socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 listen(3, 5) = 0
+0 @a < S 0:0(0) win 65535
+70 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
+0 @a < S 0:0(0) win 65535
)"},
    {"UserTimeoutThatHasPassedWhenItIsSet", R"(
+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535
+0 < . RCV.NXT(0) ack SND.NXT win 65535
+0 accept(3, ..., ...) = 4
+0 write(4, ..., 1) = 1
+3.5 setsockopt(4, SOL_TCP, TCP_USER_TIMEOUT, [3000], 4) = 0
+0.001 < . RCV.NXT(0) ack SND.NXT win 65535
)"},
    {"MssOfNothing", R"(
+0 socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 4
+0 connect(4, ..., ...) = -1 EINPROGRESS (under way)
+0 < S. 0:0(0) ack SND.NXT win 65535 <mss 0>
+0 write(4, ..., 1) = 1
+1.5 wait
)"},
    {"NumberOfADescriptorAgainWithTextUnread", R"(
+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535
+0 < F. RCV.NXT(1) ack SND.NXT win 65535
+0.001 accept(3, ..., ...) = 4
+0 shutdown(4, SHUT_WR) = 0
+0 < . RCV.NXT(0) ack SND.NXT win 65535
+0 < S RCV.NXT(0) win 65535
+0 < . RCV.NXT(0) ack SND.NXT win 65535
+0 accept(3, ..., ...) = 4
+0 < . RCV.NXT(2) ack SND.NXT win 65535
+0 read(4, ..., 3) = 2
)"},
    {"OptionOfNoSocket", R"(
+0 setsockopt(4, SOL_SOCKET, SO_LINGER, {1, 0}, 8) = -1 EBADF (no such)
+0 connect(4, ..., ...) = -1 EBADF (no such)
)"},
    {"AcceptTakesTheOldest", R"(
+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 listen(3, 1) = 0
+0 @b < S 0:0(0) win 65535
+0 @b < . RCV.NXT(0) ack SND.NXT win 65535
+0 < S 0:0(0) win 65535
+0 < . RCV.NXT(0) ack SND.NXT win 65535
+0 accept(3, ..., ...) = 4
+0 shutdown(4, SHUT_WR) = 0
)"},
};

class OddPrograms : public ::testing::TestWithParam<Odd> {};

TEST_P(OddPrograms, PartTheReferenceFromItsJudgeInNothing) {
  const Profile profile;
  const auto stack = stack::make_reference_stack({.profile = profile, .seed = 1});
  const auto parsed = script::parse(GetParam().text, "odd.pkt");
  ASSERT_TRUE(parsed) << parsed.error().message;
  const auto program = script::compile(*parsed);
  ASSERT_TRUE(program);
  const std::vector<Case> cases{
      {GetParam().name, std::make_shared<const script::FlatProgram>(*program), false}};
  ClauseSet coverage;
  const proto::RunResult result =
      run_session(*stack, profile, {}, cases, {}, coverage, [](const proto::CaseResult&) {}, {});
  ASSERT_EQ(result.cases_size(), 1);
  EXPECT_EQ(result.cases(0).verdict(), proto::PASS) << result.cases(0).DebugString();
}

INSTANTIATE_TEST_SUITE_P(Fuzzed, OddPrograms, ::testing::ValuesIn(kPrograms),
                         [](const auto& odd) { return std::string(odd.param.name); });

}  // namespace
}  // namespace synfin::judge
