// The Player and the reference stack together.
#include <gtest/gtest.h>

#include "harness/stack/reference.h"
#include "tests/play/programs.h"

namespace synfin {
namespace {

using testing::explain;
using testing::play_one;
using testing::program;
using testing::states_of;

constexpr const char* kHandshake = R"(
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 32792 <mss 1000>
+0 > S. 0:0(0) ack 1 <mss 1460> //@ state SYN-RECEIVED
+.1 < . 1:1(0) ack 1 win 257 //@ state ESTABLISHED
+0 accept(3, ..., ...) = 4
+0 < F. 1:1(0) ack 1 win 257
+0~+.2 > . 1:1(0) ack 2 //@ state CLOSE-WAIT
+0 close(4) = 0
+0 > F. 1:1(0) ack 2 //@ state LAST-ACK
+0 < . 2:2(0) ack 2 win 257 //@ state CLOSED
)";

TEST(ReferencePlay, Handshake) {
  const auto stack = stack::make_reference_stack({});
  for (const bool ipv6 : {false, true}) {
    auto text = std::string(kHandshake);
    if (ipv6) text.replace(text.find("1460"), 4, "1440");
    play::PlayOptions options;
    options.ipv6 = ipv6;
    const auto result = play_one(*stack, program(text), options);
    EXPECT_EQ(result.outcome, play::Outcome::kPlayed);
    EXPECT_TRUE(result.mismatches.empty()) << explain(result);
    EXPECT_EQ(states_of(result).back(), State::kListen);
  }
}

}  // namespace
}  // namespace synfin
