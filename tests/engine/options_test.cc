// What RFC 7323, 5482 and 5961 §7 leave that no script can show, or only with much waiting.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/engine/lab.h"

namespace synfin::testing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr uint32_t kStamp = 5000;

Profile stamped_profile() {
  Profile profile = plain_profile();
  profile.timestamps = true;
  return profile;
}

// Opened by a peer that stamps its segments with kStamp.
void open_stamped(Lab& lab) {
  Segment syn;
  syn.seq = Lab::kIrs;
  syn.flags = Flags(kSyn);
  syn.wnd = Lab::kPeerWindow;
  syn.options.timestamps = Timestamps{kStamp, 0};
  lab.tcp.open_passive(lab.now, Lab::kIss);
  lab.arrive(syn);
  lab.take();
  Segment third = lab.next();
  third.options.timestamps = Timestamps{kStamp, 0};
  lab.arrive(third);
  ASSERT_EQ(lab.state(), State::kEstablished);
  lab.take();
}

std::string read_after(Lab& lab, Duration idle) {
  static const std::string kTwo = "ab";
  lab.wait(idle);
  Segment old = lab.next();
  old.options.timestamps = Timestamps{kStamp - 1, 0};
  const std::vector<uint8_t> text(kTwo.begin(), kTwo.end());
  old.text = text;
  lab.arrive(old);
  return lab.read();
}

// RFC 7323 §5.5.
TEST(Timestamps, AreOutdatedAfter24Days) {
  Lab soon(stamped_profile());
  open_stamped(soon);
  EXPECT_EQ(read_after(soon, hours(24 * 24)), "");
  Lab late(stamped_profile());
  open_stamped(late);
  EXPECT_EQ(read_after(late, hours(24 * 24) + seconds(1)), "ab");
}

// RFC 7323 §5.3: the SYN,ACK that ends a simultaneous open is a segment as others are.
TEST(Timestamps, OfTheSynAckOfASimultaneousOpenAreEchoed) {
  Lab lab(stamped_profile());
  lab.go_to(Place::kSynSent);
  Segment syn = lab.next(kSyn);
  syn.options.timestamps = Timestamps{kStamp, 0};
  lab.arrive(syn);
  ASSERT_EQ(lab.state(), State::kSynReceived);
  lab.take();
  Segment syn_ack = lab.next(kSyn | kAck);
  syn_ack.seq = Lab::kIrs;
  syn_ack.options.timestamps = Timestamps{kStamp + 1, 0};
  lab.arrive(syn_ack);
  ASSERT_EQ(lab.state(), State::kEstablished);
  EXPECT_EQ(lab.tcb().ts_recent, kStamp + 1);
}

// RFC 7323 §5.3 R3 comes before the ACK field is looked at; a stack may have it the other way
// round.
TEST(Timestamps, OfARefusedAckAreAChoice) {
  for (const bool updates : {false, true}) {
    Profile profile = stamped_profile();
    profile.refused_acks_update_timestamps = updates;
    Lab lab(profile);
    open_stamped(lab);
    Segment ahead = lab.next();
    ahead.ack += 1;
    ahead.options.timestamps = Timestamps{kStamp + 1, 0};
    lab.arrive(ahead);
    EXPECT_EQ(lab.tcb().ts_recent, updates ? kStamp + 1 : kStamp);
    Segment good = lab.next();
    good.options.timestamps = Timestamps{kStamp + 2, 0};
    lab.arrive(good);
    EXPECT_EQ(lab.tcb().ts_recent, kStamp + 2);
  }
}

TEST(Timestamps, HalfWayRoundIsNoOlderThanNewer) {
  Lab lab(stamped_profile());
  open_stamped(lab);
  Segment half_way = lab.next();
  half_way.options.timestamps = Timestamps{kStamp + 0x80000000, 0};
  lab.arrive(half_way);
  EXPECT_EQ(lab.tcb().ts_recent, kStamp + 0x80000000);
}

