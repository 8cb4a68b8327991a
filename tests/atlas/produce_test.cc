// Atlases of stacks: the same every time, in one piece or in many.
#include "harness/atlas/produce.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "harness/atlas/cells.h"
#include "harness/atlas/describe.h"
#include "harness/atlas/file.h"
#include "harness/atlas/merge.h"
#include "harness/atlas/set_ups.h"
#include "tests/atlas/maps.h"

namespace synfin::atlas {
namespace {

using synfin::testing::map;
using synfin::testing::Target;

// Few cells, and yet every kind of set-up: without numbers, active and passive, one that fills.
const std::vector<std::string> kFew = {"CLOSED", "LISTEN", "SYN-SENT", "ESTABLISHED/rcv-wnd-0"};

ProduceOptions few(const std::string& stack = "reference") {
  ProduceOptions options;
  options.only = kFew;
  if (stack == "lwip") options.only.pop_back();  // whose window takes 64 KiB to fill
  return options;
}

Entry entry_of(const Atlas& atlas, const std::string& id, const Cell& cell) {
  const auto* set_up = testing::find(atlas, id);
  const std::vector<Cell> cells = cells_of(set_up->variables, atlas.with);
  const auto found = std::find(cells.begin(), cells.end(), cell);
  EXPECT_NE(found, cells.end()) << describe(cell);
  return set_up->entries[static_cast<std::size_t>(found - cells.begin())];
}

std::string answer(const Atlas& atlas, const std::string& id, const Cell& cell) {
  return describe(atlas.behaviours[entry_of(atlas, id, cell).behaviour]);
}

TEST(Produce, EveryStateOfTheReferenceIsReached) {
  for (const auto& set_up : testing::reference_atlas().set_ups) {
    EXPECT_TRUE(set_up.reached) << set_up.id << ": " << set_up.why;
    EXPECT_EQ(set_up.events.back().state, set_up.state) << set_up.id;
  }
}

// One cell of each group of rules, by its clause.
TEST(Produce, WhatTheReferenceAnswers) {
  const Atlas& atlas = testing::reference_atlas();
  // RFC 9293 §3.10.7.1: an ACK to a port where nobody is.
  EXPECT_EQ(answer(atlas, "CLOSED", {kAck, SeqClass::kAny, AckClass::kAny}),
            "RST seq SEG.ACK win 0; CLOSED");
  EXPECT_EQ(answer(atlas, "CLOSED", {kSyn, SeqClass::kAny, AckClass::kNone}),
            "RST ACK seq 0 ack SEG.SEQ+SEG.LEN win 0; CLOSED");
  // §3.10.7.3, second: a SYN,ACK opens the connection.
  EXPECT_EQ(answer(atlas, "SYN-SENT", {kSyn | kAck, SeqClass::kAny, AckClass::kNxt}),
            "ACK seq SND.NXT ack SEG.SEQ+SEG.LEN win 2048; ESTABLISHED; read EAGAIN");
  // RFC 5961 §3.2: a RST in the window, but not at RCV.NXT.
  EXPECT_EQ(answer(atlas, "ESTABLISHED", {kRst, SeqClass::kLeftAfter, AckClass::kNone}),
            "ACK seq SND.NXT ack RCV.NXT win 2038; ESTABLISHED; read EAGAIN");
  EXPECT_EQ(answer(atlas, "ESTABLISHED", {kRst, SeqClass::kLeft, AckClass::kNone}),
            "silence; LISTEN; read ECONNRESET");
  // Ten octets and the one that was missing before them.
  EXPECT_EQ(answer(atlas, "ESTABLISHED/hole",
                   {kAck, SeqClass::kLeft, AckClass::kUna, PayloadClass::kOne}),
            "ACK seq SND.NXT ack RCV.NXT+11 win 2027; ESTABLISHED; read 11");
}

TEST(Produce, OfOneThreadOrMore) {
  const Target one("reference");
  const Target two("reference");
  const auto alone = map(*one.stack, one.profile, few());
  auto both = produce({one.stack.get(), two.stack.get()}, one.profile, few(), {});
  ASSERT_TRUE(both);
  EXPECT_EQ(to_octets(*both), to_octets(alone));
}

// The time of virtual clocks, ISNs and ports differ between two runs on one instance.
TEST(Produce, TheSameOctetsEveryTime) {
  for (const char* name : {"reference", "lwip"}) {
    const Target target(name);
    ASSERT_TRUE(target.stack) << target.why;
    const std::string first = to_octets(map(*target.stack, target.profile, few(name)));
    EXPECT_EQ(to_octets(map(*target.stack, target.profile, few(name))), first) << name;
    const Target anew(name);
    EXPECT_EQ(to_octets(map(*anew.stack, anew.profile, few(name))), first) << name;
  }
}

TEST(Produce, ShardsMakeTheWhole) {
  for (const char* name : {"reference", "lwip"}) {
    const Target target(name);
    std::vector<Atlas> parts;
    for (unsigned i = 3; i >= 1; --i) {
      ProduceOptions options = few(name);
      options.shard = {i, 3};
      parts.push_back(map(*target.stack, target.profile, options));
    }
    const auto merged = merge(parts);
    ASSERT_TRUE(merged) << merged.error().message;
    const Atlas whole = map(*target.stack, target.profile, few(name));
    EXPECT_EQ(to_octets(*merged), to_octets(whole)) << name;
    std::size_t played = 0;
    for (const auto& set_up : parts[1].set_ups) {
      for (const Entry& entry : set_up.entries) played += entry.behaviour != kNotPlayed ? 1 : 0;
    }
    std::size_t cells = 0;
    for (const auto& set_up : whole.set_ups) cells += set_up.entries.size();
    EXPECT_NEAR(static_cast<double>(played), static_cast<double>(cells) / 3, 1) << name;
  }
}

TEST(Produce, MergingMarksWhatDiffersAndRefusesWhatDoesNotBelong) {
  const Target target("reference");
  const Atlas first = map(*target.stack, target.profile, few());
  Atlas second = first;
  second.set_ups[0].entries[7].behaviour = first.set_ups[0].entries[0].behaviour;
  second.set_ups[0].entries[7].behaviour ^= 1U;
  const auto merged = merge({first, second});
  ASSERT_TRUE(merged);
  EXPECT_TRUE(merged->set_ups[0].entries[7].again);
  EXPECT_EQ(merged->set_ups[0].entries[7].behaviour, first.set_ups[0].entries[7].behaviour);
  EXPECT_FALSE(merged->set_ups[0].entries[6].again);
  second.provenance.set_stack_version("2");
  EXPECT_EQ(merge({first, second}).error().message,
            "these are atlases of different things: version:  and 2");
  second = first;
  second.set_ups[1].variables.rcv_wnd = 5;
  EXPECT_FALSE(merge({first, second}));
}

// lwIP has no simultaneous open.
TEST(Produce, AStateThatIsNotReachedIsRecorded) {
  const Target target("lwip");
  ProduceOptions options;
  options.only = {"SYN-RECEIVED/active"};
  const Atlas atlas = map(*target.stack, target.profile, options);
  ASSERT_EQ(atlas.set_ups.size(), 1U);
  EXPECT_FALSE(atlas.set_ups[0].reached);
  EXPECT_NE(atlas.set_ups[0].why.find("wanted S. 0:0(0) ack 1 <...>, got nothing"),
            std::string::npos)
      << atlas.set_ups[0].why;
  EXPECT_TRUE(atlas.set_ups[0].entries.empty());
  EXPECT_FALSE(atlas.set_ups[0].events.empty());
}

// Debian's lwIP 2.1.3 ends with "insane offset!" when text begins half a turn away. Others that
// were under way at that moment are played again.
TEST(Produce, AStackThatEndsIsOneCellsBehaviour) {
  const Target target("lwip");
  ASSERT_TRUE(target.stack) << target.why;
  if (target.stack->identity().version != "2.1.3") GTEST_SKIP() << "another lwIP";
  ProduceOptions options;
  options.only = {"ESTABLISHED"};
  options.shard = {1, 40};
  const Atlas atlas = map(*target.stack, target.profile, options);
  const Cell cell{0, SeqClass::kOpposite, AckClass::kNone, PayloadClass::kOne};
  EXPECT_NE(answer(atlas, "ESTABLISHED", cell).find("insane offset!"), std::string::npos);
  const auto broken = std::count_if(
      atlas.set_ups[0].entries.begin(), atlas.set_ups[0].entries.end(), [&](const Entry& entry) {
        return entry.behaviour != kNotPlayed && !atlas.behaviours[entry.behaviour].broken.empty();
      });
  EXPECT_GE(broken, 1);
  EXPECT_LT(broken, 10);
}

TEST(Produce, StopsWhenItIsTold) {
  const Target target("reference");
  unsigned asked = 0;
  unsigned set_ups = 0;
  Watchers watchers;
  watchers.between = [&](const Progress& progress) {
    EXPECT_LE(progress.done, progress.total);
    return ++asked < 3;
  };
  watchers.on_set_up = [&](const Atlas&) { ++set_ups; };
  const auto atlas = produce({target.stack.get()}, target.profile, few(), watchers);
  ASSERT_TRUE(atlas);
  EXPECT_LT(set_ups, kFew.size());
  const auto* last = testing::find(*atlas, "ESTABLISHED/rcv-wnd-0");
  EXPECT_EQ(last->entries.back().behaviour, kNotPlayed);
}

TEST(Produce, OfARealKernelTwice) {
  const Target target("linux", "veth");
  if (!target.stack) GTEST_SKIP() << target.why;
  ProduceOptions options;
  options.only = {"CLOSED", "LISTEN", "SYN-SENT"};
  const std::string first = to_octets(map(*target.stack, target.profile, options));
  const std::string second = to_octets(map(*target.stack, target.profile, options));
  EXPECT_EQ(first, second);
  const auto loaded = from_octets(first, "x");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(answer(loaded->atlas, "CLOSED", {kSyn, SeqClass::kAny, AckClass::kNone}),
            "RST ACK seq 0 ack SEG.SEQ+SEG.LEN win 0; CLOSED");
}

// Every second play of a cell finds another kernel: the third decides, and the cell is marked.
class Fickle final : public stack::Stack {
 public:
  explicit Fickle(std::unique_ptr<stack::Stack> inner) : inner_(std::move(inner)) {}
  const stack::Identity& identity() const override { return inner_->identity(); }
  const stack::Traits& traits() const override { return inner_->traits(); }
  Result<stack::CaseId> open(const stack::CaseNeeds& needs) override { return inner_->open(needs); }
  wire::FourTuple address(stack::CaseId id, unsigned connection) const override {
    return inner_->address(id, connection);
  }
  Time now() override { return inner_->now(); }
  Result<Time> inject(stack::CaseId id, std::span<const uint8_t> packet) override {
    return inner_->inject(id, packet);
  }
  stack::Ticket start(stack::CaseId id, unsigned connection,
                      const script::CallSpec& call) override {
    return inner_->start(id, connection, call);
  }
  void run_until(Time until, stack::Sink& sink) override { inner_->run_until(until, sink); }
  // The first 128 readings are the first pass.
  Result<State> snapshot(stack::CaseId id, unsigned connection) override {
    if (++read_ == 5) return State::kTimeWait;
    if (read_ == 128 + 9) return State::kClosing;
    return inner_->snapshot(id, connection);
  }
  void close(stack::CaseId id) override { inner_->close(id); }

