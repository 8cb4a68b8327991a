// SACK blocks (RFC 2018, RFC 2883): which the rules accept from a receiver, which the reference
// makes, and what it does as a sender with those of its peer.
#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "engine/rules.h"
#include "tests/engine/lab.h"

namespace synfin::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint32_t kIrs = 0;  // text begins at 1, as the scripts count
constexpr Seq kIss{7000};

struct Piece {
  uint32_t left;
  uint32_t right;
  bool fin = false;
};
using Pieces = std::vector<Piece>;

// A receiver under judgement: what has arrived is fed to it, and each ACK but the last was right.
class Receiver {
 public:
  explicit Receiver(bool timestamps = false) {
    profile_.text_overrules_waiting_fin = true;
    profile_.timestamps = timestamps;
    Segment syn;
    syn.seq = Seq(kIrs);
    syn.flags = Flags(kSyn);
    syn.wnd = 65535;
    syn.options.sack_permitted = true;
    if (timestamps) syn.options.timestamps = Timestamps{1, 0};
    rules_.open_passive(now_);
    rules_.on_segment(now_, syn);
    Segment answer = syn;
    answer.seq = kIss;
    answer.ack = Seq(kIrs + 1);
    answer.flags = Flags(kSyn | kAck);
    if (timestamps) answer.options.timestamps = Timestamps{1, 1};
    rules_.sent(now_, answer);
    arrive({1, 1});
  }

  void arrive(const Piece& piece) {
    text_.assign(piece.right - piece.left, 'x');
    Segment segment;
    segment.seq = Seq(piece.left);
    segment.ack = kIss + 1;
    segment.flags = Flags(kAck);
    segment.flags.set(kFin, piece.fin);
    segment.wnd = 65535;
    segment.text = text_;
    if (profile_.timestamps) segment.options.timestamps = Timestamps{1, 1};
    rules_.on_segment(now_, segment);
  }

  Segment ack(const Pieces& blocks) const {
    Segment segment;
    segment.seq = kIss + 1;
    segment.ack = rules_.tcb().rcv.nxt;
    segment.flags = Flags(kAck);
    segment.wnd = 65535;
    for (const Piece& block : blocks) {
      segment.options.sack[segment.options.sack_count++] = {Seq(block.left), Seq(block.right)};
    }
    if (profile_.timestamps) segment.options.timestamps = Timestamps{1, rules_.tcb().ts_recent};
    return segment;
  }

  void acknowledge() {
    std::array<SackBlock, 4> storage{};
    Pieces blocks;
    for (const SackBlock& block : rules_.sack_blocks(storage)) {
      blocks.push_back({block.left.value(), block.right.value()});
    }
    rules_.sent(now_, ack(blocks));
  }

  std::string complaint(const Pieces& blocks) const {
    const Findings found = rules_.findings(now_, ack(blocks));
    return found.empty() ? "" : std::string(info(found.all().front().clause).id);
  }

 private:
  Profile profile_;
  Rules rules_{profile_};
  std::vector<uint8_t> text_;
  Time now_{seconds(100)};
};

struct Judged {
  const char* name;
  Pieces arrived;
  Pieces blocks;          // of the ACK that follows
  const char* complaint;  // the first; "": it is right
};

void PrintTo(const Judged& judged, std::ostream* out) { *out << judged.name; }

class SackJudged : public ::testing::TestWithParam<Judged> {};

TEST_P(SackJudged, IsRightOrNot) {
  const Judged& judged = GetParam();
  Receiver receiver;
  for (std::size_t i = 0; i < judged.arrived.size(); ++i) {
    if (i > 0) receiver.acknowledge();
    receiver.arrive(judged.arrived[i]);
  }
  EXPECT_EQ(receiver.complaint(judged.blocks), judged.complaint);
}

const Pieces kThree = {{201, 301}, {401, 501}, {601, 701}};
const Pieces kFive = {{201, 301}, {401, 501}, {601, 701}, {801, 901}, {1001, 1101}};