// Of what PAWS lets through beyond the rule, a half-open connection at a listener has nothing.
TEST(Timestamps, SlackIsForTheSynchronized) {
  Profile profile = stamped_profile();
  profile.paws_slack = 1;
  Lab open(profile);
  open_stamped(open);
  EXPECT_EQ(read_after(open, Duration{0}), "ab");
  Lab half_open(profile);
  half_open.go_to(Place::kListen);
  Segment syn = half_open.next(kSyn);
  syn.options.timestamps = Timestamps{kStamp, 0};
  half_open.arrive(syn);
  half_open.take();
  Segment third = half_open.next();
  third.options.timestamps = Timestamps{kStamp - 1, 0};
  half_open.arrive(third);
  EXPECT_EQ(half_open.state(), State::kSynReceived);
}

TEST(Timestamps, CountFromTheOffset) {
  for (const uint32_t offset : {0U, 1000000U}) {
    Lab lab(stamped_profile());
    lab.tcp.set_timestamp_offset(offset);
    open_stamped(lab);
    lab.send("x");
    const auto sent = lab.take();
    ASSERT_EQ(sent.size(), 1U);
    const auto clock = std::chrono::duration_cast<milliseconds>(lab.now.time_since_epoch());
    EXPECT_EQ(sent.front().segment.options.timestamps->value,
              static_cast<uint32_t>(clock.count()) + offset);
  }
}

// RFC 7323 §2.4: the window reaches to the furthest edge that was ever told.
TEST(WindowScale, TheFurthestEdgeIsKept) {
  Profile profile = plain_profile();
  profile.window_scale = 7;
  Lab lab(profile);
  Segment syn;
  syn.seq = Lab::kIrs;
  syn.flags = Flags(kSyn);
  syn.wnd = Lab::kPeerWindow;
  syn.options.window_scale = 0;
  lab.tcp.open_passive(lab.now, Lab::kIss);
  lab.arrive(syn);
  lab.take();
  lab.arrive(lab.next());
  const Seq edge = lab.tcb().rcv.edge;
  const std::vector<uint8_t> text(3, 'x');
  for (int i = 0; i < 50; ++i) {
    Segment segment = lab.next();
    segment.text = text;
    lab.arrive(segment);
    lab.take();
    EXPECT_TRUE(lab.tcb().rcv.edge.at_or_after(edge));
    EXPECT_EQ(lab.tcb().rcv.nxt + lab.tcb().rcv.wnd(), lab.tcb().rcv.edge);
  }
}

// RFC 7323 §5.2.
TEST(Resets, AreStampedWhereTheirCauseIs) {
  Lab lab(stamped_profile());
  Segment stray = lab.next();
  stray.flags = Flags(kAck);
  stray.options.timestamps = Timestamps{77, 5};
  lab.arrive(stray);
  auto sent = lab.take();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent.front().segment.options.timestamps, (Timestamps{0, 77}));
  stray.options.timestamps.reset();
  lab.arrive(stray);
  sent = lab.take();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent.front().segment.options.timestamps, std::nullopt);
}

// RFC 5961 §7.
TEST(ChallengeAcks, AreThrottled) {
  Profile profile = plain_profile();
  profile.challenge_ack_interval = milliseconds(500);
  Lab lab(profile);
  lab.go_to(Place::kEstablished);
  Segment reset = lab.next(kRst);
  reset.seq = reset.seq + 1;
  std::vector<std::size_t> answers;
  for (const int pause : {0, 1, 498, 1, 1}) {
    lab.wait(milliseconds(pause));
    lab.arrive(reset);
    answers.push_back(lab.take().size());
  }
  EXPECT_EQ(answers, (std::vector<std::size_t>{1, 0, 0, 1, 0}));
}

