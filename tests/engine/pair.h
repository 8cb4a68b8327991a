// Two references joined by a network in virtual time, for tests.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "engine/reference.h"

namespace synfin::testing {

// A segment on its way, with text of its own.
struct Flying {
  Segment segment;
  std::vector<uint8_t> text;
  Time arrives{};
};

// One end: a reference, what its user has sent and received.
struct End {
  End(const Profile& its_profile, ClauseSet* coverage)
      : profile(its_profile), tcp(profile, coverage) {}
  End(const End&) = delete;
  End& operator=(const End&) = delete;
  const Profile profile;
  Reference tcp;
  std::vector<uint8_t> received;
  std::vector<Signal> signals;
  bool saw_end = false;
};

class Pair {
 public:
  // What the network does to a segment: how many copies arrive, each after its own delay.
  using Fate = std::function<std::vector<Duration>(bool from_a, const Segment&)>;

  explicit Pair(const Profile& a_profile = {}, const Profile& b_profile = {},
                ClauseSet* coverage = nullptr)
      : a(a_profile, coverage), b(b_profile, coverage) {}

  // Lets everything happen that can happen at this moment and moves on to the next deadline, until
  // `until` or until nothing is pending. Returns the time reached.
  Time run(Time until);
  // Sends and delivers what is pending without letting time pass.
  void settle();

  End a;
  End b;
  Time now{std::chrono::seconds(1)};
  Fate fate;                 // empty: every segment arrives once, after 1 ms
  std::size_t segments = 0;  // sent so far by both
  std::string log;           // one line a segment

 private:
  bool pump(End& from, std::deque<Flying>& wire, bool from_a);
  bool deliver(std::deque<Flying>& wire, End& to);
  void read(End& end);
  Time next_event() const;

  std::deque<Flying> to_a_;
  std::deque<Flying> to_b_;
};

std::string describe(const Segment& segment);

}  // namespace synfin::testing
