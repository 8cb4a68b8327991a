// The Player with the stacks that there are.
#include <gtest/gtest.h>

#include <string>

#include "harness/stack/registry.h"
#include "tests/play/programs.h"

namespace synfin {
namespace {

using testing::explain;
using testing::play_one;
using testing::program;
using testing::states_of;

constexpr const char* kProgram = R"(
0 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3
+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 32792 <mss 1000>
+0 > S. 0:0(0) ack 1 <mss MSS> //@ state SYN-RECEIVED
+.1 < . 1:1(0) ack 1 win 257 //@ state ESTABLISHED
+0 accept(3, ..., ...) = 4
+0...0.1 read(4, ..., 100) = 10
+.1 < P. 1:11(10) ack 1 win 257
+0~+.3 > . 1:1(0) ack 11
+0 write(4, ..., 20) = 20
+0 > P. 1:21(20) ack 11
+0 < F. 11:11(0) ack 21 win 257
+0~+.2 > . 21:21(0) ack 12 //@ state CLOSE-WAIT
+0 close(4) = 0
+0 > F. 21:21(0) ack 12 //@ state LAST-ACK
+0 < . 12:12(0) ack 22 win 257 //@ state CLOSED
)";

struct Which {
  const char* stack;
  bool ipv6;
};

class EveryStack : public ::testing::TestWithParam<Which> {
 protected:
  void SetUp() override {
    const stack::StackInfo* info = stack::find_stack(GetParam().stack);
    ASSERT_NE(info, nullptr);
    stack::StackOptions options;
    options.profile = info->profile();
    auto made = info->make(options);
    if (!made) GTEST_SKIP() << made.error().message;
    stack_ = std::move(*made);
    if (GetParam().ipv6 && !stack_->traits().ipv6) GTEST_SKIP() << "no IPv6";
    std::string text = kProgram;
    text.replace(text.find("MSS"), 3, GetParam().ipv6 ? "1440" : "1460");
    program_ = program(text);
  }

  std::unique_ptr<stack::Stack> stack_;
  std::shared_ptr<const script::FlatProgram> program_;
};

TEST_P(EveryStack, PlaysAConnection) {
  const auto result = play_one(*stack_, program_, {.ipv6 = GetParam().ipv6});
  EXPECT_EQ(result.outcome, play::Outcome::kPlayed);
  EXPECT_TRUE(result.mismatches.empty()) << explain(result);
  EXPECT_EQ(states_of(result).back(), State::kListen);
}

TEST_P(EveryStack, PlaysManyAtOnce) {
  play::Player player(*stack_, 100);
  unsigned played = 0;
  unsigned failed = 0;
  std::string why;
  for (int i = 0; i < 200; ++i) {
    player.add({program_, {.ipv6 = GetParam().ipv6}, nullptr, [&](play::PlayResult&& result) {
                  ++played;
                  if (result.unreliable || result.mismatches.empty()) return;
                  ++failed;
                  why = explain(result);
                }});
  }
  player.run();
  EXPECT_EQ(played, 200U);
  EXPECT_EQ(failed, 0U) << why;
}

INSTANTIATE_TEST_SUITE_P(Stacks, EveryStack,
                         ::testing::Values(Which{"reference", false}, Which{"reference", true},
                                           Which{"linux", false}, Which{"linux", true}),
                         [](const auto& each) {
                           return std::string(each.param.stack) +
                                  (each.param.ipv6 ? "_ipv6" : "_ipv4");
                         });

}  // namespace
}  // namespace synfin