// RFC 5961 §5.2 counts the window of the SYN; who forgets it has a narrower range.
TEST(OldAcks, AreMeasuredByTheWidestWindow) {
  for (const bool forgets : {false, true}) {
    Profile profile = plain_profile();
    profile.forgets_window_of_syn = forgets;
    Lab lab(profile);
    lab.go_to(Place::kSynReceivedPassive);
    const uint16_t widest = lab.tcb().snd.wnd;
    Segment third = lab.next();
    third.wnd = 100;
    lab.arrive(third);
    EXPECT_EQ(lab.tcb().snd.max_wnd, forgets ? 100U : widest);
  }
}

// RFC 5961 §5.2, MAY-12; who refuses what acknowledges none of its octets has a narrower range.
TEST(OldAcks, AreRefusedBelowTheRange) {
  for (const Place place : {Place::kEstablished, Place::kSynSent}) {
    for (const bool narrow : {false, true}) {
      Profile profile = plain_profile();
      profile.refuses_acks_before_first_octet = narrow;
      Lab lab(profile);
      lab.go_to(place);
      if (place == Place::kSynSent) {
        lab.arrive(lab.next(kSyn | kAck));
        lab.take();
      }
      const Seq first = place == Place::kSynSent ? Lab::kIss : Lab::kIss + 1;
      const Seq lowest = narrow ? first : Lab::kIss + 1 - Lab::kPeerWindow;
      Segment text = lab.next();
      const std::array<uint8_t, 1> octet = {'x'};
      text.text = octet;
      text.ack = lowest - 1;
      lab.arrive(text);
      EXPECT_EQ(lab.tcb().rcv.nxt, text.seq) << to_string(place) << narrow;
      text.ack = lowest;
      lab.arrive(text);
      EXPECT_EQ(lab.tcb().rcv.nxt, text.seq + 1) << to_string(place) << narrow;
    }
  }
}

// --- RFC 5482 ------------------------------------------------------------------------------------

struct Adoption {
  uint16_t option;
  Duration adopted;
};

TEST(UserTimeout, IsTheLongerOfBothWithinLimits) {
  Profile profile = plain_profile();
  profile.user_timeout_option = true;
  profile.advertised_user_timeout = minutes(2);
  for (const auto& [option, adopted] :
       {Adoption{1, minutes(2)}, Adoption{0x8003, minutes(3)}, Adoption{600, minutes(10)},
        Adoption{0xffff, hours(24)}, Adoption{0, seconds(0)}, Adoption{0x8000, seconds(0)}}) {
    Lab lab(profile);
    lab.go_to(Place::kEstablished);
    Segment segment = lab.next();
    segment.options.user_timeout = option;
    lab.arrive(segment);
    EXPECT_EQ(lab.tcp.rules().adopted_user_timeout(), adopted) << option;
  }
}

TEST(UserTimeout, IsNotAdoptedAgainstTheUserNorUnasked) {
  Profile profile = plain_profile();
  for (const bool enabled : {false, true}) {
    profile.user_timeout_option = enabled;
    Lab lab(profile);
    lab.go_to(Place::kEstablished);
    if (enabled) lab.tcp.set_user_timeout(lab.now, seconds(30));
    Segment segment = lab.next();
    segment.options.user_timeout = 600;
    lab.arrive(segment);
    EXPECT_EQ(lab.tcp.rules().adopted_user_timeout(), seconds(0));
  }
}

TEST(UserTimeout, IsToldUntilASegmentWithoutSynHasIt) {
  Profile profile = plain_profile();
  profile.user_timeout_option = true;
  profile.advertised_user_timeout = hours(10);
  Lab lab(profile);
  lab.go_to(Place::kEstablished);
  std::vector<std::optional<uint16_t>> told;
  const auto tell = [&] {
    lab.send("x");
    for (const Kept& kept : lab.take()) told.push_back(kept.segment.options.user_timeout);
    lab.arrive(lab.next());
  };
  tell();
  tell();
  lab.tcp.set_user_timeout(lab.now, seconds(90));
  tell();
  tell();
  EXPECT_EQ(told,
            (std::vector<std::optional<uint16_t>>{0x8000 | 600, std::nullopt, 90, std::nullopt}));
}

}  // namespace
}  // namespace synfin::testing