INSTANTIATE_TEST_SUITE_P(
    Sack, SackJudged,
    ::testing::Values(
        Judged{"the island", {{201, 301}}, {{201, 301}}, ""},
        Judged{"none", {{201, 301}}, {}, "RFC2018-3"},
        Judged{"one too many", {{201, 301}}, {{201, 301}, {401, 501}}, "RFC2018-10"},
        Judged{"too wide", {{201, 301}}, {{201, 302}}, "RFC2018-10"},
        Judged{"too narrow", {{201, 301}}, {{201, 300}}, "RFC2018-4"},
        Judged{"turned round", {{201, 301}}, {{301, 201}}, "RFC2018-4"},
        Judged{"newest first, the rest in any order",
               kThree,
               {{601, 701}, {201, 301}, {401, 501}},
               ""},
        Judged{"an older one first", kThree, {{401, 501}, {601, 701}, {201, 301}}, "RFC2018-4"},
        Judged{"one left out", kThree, {{601, 701}, {201, 301}}, "RFC2018-5"},
        Judged{"one twice", kThree, {{601, 701}, {201, 301}, {201, 301}}, "RFC2018-5"},
        Judged{"four of five", kFive, {{1001, 1101}, {201, 301}, {401, 501}, {601, 701}}, ""},
        Judged{"three of five", kFive, {{1001, 1101}, {201, 301}, {401, 501}}, "RFC2018-5"},
        Judged{"joined", {{201, 301}, {401, 501}, {301, 401}}, {{201, 501}}, ""},
        Judged{"not joined", {{201, 301}, {301, 401}}, {{301, 401}, {201, 301}}, "RFC2018-4"},
        Judged{"a FIN alone, told", {{201, 201, true}}, {{201, 202}}, ""},
        Judged{"a FIN alone, not told", {{201, 201, true}}, {}, ""},
        Judged{"more than a FIN", {{201, 201, true}}, {{201, 203}}, "RFC2018-10"},
        Judged{"with its FIN", {{201, 301, true}}, {{201, 302}}, ""},
        Judged{"without its FIN", {{201, 301, true}}, {{201, 301}}, ""},
        Judged{"a FIN in place of text", {{201, 301}, {401, 401, true}}, {{401, 402}}, "RFC2018-5"},
        Judged{"the hole is filled", {{201, 301}, {1, 201}}, {}, ""},
        Judged{"reported when filled", {{201, 301}, {1, 201}}, {{201, 301}}, "RFC2883-2"}));

INSTANTIATE_TEST_SUITE_P(
    Dsack, SackJudged,
    ::testing::Values(
        Judged{"old text", {{1, 101}, {1, 101}}, {{1, 101}}, ""},
        Judged{"old text, not told", {{1, 101}, {1, 101}}, {}, "RFC2883-1"},
        Judged{"old text, too much told", {{1, 101}, {1, 51}}, {{1, 101}}, "RFC2883-4"},
        Judged{"told though new", {{1, 101}, {101, 201}}, {{1, 101}}, "RFC2883-2"},
        Judged{"part of it old", {{1, 101}, {51, 151}}, {{51, 101}}, ""},
        Judged{"all of it told", {{1, 101}, {51, 151}}, {{51, 151}}, "RFC2883-4"},
        Judged{"queued text", {{201, 401}, {201, 301}}, {{201, 301}, {201, 401}}, ""},
        Judged{"without its island", {{201, 401}, {201, 301}}, {{201, 301}}, "RFC2883-3"},
        Judged{"another island second",
               {{601, 701}, {201, 401}, {201, 301}},
               {{201, 301}, {601, 701}, {201, 401}},
               "RFC2883-3"},
        Judged{"old text beside an island",
               {{1, 101}, {201, 301}, {1, 101}},
               {{1, 101}, {201, 301}},
               ""},
        Judged{"the island left out", {{1, 101}, {201, 301}, {1, 101}}, {{1, 101}}, "RFC2018-5"},
        Judged{"a FIN again", {{1, 101, true}, {101, 101, true}}, {{101, 102}}, ""},
        Judged{"a FIN again, not told", {{1, 101, true}, {101, 101, true}}, {}, ""},
        Judged{"a FIN ahead again",
               {{201, 201, true}, {201, 201, true}},
               {{201, 202}, {201, 202}},
               ""},
        Judged{
            "a FIN ahead again, not told", {{201, 201, true}, {201, 201, true}}, {{201, 202}}, ""},
        Judged{"text where a FIN stood alone",
               {{201, 201, true}, {201, 301}},
               {{201, 202}, {201, 301}},
               ""},
        Judged{"text over text with a FIN",
               {{201, 301, true}, {251, 351}},
               {{251, 302}, {201, 351}},
               ""},
        Judged{
            "half way round", {{1, 101}, {0x80000065, 0x80000066}}, {{0x80000065, 0x80000066}}, ""},
        Judged{"half way round, not told", {{1, 101}, {0x80000065, 0x80000066}}, {}, ""},
        Judged{"a FIN at the number of text",
               {{201, 301}, {201, 201, true}},
               {{201, 202}, {201, 301}},
               ""},
        Judged{"an island again, not second",
               {{201, 301}, {401, 501}, {201, 301}},
               {{201, 301}, {401, 501}, {201, 301}},
               "RFC2883-3"},
        Judged{"text and FIN ahead again",
               {{201, 301, true}, {201, 301, true}},
               {{201, 302}, {201, 302}},
               ""},
        Judged{"text and FIN again", {{1, 101, true}, {1, 101, true}}, {{1, 102}}, ""}));

