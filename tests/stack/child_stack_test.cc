// A stack in a child process that does what no stack should: only its own case may suffer.
#include "harness/stack/child_stack.h"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "harness/stack/case_address.h"

namespace synfin::testing {
namespace {

using stack::CaseId;

// Answers each packet with itself, unless its first octet says otherwise.
enum Order : uint8_t {
  kEcho,
  kAbort,
  kHang,
  kEndLater,
  kEndAtClose,
  kClockBack,
  kShout,
  kReport,
  kExit
};

class Fickle final : public stack::Stack {
 public:
  explicit Fickle(const stack::StackStart& from) : now_(from.now), next_(from.first_case) {}

  const stack::Identity& identity() const override { return identity_; }
  const stack::Traits& traits() const override { return traits_; }
  Result<CaseId> open(const stack::CaseNeeds&) override { return next_++; }
  wire::FourTuple address(CaseId, unsigned) const override { return {}; }
  Time now() override { return now_; }
  Result<Time> inject(CaseId id, std::span<const uint8_t> packet) override {
    switch (packet[0]) {
      case kAbort:
        std::fputs("Assertion \"it is Tuesday\" failed\n", stdout);
        std::fflush(stdout);
        std::abort();
      case kHang:
        for (volatile bool on = true; on;) continue;
        break;
      case kEndLater:
        ends_ = true;
        break;
      case kEndAtClose:
        ends_at_close_ = true;
        break;
      case kClockBack:
        back_ = true;
        break;
      case kShout:
        for (;;) std::fputs("never tired of saying it again\n", stderr);
      case kReport:
        std::fputs("before\n==7==ERROR: AddressSanitizer: heap-buffer-overflow\n", stderr);
        for (int i = 0; i < 1000; ++i) std::fprintf(stderr, "    #%d in f%d\n", i, i);
        std::abort();
      case kExit:
        std::_Exit(3);
      default:
        packets_.emplace_back(id, std::vector<uint8_t>(packet.begin(), packet.end()));
    }
    return now_;
  }
  stack::Ticket start(CaseId, unsigned, const script::CallSpec&) override { return ++ticket_; }
  void run_until(Time until, stack::Sink& sink) override {
    if (back_) now_ = Time{};
    if (packets_.empty() && !back_) {
      if (ends_ && until > now_) std::abort();
      now_ = std::max(now_, until);
    }
    for (const auto& [id, packet] : std::exchange(packets_, {})) sink.on_packet(id, now_, packet);
    for (; told_ < ticket_; ++told_) sink.on_return(next_ - 1, told_ + 1, now_, {7, 0, {}});
  }
  Result<State> snapshot(CaseId, unsigned) override { return State::kFinWait2; }
  void close(CaseId) override {
    if (ends_at_close_) std::abort();
  }

 private:
  stack::Identity identity_;
  stack::Traits traits_;
  Time now_;
  CaseId next_;
  stack::Ticket ticket_ = 0;
  stack::Ticket told_ = 0;
  bool ends_ = false;
  bool ends_at_close_ = false;
  bool back_ = false;
  std::vector<std::pair<CaseId, std::vector<uint8_t>>> packets_;
};

class ChildStackTest : public ::testing::Test, public stack::Sink {
 public:
  void on_packet(CaseId id, Time, std::span<const uint8_t> packet) override {
    packets[id].emplace_back(packet.begin(), packet.end());
  }
  void on_return(CaseId, stack::Ticket ticket, Time, const stack::CallResult& result) override {
    returned[ticket] = result.value;
  }
  void on_broken(CaseId, const Error& error) override { ADD_FAILURE() << error.message; }
  void on_crashed(CaseId id, const Error& error) override { crashed[id] = error.message; }
  void on_lost(CaseId id, const Error& error) override { lost[id] = error.message; }

 protected:
  ChildStackTest() {
    stack::ChildOptions options;
    options.identity.name = "fickle";
    options.traits.virtual_time = true;
    options.make = [](const stack::StackStart& from) -> Result<std::unique_ptr<stack::Stack>> {
      return std::make_unique<Fickle>(from);
    };
    options.address = [](CaseId id, bool ipv6, unsigned connection) {
      return stack::case_tuple(id, ipv6, static_cast<uint16_t>(1 + id % 3), connection);
    };
    options.patience = std::chrono::milliseconds(300);
    made = stack::make_child_stack(std::move(options)).value();
  }

  CaseId open() { return made->open({}).value(); }
  void give(CaseId id, uint8_t order) {
    EXPECT_TRUE(made->inject(id, std::array<uint8_t, 2>{order, 9}));
  }
  void run(Duration time = Duration{0}) {
    const Time until = made->now() + time;
    for (int i = 0; i < 5; ++i) made->run_until(until, *this);
  }
  void expect_sound() {
    const CaseId id = open();
    give(id, kEcho);
    run();
    EXPECT_EQ(packets[id].size(), 1U);
    made->close(id);
  }

