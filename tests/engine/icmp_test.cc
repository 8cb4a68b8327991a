// ICMP errors, RFC 9293 §3.9.2.2.
#include <gtest/gtest.h>

#include "tests/engine/lab.h"

namespace synfin::testing {
namespace {

// MUST-56: soft errors leave the connection; SHLD-25: the user may know.
TEST(Icmp, SoftErrorsLeaveTheConnection) {
  Lab lab;
  lab.go_to(Place::kEstablished);
  lab.send("text");
  lab.take();
  lab.tcp.on_icmp(lab.now, IcmpError::kSoft, lab.tcb().snd.una);
  EXPECT_EQ(lab.state(), State::kEstablished);
  EXPECT_EQ(lab.tcp.poll_signal(), Signal::kSoftError);
}

// SHLD-26.
TEST(Icmp, HardErrorsAbort) {
  Lab lab;
  lab.go_to(Place::kSynSent);
  lab.tcp.on_icmp(lab.now, IcmpError::kHard, Lab::kIss);
  EXPECT_EQ(lab.state(), State::kClosed);
  EXPECT_EQ(lab.tcp.poll_signal(), Signal::kHardError);
}

// RFC 5461: where the profile says so, a synchronized connection takes a hard error for a soft one.
TEST(Icmp, HardErrorsMayBeSoftOnceSynchronized) {
  Profile profile = plain_profile();
  profile.hard_icmp_aborts_synchronized = false;
  Lab lab(profile);
  lab.go_to(Place::kEstablished);
  lab.send("text");
  lab.take();
  lab.tcp.on_icmp(lab.now, IcmpError::kHard, lab.tcb().snd.una);
  EXPECT_EQ(lab.state(), State::kEstablished);
}

// MUST-55.
TEST(Icmp, SourceQuenchIsDiscarded) {
  Lab lab;
  lab.go_to(Place::kSynSent);
  lab.tcp.on_icmp(lab.now, IcmpError::kSourceQuench, Lab::kIss);
  EXPECT_EQ(lab.state(), State::kSynSent);
  EXPECT_FALSE(lab.tcp.poll_signal());
}

// MUST-54 asks for the connection that caused it: what is not on its way has caused nothing.
TEST(Icmp, OnlyWhatIsInFlightCounts) {
  Lab lab;
  lab.go_to(Place::kSynSent);
  lab.tcp.on_icmp(lab.now, IcmpError::kHard, Lab::kIss + 1);
  lab.tcp.on_icmp(lab.now, IcmpError::kHard, Lab::kIss - 1);
  EXPECT_EQ(lab.state(), State::kSynSent);
}

// A soft one aborts nothing, whatever it is about: that is the rule that decides.
TEST(Icmp, SoftErrorsDecideWhateverTheyQuote) {
  Lab lab;
  lab.go_to(Place::kSynSent);
  lab.tcp.on_icmp(lab.now, IcmpError::kSoft, Lab::kIss + 1);
  EXPECT_EQ(lab.state(), State::kSynSent);
  EXPECT_EQ(lab.tcp.rules().last_clause(), Clause::kMust56);
}

}  // namespace
}  // namespace synfin::testing