TEST(Sack, ADuplicateIsReportedOnce) {
  Receiver receiver;
  receiver.arrive({1, 101});
  receiver.acknowledge();
  receiver.arrive({1, 101});
  receiver.acknowledge();
  receiver.arrive({0, 0});  // old and empty: draws an ACK
  EXPECT_EQ(receiver.complaint({{1, 101}}), "RFC2883-2");
  EXPECT_EQ(receiver.complaint({}), "");
}

// An ACK that is delayed may answer the segment before the last.
TEST(Sack, ADuplicateMayBeReportedLate) {
  Receiver receiver;
  receiver.arrive({1, 101});
  receiver.acknowledge();
  receiver.arrive({1, 101});
  receiver.arrive({101, 201});
  EXPECT_EQ(receiver.complaint({{1, 101}}), "");
  EXPECT_EQ(receiver.complaint({{51, 101}}), "RFC2883-2");
  receiver.acknowledge();
  receiver.arrive({201, 301});
  EXPECT_EQ(receiver.complaint({{1, 101}}), "RFC2883-2");
}

TEST(Sack, ThreeBlocksFitBesideTimestamps) {
  Receiver receiver(true);
  for (const Piece& piece : kFive) {
    receiver.arrive(piece);
    receiver.acknowledge();
  }
  receiver.arrive({1201, 1301});
  EXPECT_EQ(receiver.complaint({{1201, 1301}, {201, 301}}), "RFC2018-5");
  EXPECT_EQ(receiver.complaint({{1201, 1301}, {201, 301}, {401, 501}}), "");
}

// --- the sender ----------------------------------------------------------------------------------

Profile sack_profile() {
  Profile profile = plain_profile();
  profile.sack = true;
  profile.initial_window = 10;
  return profile;
}

class Sender : public ::testing::Test {
 protected:
  void SetUp() override {
    Segment syn;
    syn.seq = Lab::kIrs;
    syn.flags = Flags(kSyn);
    syn.wnd = 65535;
    syn.options.mss = 100;
    syn.options.sack_permitted = true;
    lab_.tcp.open_passive(lab_.now, Lab::kIss);
    lab_.arrive(syn);
    lab_.take();
    Segment third;
    third.seq = Lab::kIrs + 1;
    third.ack = Lab::kIss + 1;
    third.flags = Flags(kAck);
    third.wnd = 65535;
    lab_.arrive(third);
    lab_.send(std::string(500, 'x'));
    ASSERT_EQ(lab_.take().size(), 5U);
  }

  // An ACK of `acked` octets that reports `blocks`, counted from the first octet of text.
  void acknowledge(uint32_t acked, const Pieces& blocks) {
    Segment segment;
    segment.seq = Lab::kIrs + 1;
    segment.ack = Lab::kIss + 1 + acked;
    segment.flags = Flags(kAck);
    segment.wnd = 65535;
    for (const Piece& block : blocks) {
      segment.options.sack[segment.options.sack_count++] = {Lab::kIss + 1 + block.left,
                                                            Lab::kIss + 1 + block.right};
    }
    lab_.arrive(segment);
  }

  // Where what it sends now begins, counted likewise, in one line.
  std::string sent() {
    std::string line;
    for (const Kept& kept : lab_.take()) {
      line += (line.empty() ? "" : " ") +
              std::to_string(Seq::distance(Lab::kIss + 1, kept.segment.seq)) + "+" +
              std::to_string(kept.text.size());
    }
    return line;
  }

  Lab lab_{sack_profile()};
};

TEST_F(Sender, SkipsWhatThePeerHolds) {
  acknowledge(0, {{100, 200}});
  acknowledge(0, {{300, 400}, {100, 200}});
  EXPECT_EQ(sent(), "");
  acknowledge(0, {{300, 500}, {100, 200}});
  EXPECT_EQ(sent(), "0+100");
  acknowledge(200, {{300, 500}});
  EXPECT_EQ(sent(), "200+100");
}

TEST_F(Sender, ForgetsWhatThePeerHoldsAfterATimeout) {
  acknowledge(0, {{100, 500}});
  lab_.wait(milliseconds(1500));
  EXPECT_EQ(sent(), "0+100");
  acknowledge(100, {});
  EXPECT_EQ(sent(), "100+100 200+100");
}

// Who holds what stands at SND.UNA would acknowledge it.
TEST_F(Sender, TakesNoReportOfWhatItsAckDenies) {
  for (int i = 0; i < 3; ++i) acknowledge(0, {{0, 200}});
  EXPECT_EQ(sent(), "0+100");
}

TEST_F(Sender, TakesNoReportBelowItsOwnAckForAHole) {
  acknowledge(400, {});
  for (int i = 0; i < 3; ++i) acknowledge(0, {{100, 200}});
  EXPECT_EQ(sent(), "");
}

}  // namespace
}  // namespace synfin::testing
