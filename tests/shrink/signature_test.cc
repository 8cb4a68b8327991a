#include "harness/shrink/signature.h"

#include <gtest/gtest.h>

#include "harness/judge/verdict.h"

namespace synfin::shrink {
namespace {

proto::Divergence divergence(const std::string& wanted, const std::string& got) {
  proto::Divergence out;
  out.set_clause("SM-ACK-3");
  out.set_state("SYN-RECEIVED");
  out.set_wanted(wanted);
  out.set_got(got);
  return out;
}

TEST(Signature, ASegmentIsItsFlags) {
  EXPECT_EQ(kind_of("R. seq =2000 ack =1000 win 65407"), "R.");
  EXPECT_EQ(kind_of("S. 0:0(0) ack 1 <...>"), "S.");
  EXPECT_EQ(kind_of(". seq 1 ack 11 win 65525"), ".");
  EXPECT_EQ(kind_of("- seq 1"), "-");
  EXPECT_EQ(kind_of("FP. seq 1 ack 11"), "F.");
  EXPECT_EQ(kind_of("P seq 1"), "P");
}

TEST(Signature, ASentenceIsItsWords) {
  EXPECT_EQ(kind_of("an ACK"), "an ACK");
  EXPECT_EQ(kind_of("SYN-RECEIVED"), "SYN-RECEIVED");
  EXPECT_EQ(kind_of("FIN-WAIT-2"), "FIN-WAIT-#");
  EXPECT_EQ(kind_of("RFC793 said 8 in a row, each within 134217728"),
            "RFC793 said # in a row, each within #");
  EXPECT_EQ(kind_of("heap-use-after-free on 0x60b0000012f8 at pc 0x1a"),
            "heap-use-after-free on # at pc #");
  EXPECT_EQ(kind_of(""), "");
}

TEST(Signature, NumbersMakeNoDifferenceAndWordsDo) {
  const Signature one = signature_of(divergence("a RST", "R. seq 1 ack 2 win 3"));
  EXPECT_EQ(one, signature_of(divergence("a RST", "R. seq 7 ack 8 win 9")));
  EXPECT_NE(one, signature_of(divergence("a RST", "R seq 1 win 3")));
  EXPECT_NE(one, signature_of(divergence("an ACK", "R. seq 1 ack 2 win 3")));
  proto::Divergence elsewhere = divergence("a RST", "R. seq 1 ack 2 win 3");
  elsewhere.set_state("LISTEN");
  EXPECT_NE(one, signature_of(elsewhere));
  EXPECT_EQ(to_string(one), "SM-ACK-3 in SYN-RECEIVED: wanted a RST, got R.");
}

TEST(Signature, ACrashIsOneAndAHarnessThatBreaksIsNone) {
  proto::CaseResult result;
  proto::Divergence& end = *result.add_divergences();
  end.set_wanted(judge::kLivesOn);
  end.set_got("lwip: ended by SIGABRT (Aborted): Assertion at line 1234 in tcp_in.c");
  const auto found = signatures_of(result, "lwip");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].objector, Objector::kNobody);
  EXPECT_EQ(found[0].clause, "");
  EXPECT_EQ(found[0].got, "ended by SIGABRT (Aborted): Assertion at line # in tcp_in.c");
  result.clear_divergences();
  result.set_verdict(proto::ERROR);
  result.set_reason("lwip: out of memory");
  EXPECT_TRUE(signatures_of(result, "lwip").empty());
}

TEST(Signature, EachIsToldOnce) {
  proto::CaseResult result;
  *result.add_divergences() = divergence("a RST", "nothing");
  *result.add_divergences() = divergence("an ACK", "nothing");
  *result.add_divergences() = divergence("a RST", "nothing");
  EXPECT_EQ(signatures_of(result, "lwip").size(), 2U);
}

}  // namespace
}  // namespace synfin::shrink