 private:
  std::unique_ptr<stack::Stack> inner_;
  unsigned read_ = 0;
};

TEST(Produce, TwoOutOfThreePlaysAreRight) {
  Target target("reference");
  Fickle fickle(std::move(target.stack));
  ProduceOptions options;
  options.only = {"LISTEN"};
  const Target steady("reference");
  const Atlas wanted = map(*steady.stack, steady.profile, options);
  options.confirm = true;
  const Atlas atlas = map(fickle, target.profile, options);
  unsigned again = 0;
  for (std::size_t i = 0; i < 128; ++i) {
    const Entry& entry = atlas.set_ups[0].entries[i];
    again += entry.again ? 1 : 0;
    EXPECT_EQ(atlas.behaviours[entry.behaviour],
              wanted.behaviours[wanted.set_ups[0].entries[i].behaviour])
        << i;
  }
  EXPECT_EQ(again, 2U);
}

TEST(Produce, OverIpv6AndWithFurtherDimensions) {
  const Target target("reference");
  ProduceOptions options;
  options.only = {"LISTEN"};
  options.ipv6 = true;
  options.with = {.ecn = true, .options = true};
  const Atlas atlas = map(*target.stack, target.profile, options);
  EXPECT_EQ(atlas.set_ups[0].entries.size(), 128U * 20);
  Cell cell{kSyn, SeqClass::kAny, AckClass::kNone};
  cell.options = OptionClass::kTimestamps;
  // RFC 7323 §3.2: the SYN,ACK echoes the TSval 1000; its own, a time, is kept as zero.
  EXPECT_NE(answer(atlas, "LISTEN", cell).find("TS val 0 ecr 1000"), std::string::npos)
      << answer(atlas, "LISTEN", cell);
  cell.options = OptionClass::kNone;
  EXPECT_EQ(answer(atlas, "LISTEN", cell).find("TS val"), std::string::npos);
}

// The peer's SYN had the TSval 900; what comes in a cell has 800 or 1000.
TEST(Produce, WithOptionsThereAreConnectionsThatHaveAgreedToThem) {
  const Target target("reference");
  ProduceOptions options;
  options.only = {"ESTABLISHED/options", "ESTABLISHED/options-hole"};
  options.with.options = true;
  const Atlas atlas = map(*target.stack, target.profile, options);
  Cell cell{kAck, SeqClass::kLeftAfter, AckClass::kUna, PayloadClass::kOne};
  cell.options = OptionClass::kTimestamps;
  // RFC 7323 §4.3: behind a hole TS.Recent stays.
  EXPECT_EQ(answer(atlas, "ESTABLISHED/options", cell),
            "ACK seq SND.NXT ack RCV.NXT win 2038 <TS val 0 ecr 900,sack 12:13>; "
            "ESTABLISHED; read EAGAIN");
  cell.seq = SeqClass::kLeft;
  EXPECT_EQ(answer(atlas, "ESTABLISHED/options-hole", cell),
            "ACK seq SND.NXT ack RCV.NXT+11 win 2027 <nop,nop,TS val 0 ecr 1000>; ESTABLISHED; "
            "read 11");
  // RFC 7323 §5.3 R1: an old duplicate. §3.2: without timestamps it is dropped in silence.
  cell.options = OptionClass::kOldTimestamps;
  EXPECT_EQ(answer(atlas, "ESTABLISHED/options", cell),
            "ACK seq SND.NXT ack RCV.NXT win 2038 <nop,nop,TS val 0 ecr 900>; ESTABLISHED; read "
            "EAGAIN");
  cell.options = OptionClass::kNone;
  EXPECT_EQ(answer(atlas, "ESTABLISHED/options", cell), "silence; ESTABLISHED; read EAGAIN");
}

}  // namespace
}  // namespace synfin::atlas