  std::unique_ptr<stack::Stack> made;
  std::map<CaseId, std::vector<std::vector<uint8_t>>> packets;
  std::map<stack::Ticket, int64_t> returned;
  std::map<CaseId, std::string> crashed;
  std::map<CaseId, std::string> lost;
};

TEST_F(ChildStackTest, PassesOnPacketsReturnsStatesAndTime) {
  const CaseId id = open();
  give(id, kEcho);
  const auto ticket = made->start(id, 0, {});
  EXPECT_EQ(made->snapshot(id, 0).value(), State::kFinWait2);
  EXPECT_TRUE(packets.empty()) << "a snapshot delivers nothing";
  run();
  EXPECT_EQ(packets[id], (std::vector<std::vector<uint8_t>>{{kEcho, 9}}));
  EXPECT_EQ(returned, (std::map<stack::Ticket, int64_t>{{ticket, 7}}));
  const Time before = made->now();
  run(std::chrono::seconds(5));
  EXPECT_EQ(made->now() - before, std::chrono::seconds(5));
}

TEST_F(ChildStackTest, ACrashIsTheOnlyOpenCasesWithItsLastWords) {
  const CaseId id = open();
  give(id, kAbort);
  run();
  EXPECT_EQ(crashed[id], "fickle: ended by SIGABRT (Aborted): Assertion \"it is Tuesday\" failed");
  made->close(id);
  EXPECT_TRUE(lost.empty());
  expect_sound();
}

TEST_F(ChildStackTest, CasesThatSharedTheCrashAreLostAndThenAlone) {
  const CaseId sound = open();
  const CaseId guilty = open();
  give(sound, kEcho);
  give(guilty, kAbort);
  run();
  EXPECT_EQ(lost.size(), 2U);
  EXPECT_TRUE(crashed.empty());
  EXPECT_TRUE(made->inject(sound, std::array<uint8_t, 1>{kEcho})) << "it ends in peace";
  EXPECT_FALSE(made->may_open());
  made->close(sound);
  made->close(guilty);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(made->may_open());
    const CaseId alone = open();
    EXPECT_EQ(made->may_open(), i == 1) << "two were lost: two go alone";
    made->close(alone);
  }
}

TEST_F(ChildStackTest, ACrashWhileTimePassesIsACrashToo) {
  const CaseId id = open();
  give(id, kEndLater);
  run();
  EXPECT_TRUE(crashed.empty());
  run(std::chrono::seconds(1));
  EXPECT_NE(crashed[id].find("SIGABRT"), std::string::npos) << crashed[id];
}

// The last that a case does is its own too, and not that of the one after it.
TEST_F(ChildStackTest, ACrashAtItsEndIsOfTheCaseThatEnds) {
  const CaseId id = open();
  give(id, kEndAtClose);
  run();
  made->close(id);
  run();
  EXPECT_NE(crashed[id].find("SIGABRT"), std::string::npos) << crashed[id];
  expect_sound();
}

TEST_F(ChildStackTest, ACrashAtTheEndOfOneOfManyIsFoundWhenTheyAreAlone) {
  const CaseId one = open();
  const CaseId other = open();
  give(one, kEndAtClose);
  run();
  made->close(one);
  run();
  EXPECT_EQ(lost.size(), 2U);
  EXPECT_TRUE(crashed.empty());
  made->close(other);
  const CaseId again = open();
  give(again, kEndAtClose);
  run();
  made->close(again);
  const CaseId sound = open();
  give(sound, kEcho);
  run();
  EXPECT_EQ(crashed.size(), 1U);
  EXPECT_TRUE(crashed.contains(again)) << "opened in the same breath as the end of another";
  EXPECT_EQ(packets[sound].size(), 1U);
}

TEST_F(ChildStackTest, OfAReportTheBeginningIsTold) {
  const CaseId id = open();
  give(id, kReport);
  run();
  EXPECT_NE(crashed[id].find(": ==7==ERROR: AddressSanitizer: heap-buffer-overflow\n    #0 in f0"),
            std::string::npos)
      << crashed[id];
  EXPECT_TRUE(crashed[id].ends_with("#10 in f10")) << crashed[id];
}

TEST_F(ChildStackTest, AHangIsToldAsOne) {
  const CaseId id = open();
  give(id, kHang);
  run();
  EXPECT_EQ(crashed[id], "fickle: did not answer within 300 ms and was ended by SIGKILL (Killed)");
  made->close(id);
  expect_sound();
}

TEST_F(ChildStackTest, AnEndWithoutASignalIsTold) {
  const CaseId id = open();
  give(id, kExit);
  run();
  EXPECT_EQ(crashed[id], "fickle: ended with status 3");
}

TEST_F(ChildStackTest, AClockThatGoesBackIsNoAnswer) {
  const CaseId id = open();
  give(id, kClockBack);
  run();
  EXPECT_NE(crashed[id].find("its clock is wrong"), std::string::npos) << crashed[id];
}

TEST_F(ChildStackTest, WhatItPrintsIsBounded) {
  const CaseId id = open();
  give(id, kShout);
  run();
  EXPECT_NE(crashed[id].find("SIGXFSZ"), std::string::npos) << crashed[id].substr(0, 100);
  EXPECT_LT(crashed[id].size(), 5000U);
}

TEST_F(ChildStackTest, NumbersWhosePortIsInUseArePassedOver) {
  const CaseId first = open();
  made->close(open());
  made->close(open());
  EXPECT_EQ(open(), first + 4) << "the fourth would have the port of the first";
}

}  // namespace
}  // namespace synfin::testing
