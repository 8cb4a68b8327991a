// RFC 3168: what the rules object to when ECN is in use, and when it is not.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "engine/rules.h"

namespace synfin {
namespace {

constexpr uint32_t kIss = 1000;
constexpr uint32_t kIrs = 5000;
constexpr std::array<uint8_t, 10> kText{};

Profile plain_profile() {
  Profile profile;
  profile.window_scale.reset();
  profile.timestamps = profile.sack = false;
  return profile;
}

// A passive connection under judgement; the peer asks for ECN unless a test says otherwise.
class EcnTest : public ::testing::Test {
 protected:
  static Segment segment(unsigned flags, uint32_t seq, uint32_t ack, std::size_t length = 0) {
    Segment out;
    out.flags = Flags(flags);
    out.seq = Seq(seq);
    out.ack = Seq(ack);
    out.wnd = 10000;
    out.text = std::span(kText).first(length);
    return out;
  }
  // What the rules object to with SHLD-8.
  std::string objection(const Segment& segment) const {
    const Findings findings = rules_.findings(now_, segment);
    for (const Finding& finding : findings.all()) {
      if (finding.clause == Clause::kShld8) return std::string(finding.sentence);
    }
    return "";
  }
  void arrives(const Segment& segment) { rules_.on_segment(now_, segment); }
  void open(unsigned syn = kSyn | kEce | kCwr, unsigned syn_ack = kSyn | kAck | kEce) {
    rules_.open_passive(now_);
    arrives(segment(syn, kIrs, 0));
    rules_.sent(now_, segment(syn_ack, kIss, kIrs + 1));
    arrives(segment(kAck, kIrs + 1, kIss + 1));
    ASSERT_EQ(rules_.state(), State::kEstablished);
  }
  void send_text(std::size_t octets) {
    std::size_t taken = 0;
    rules_.send(now_, std::span(kText).first(octets), taken, {});
  }

