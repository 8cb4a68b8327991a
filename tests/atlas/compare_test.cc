#include "harness/atlas/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/atlas/made.h"

namespace synfin::atlas {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

bool bare_ack_at_the_right_edge(const Cell& cell) {
  const Flags flags(cell.flags);
  return flags.ack() && !flags.syn() && !flags.fin() && !flags.rst() &&
         cell.seq == SeqClass::kRight && cell.payload == PayloadClass::kEmpty;
}

TEST(Compare, WhatIsAlikeIsNoFinding) {
  const Atlas a = two_states("a", acknowledge);
  const Comparison same = compare(a, two_states("b", acknowledge));
  EXPECT_TRUE(same.equal());
  EXPECT_EQ(same.domain.grid.cells(), a.set_ups[0].entries.size() + a.set_ups[1].entries.size());
}

TEST(Compare, WindowsAreEachStacksOwn) {
  const Atlas a = two_states("a", acknowledge);
  const Atlas b = two_states("b", [](const Cell& cell) {
    Behaviour behaviour = acknowledge(cell);
    for (Wire& wire : behaviour.answers) wire.window = 77;
    return behaviour;
  });
  EXPECT_TRUE(compare(a, b).equal());
}

TEST(Compare, TellsCellsThatDifferAlikeInOneRule) {
  const Atlas a = two_states("a", [](const Cell& cell) {
    return bare_ack_at_the_right_edge(cell) ? Behaviour{} : acknowledge(cell);
  });
  const Comparison found = compare(a, two_states("b", acknowledge));
  ASSERT_THAT(found.findings, SizeIs(1));
  const Finding& finding = found.findings[0];
  EXPECT_EQ(finding.difference.got, "silence");
  EXPECT_EQ(finding.difference.wanted, "ACK seq SND.NXT ack RCV.NXT");
  ASSERT_THAT(finding.where, SizeIs(1));
  EXPECT_EQ(finding.where[0].rule.states, "every state");
  EXPECT_EQ(finding.where[0].rule.segment, "bare ACK, SEQ RCV.NXT+RCV.WND");
  // URG and PSH on and off, eight ACK classes less those that coincide, in two states.
  const std::size_t acks = ack_classes(usual_variables()).size();
  EXPECT_EQ(finding.cells.size(), 2 * 4 * acks);
  EXPECT_EQ(finding.where[0].cells, finding.cells.size());
  EXPECT_EQ(found.differing, finding.cells.size());
}

TEST(Compare, OtherDifferencesAreOtherFindings) {
  const Atlas a = two_states("a", [](const Cell& cell) {
    if (bare_ack_at_the_right_edge(cell)) return Behaviour{};
    Behaviour behaviour = acknowledge(cell);
    if (cell.flags == kSyn && cell.payload == PayloadClass::kOne) {
      behaviour.answers[0] = answer(kRst, Base::kSegAck, Base::kZero);
    }
    return behaviour;
  });
  const Comparison found = compare(a, two_states("b", acknowledge));
  ASSERT_THAT(found.findings, SizeIs(2));
  EXPECT_EQ(found.findings[1].difference.got, "RST seq SEG.ACK");
  EXPECT_EQ(found.findings[1].where[0].rule.segment, "SYN without PSH, URG, 1 octet");
}

TEST(Compare, TellsWhatOneDoesNotReach) {
  const Atlas a = two_states("a", acknowledge);
  Atlas b = two_states("b", acknowledge);
  b.set_ups[1].reached = false;
  b.set_ups[1].why = "the state is CLOSED";
  b.set_ups[1].entries.clear();
  const Comparison found = compare(a, b);
  EXPECT_FALSE(found.equal());
  EXPECT_THAT(found.apart, ElementsAre("b does not reach CLOSE-WAIT: the state is CLOSED"));
  EXPECT_EQ(found.domain.grid.cells(), a.set_ups[0].entries.size());
}

TEST(Compare, TellsOnlyThePartsThatDiffer) {
  const Atlas a = two_states("a", acknowledge);
  Atlas b = two_states("b", acknowledge);
  for (Behaviour& behaviour : b.behaviours) {
    behaviour.state = State::kClosed;
    behaviour.api.read = Api::Outcome{-1, ECONNRESET};
  }
  const Comparison found = compare(a, b);
  ASSERT_THAT(found.findings, SizeIs(1));
  EXPECT_EQ(found.findings[0].difference.got, "state: stays, none");
  EXPECT_EQ(found.findings[0].difference.wanted, "state: CLOSED, read: ECONNRESET");
  EXPECT_EQ(found.findings[0].where[0].rule.segment, "any segment");
}

}  // namespace
}  // namespace synfin::atlas
