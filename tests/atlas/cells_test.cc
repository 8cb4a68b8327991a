// How many cells there are, and that none is another one's twin.
#include "harness/atlas/cells.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "tests/atlas/maps.h"

namespace synfin::atlas {
namespace {

constexpr uint32_t kTurn = 1U << 31U;

// After ten octets each way, with windows of 10000 and 1460.
Variables established() {
  return {.iss_known = true,
          .snd_una = 11,
          .snd_nxt = 11,
          .snd_wnd = 10000,
          .snd_max_wnd = 10000,
          .irs_known = true,
          .rcv_nxt = 11,
          .rcv_wnd = 1460};
}

// Counted from the numbers alone: 32 sets of flags have ACK, 32 have not; each SEQ comes with every
// payload but the straddling one, which has a SEQ of its own.
std::size_t formula(const Variables& v) {
  const uint32_t left = v.rcv_nxt;
  const uint32_t right = left + v.rcv_wnd;
  const std::set<uint32_t> seqs = {
      0, left - 1, left, left + 1, left + v.rcv_wnd / 2, right - 1, right, right + 1, left + kTurn};
  const uint32_t una = v.snd_una;
  const uint32_t nxt = v.snd_nxt;
  const std::set<uint32_t> acks = {una - v.snd_max_wnd - 1,
                                   una - v.snd_max_wnd,
                                   una - 1,
                                   una,
                                   una + (nxt - una) / 2,
                                   nxt,
                                   nxt + 1,
                                   nxt + kTurn};
  const std::size_t s = v.irs_known ? seqs.size() : 1;
  const std::size_t a = v.iss_known ? acks.size() : 1;
  std::size_t segments = 2 * s;
  if (v.irs_known) segments += 1;
  if (v.irs_known && v.rcv_wnd > 0 && v.rcv_wnd + 1 < 65400) segments += s;
  return 32 * (a + 1) * segments;
}

TEST(Cells, AsManyAsTheFormulaSays) {
  EXPECT_EQ(cells_of(established(), {}).size(), 32U * (6 + 1) * (3 * 9 + 1));
  std::size_t total = 0;
  std::size_t wanted = 0;
  const Atlas& atlas = testing::reference_atlas();
  for (const auto& set_up : atlas.set_ups) {
    EXPECT_EQ(set_up.entries.size(), formula(set_up.variables)) << set_up.id;
    total += set_up.entries.size();
    wanted += formula(set_up.variables);
  }
  EXPECT_EQ(atlas.set_ups.size(), 18U);
  EXPECT_EQ(total, wanted);
  EXPECT_EQ(total, 96544U);
}

TEST(Cells, FurtherDimensionsMultiply) {
  const std::size_t plain = cells_of(established(), {}).size();
  EXPECT_EQ(cells_of(established(), {.ecn = true}).size(), 4 * plain);
  EXPECT_EQ(cells_of(established(), {.options = true}).size(), 5 * plain);
  EXPECT_EQ(cells_of(established(), {.ecn = true, .options = true}).size(), 20 * plain);
}

TEST(Cells, NoTwoAreTheSameSegment) {
  Variables v = established();
  for (const uint32_t window : {0U, 1U, 2U, 3U, 1460U, 65535U}) {
    for (const uint32_t in_flight : {0U, 1U, 2U, 10U}) {
      for (const uint32_t peer : {0U, 1U, 10000U}) {
        v.rcv_wnd = window;
        v.snd_nxt = v.snd_una + in_flight;
        v.snd_max_wnd = peer;
        std::set<std::tuple<uint8_t, uint32_t, uint32_t, uint32_t>> seen;
        for (const Cell& cell : cells_of(v, {})) {
          const Stimulus s = stimulus_of(cell, v);
          EXPECT_TRUE(seen.insert({s.flags.bits, s.seq, s.ack, s.length}).second)
              << describe(cell) << ", RCV.WND " << window;
        }
      }
    }
  }
}

TEST(Cells, ClassesThatCoincideHaveOneThatStandsForThem) {
  Variables v = established();
  v.rcv_wnd = 0;
  EXPECT_EQ(seq_classes(v), (std::vector{SeqClass::kIrs, SeqClass::kLeftBefore, SeqClass::kLeft,
                                         SeqClass::kLeftAfter, SeqClass::kOpposite}));
  EXPECT_EQ(representative(SeqClass::kRight, v), SeqClass::kLeft);
  EXPECT_EQ(representative(SeqClass::kRightBefore, v), SeqClass::kLeftBefore);
  EXPECT_EQ(payload_classes(v),
            (std::vector{PayloadClass::kEmpty, PayloadClass::kOne, PayloadClass::kStraddling}));
  v = established();
  v.rcv_nxt = 1;  // SYN-RECEIVED
  EXPECT_EQ(representative(SeqClass::kIrs, v), SeqClass::kLeftBefore);
  EXPECT_EQ(representative(AckClass::kBetween, v), AckClass::kUna);
  EXPECT_EQ(representative(AckClass::kNxt, v), AckClass::kUna);
  v.snd_nxt = 21;
  EXPECT_EQ(representative(AckClass::kBetween, v), AckClass::kBetween);
  EXPECT_EQ(representative(AckClass::kNxt, v), AckClass::kNxt);
}

// CLOSED and LISTEN have no numbers, SYN-SENT has only its own.
TEST(Cells, WhereNoNumberIsExpectedOneStandsForAll) {
  const Variables none;
  EXPECT_EQ(seq_classes(none), std::vector{SeqClass::kAny});
  EXPECT_EQ(ack_classes(none), std::vector{AckClass::kAny});
  EXPECT_EQ(cells_of(none, {}).size(), 64U * 2);
  const Variables syn_sent = {.iss_known = true, .snd_nxt = 1};
  EXPECT_EQ(ack_classes(syn_sent),
            (std::vector{AckClass::kUnaBefore, AckClass::kUna, AckClass::kNxt, AckClass::kNxtAfter,
                         AckClass::kOpposite}));
  EXPECT_EQ(representative(AckClass::kTooOld, syn_sent), AckClass::kUnaBefore);
}

TEST(Cells, FlagsAreReadAsTheyAreWritten) {
  for (unsigned bits = 0; bits < 256; ++bits) {
    EXPECT_EQ(find_flags(flags_text(Flags(bits))), Flags(bits)) << bits;
  }
  EXPECT_EQ(find_flags("S."), Flags(kSyn | kAck));
  EXPECT_EQ(find_flags("FPU"), Flags(kFin | kPsh | kUrg));
  EXPECT_EQ(find_flags("ACK,SYN"), Flags(kSyn | kAck));
  EXPECT_EQ(find_flags("X"), std::nullopt);
  EXPECT_EQ(find_flags("SYN-ACK"), std::nullopt);
}

}  // namespace
}  // namespace synfin::atlas