  Profile profile_ = plain_profile();
  Rules rules_{profile_};
  Time now_{std::chrono::seconds(1)};
};

TEST_F(EcnTest, OnlyAnEcnSetupSynIsAnsweredByOne) {
  for (const unsigned syn : {kSyn | 0U, kSyn | kEce | 0U, kSyn | kCwr | 0U}) {
    Rules rules(profile_);
    rules.open_passive(now_);
    rules.on_segment(now_, segment(syn, kIrs, 0));
    EXPECT_FALSE(rules.findings(now_, segment(kSyn | kAck | kEce, kIss, kIrs + 1)).empty()) << syn;
    EXPECT_TRUE(rules.findings(now_, segment(kSyn | kAck, kIss, kIrs + 1)).empty()) << syn;
  }
}

TEST_F(EcnTest, ToAskOrToAgreeIsAChoice) {
  rules_.open_passive(now_);
  arrives(segment(kSyn | kEce | kCwr, kIrs, 0));
  EXPECT_EQ(objection(segment(kSyn | kAck, kIss, kIrs + 1)), "");
  EXPECT_EQ(objection(segment(kSyn | kAck | kEce, kIss, kIrs + 1)), "");
  Segment marked = segment(kSyn | kAck | kEce, kIss, kIrs + 1);
  marked.ecn = Ecn::kEct0;
  EXPECT_NE(objection(marked), "");
}

TEST_F(EcnTest, AMarkIsEchoedUntilCwr) {
  open();
  Segment marked = segment(kAck, kIrs + 1, kIss + 1, 10);
  marked.ecn = Ecn::kCe;
  arrives(marked);
  EXPECT_NE(objection(segment(kAck, kIss + 1, kIrs + 11)), "");
  EXPECT_EQ(objection(segment(kAck | kEce, kIss + 1, kIrs + 11)), "");
  rules_.sent(now_, segment(kAck | kEce, kIss + 1, kIrs + 11));
  arrives(segment(kAck, kIrs + 11, kIss + 1, 10));
  EXPECT_NE(objection(segment(kAck, kIss + 1, kIrs + 21)), "");
  arrives(segment(kAck | kCwr, kIrs + 21, kIss + 1, 10));
  EXPECT_EQ(objection(segment(kAck, kIss + 1, kIrs + 31)), "");
  EXPECT_NE(objection(segment(kAck | kEce, kIss + 1, kIrs + 31)), "");
}

// RFC 3168 §6.1.1: TIME-WAIT knows nothing of ECN; but the ACK that the FIN draws may be sent
// first.
TEST_F(EcnTest, TheAckThatLeadsToTimeWaitMayEchoAMark) {
  for (const bool marked : {false, true}) {
    rules_ = Rules(profile_);
    open();
    Segment text = segment(kAck, kIrs + 1, kIss + 1, 1);
    if (marked) text.ecn = Ecn::kCe;
    arrives(text);
    rules_.close(now_, CloseKind::kSending);
    const unsigned echo = marked ? unsigned{kEce} : 0U;
    rules_.sent(now_, segment(kAck | kFin | echo, kIss + 1, kIrs + 2));
    arrives(segment(kAck | kFin, kIrs + 2, kIss + 2));
    ASSERT_EQ(rules_.state(), State::kTimeWait);
    EXPECT_EQ(objection(segment(kAck, kIss + 2, kIrs + 3)), "");
    EXPECT_EQ(objection(segment(kAck | kEce, kIss + 2, kIrs + 3)).empty(), marked);
  }
}

TEST_F(EcnTest, AMarkOnAnAckAloneOrWithoutEcnIsNothing) {
  open();
  Segment marked = segment(kAck, kIrs + 1, kIss + 1);
  marked.ecn = Ecn::kCe;
  arrives(marked);
  EXPECT_FALSE(rules_.tcb().ecn_echo);
  Rules other(profile_);
  other.open_passive(now_);
  other.on_segment(now_, segment(kSyn | kEce | kCwr, kIrs, 0));
  other.sent(now_, segment(kSyn | kAck, kIss, kIrs + 1));
  other.on_segment(now_, segment(kAck, kIrs + 1, kIss + 1));
  marked.text = kText;
  other.on_segment(now_, marked);
  EXPECT_FALSE(other.tcb().ecn_echo);
}

TEST_F(EcnTest, NewTextTellsOfTheReducedWindowOnce) {
  open();
  send_text(10);
  rules_.sent(now_, segment(kAck | kPsh, kIss + 1, kIrs + 1, 10));
  arrives(segment(kAck | kEce, kIrs + 1, kIss + 11));
  send_text(10);
  EXPECT_NE(objection(segment(kAck | kPsh, kIss + 11, kIrs + 1, 10)), "");
  const Segment told = segment(kAck | kPsh | kCwr, kIss + 11, kIrs + 1, 10);
  EXPECT_EQ(objection(told), "");
  rules_.sent(now_, told);
  // The same window still: it was out when the first ECE came.
  arrives(segment(kAck | kEce, kIrs + 1, kIss + 11));
  EXPECT_FALSE(rules_.tcb().ecn_reduced);
  arrives(segment(kAck | kEce, kIrs + 1, kIss + 21));
  EXPECT_TRUE(rules_.tcb().ecn_reduced);
}

// RFC 3168 §6.1.6: a probe of a closed window has neither ECT nor CWR.
TEST_F(EcnTest, AProbeTellsOfNoReducedWindow) {
  open();
  Segment closed = segment(kAck | kEce, kIrs + 1, kIss + 1);
  closed.wnd = 0;
  arrives(closed);
  send_text(10);
  now_ += std::chrono::seconds(1);
  EXPECT_EQ(objection(segment(kAck, kIss + 1, kIrs + 1, 1)), "");
}

TEST_F(EcnTest, OnlyNewTextIsEcnCapable) {
  open();
  send_text(10);
  Segment text = segment(kAck | kPsh, kIss + 1, kIrs + 1, 10);
  text.ecn = Ecn::kEct0;
  EXPECT_EQ(objection(text), "");
  rules_.sent(now_, text);
  EXPECT_NE(objection(text), "") << "sent again";
  Segment ack = segment(kAck, kIss + 11, kIrs + 1);
  ack.ecn = Ecn::kEct0;
  EXPECT_NE(objection(ack), "");
}

TEST_F(EcnTest, WithoutItTextIsNotEcnCapable) {
  open(kSyn, kSyn | kAck);
  send_text(10);
  Segment text = segment(kAck | kPsh, kIss + 1, kIrs + 1, 10);
  EXPECT_EQ(objection(text), "");
  text.ecn = Ecn::kEct0;
  EXPECT_NE(objection(text), "");
  EXPECT_NE(objection(segment(kAck | kCwr, kIss + 1, kIrs + 1)), "");
}

// §6.1.1: a SYN is not ECN-capable, and only text can have met with congestion.
TEST_F(EcnTest, AnEchoBeforeAnyTextIsOfNothing) {
  open();
  arrives(segment(kAck | kEce, kIrs + 1, kIss + 1));
  EXPECT_FALSE(rules_.tcb().ecn_reduced);
  send_text(10);
  rules_.sent(now_, segment(kAck | kPsh, kIss + 1, kIrs + 1, 10));
  arrives(segment(kAck | kEce, kIrs + 1, kIss + 11));
  EXPECT_TRUE(rules_.tcb().ecn_reduced);
}

}  // namespace
}  // namespace synfin
