// The timers of one connection: how often it sends again, probes, keeps alive and delays.
#include <gtest/gtest.h>

#include <vector>

#include "tests/engine/lab.h"

namespace synfin::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// When it sends something, from now on for so long.
std::vector<Duration> times_of_sending(Lab& lab, Duration span) {
  const Time start = lab.now;
  std::vector<Duration> times;
  while (lab.tcp.next_deadline() <= start + span) {
    lab.wait(lab.tcp.next_deadline() - lab.now);
    if (!lab.take().empty()) times.push_back(lab.now - start);
  }
  return times;
}

// RFC 6298 §5 (5.5), (5.6) and the limit of (2.5).
TEST(Timers, RetransmissionsBackOff) {
  for (const Place place :
       {Place::kSynSent, Place::kSynReceivedPassive, Place::kFinWait1, Place::kLastAck}) {
    Lab lab;
    lab.go_to(place);
    const auto times = times_of_sending(lab, seconds(20));
    EXPECT_EQ(times, (std::vector<Duration>{seconds(1), seconds(3), seconds(7), seconds(15)}))
        << to_string(place);
  }
  Lab lab;
  lab.go_to(Place::kEstablished);
  lab.send("text");
  lab.take();
  const auto times = times_of_sending(lab, minutes(10));
  ASSERT_GT(times.size(), 8U);
  EXPECT_EQ(times[8] - times[7], seconds(60)) << "the longest timeout";
}

// §3.10.8: the user timeout, and R2 with it, is signalled "for any state".
TEST(Timers, GivingUpIsSignalled) {
  for (const Place place : {Place::kSynSent, Place::kSynReceivedPassive, Place::kSynReceivedActive,
                            Place::kFinWait1, Place::kLastAck}) {
    Lab lab;
    lab.go_to(place);
    lab.wait(std::chrono::hours(2));
    EXPECT_EQ(lab.state(), State::kClosed) << to_string(place);
    EXPECT_EQ(lab.take_signals(), (std::vector{Signal::kDeliveryTrouble, Signal::kUserTimeout}))
        << to_string(place);
  }
}

// §3.9.1.1: the user timeout runs from the SEND, also where a closed window keeps the text back.
TEST(Timers, TheUserTimeoutCountsTextThatWaits) {
  Profile profile = plain_profile();
  profile.user_timeout = seconds(3);
  Lab lab(profile);
  lab.go_to(Place::kEstablished);
  Segment closed = lab.next();
  closed.wnd = 0;
  lab.arrive(closed);
  lab.wait(seconds(10));
  EXPECT_EQ(lab.state(), State::kEstablished);
  lab.send("text");
  lab.wait(milliseconds(2999));
  EXPECT_EQ(lab.state(), State::kEstablished);
  lab.wait(milliseconds(1));
  EXPECT_EQ(lab.state(), State::kClosed);
}

// §3.8.6.1: SHLD-29, SHLD-30.
TEST(Timers, ProbesOfAClosedWindowBackOff) {
  Lab lab;
  lab.go_to(Place::kEstablished);
  Segment closed = lab.next();
  closed.wnd = 0;
  lab.arrive(closed);
  lab.send("text");
  EXPECT_TRUE(lab.take().empty());
  std::vector<Duration> times;
  const Time start = lab.now;
  for (int i = 0; i < 4; ++i) {
    lab.wait(lab.tcp.next_deadline() - lab.now);
    EXPECT_EQ(lab.take().size(), 1U);
    times.push_back(lab.now - start);
    lab.arrive(closed);  // the peer answers
    EXPECT_TRUE(lab.take().empty());
  }
  EXPECT_EQ(times, (std::vector<Duration>{seconds(1), seconds(3), seconds(7), seconds(15)}));
}

// §3.8.4: MUST-25, MUST-26, MUST-27.
TEST(Timers, KeepAlivesAreSentOnlyWhileIdle) {
  Lab lab;
  lab.go_to(Place::kEstablished);
  EXPECT_TRUE(times_of_sending(lab, std::chrono::hours(3)).empty()) << "off by default";
  lab.tcp.set_keepalive(lab.now, true, seconds(10), seconds(2), 5);
  EXPECT_EQ(times_of_sending(lab, seconds(13)), (std::vector<Duration>{seconds(10), seconds(12)}));
  lab.arrive(lab.next());
  lab.send("text");
  lab.take();
  // Only the retransmissions, though it is silent for longer than the keep-alive's time.
  EXPECT_EQ(times_of_sending(lab, seconds(20)),
            (std::vector<Duration>{seconds(1), seconds(3), seconds(7), seconds(15)}));
}

// §3.8.6.3: MUST-40.
TEST(Timers, AcknowledgmentsAreDelayed) {
  Profile profile = plain_profile();
  profile.delayed_ack = milliseconds(200);
  Lab lab(profile);
  lab.go_to(Place::kEstablished);
  const std::vector<uint8_t> text{'x'};
  Segment segment = lab.next();
  segment.text = text;
  lab.arrive(segment);
  EXPECT_TRUE(lab.take().empty());
  EXPECT_EQ(times_of_sending(lab, seconds(5)), std::vector<Duration>{milliseconds(200)});
}

// MUST-13; §3.10.7.4 steps 5 and 8.
TEST(Timers, TimeWaitStartsAnewWithTheFin) {
  const Duration two_msl = 2 * plain_profile().msl;
  Lab lab;
  lab.go_to(Place::kTimeWait);
  lab.wait(two_msl / 2);
  Segment fin = lab.next(kFin | kAck);
  fin.seq = fin.seq - 1;
  lab.arrive(fin);
  EXPECT_EQ(lab.take().size(), 1U);
  lab.wait(two_msl - milliseconds(1));
  EXPECT_EQ(lab.state(), State::kTimeWait);
  lab.wait(milliseconds(1));
  EXPECT_EQ(lab.state(), State::kClosed);
}

// MUST-61: the last segment of what was sent carries PSH, and no other has to.
TEST(Timers, TheEndOfTheTextIsPushed) {
  Lab lab;
  lab.go_to(Place::kEstablished);
  lab.send(std::string(1200, 'x'));
  lab.arrive(lab.next());
  const auto sent = lab.take();
  ASSERT_GE(sent.size(), 2U);
  EXPECT_FALSE(sent.front().segment.flags.psh());
  lab.arrive(lab.next());
  const auto rest = lab.take();
  EXPECT_TRUE((rest.empty() ? sent : rest).back().segment.flags.psh());
}

}  // namespace
}  // namespace synfin::testing
