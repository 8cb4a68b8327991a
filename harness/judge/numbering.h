// How a target numbers its connections: initial sequence numbers and timestamps of several
// connections of one case, and of one connection over time. No single segment can be right or wrong
// in this, and a target may have its reasons, so each rule is looked at only in cases that require
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/clause.h"
#include "engine/segment.h"
#include "engine/time.h"
#include "harness/judge/shadow.h"

namespace synfin::judge {

class Numbering {
 public:
  // `complaints` must outlive it.
  explicit Numbering(Complaints& complaints) : complaints_(&complaints) {}

  // A case begins; the rules that it is to test.
  void begin(const std::vector<std::string>& requirements);
  // The target sent `segment` on a connection of the case.
  void sent(Time now, uint16_t connection, const Segment& segment);

 private:
  struct Reading {
    uint32_t value = 0;
    Time at{};
  };
  struct Ends {
    std::optional<Reading> iss;      // of the last SYN
    std::optional<Reading> stamp;    // the first timestamp since
    std::optional<Reading> halfway;  // and one a while later: the rate of the clock
  };

  bool tests(Clause clause) const { return tested_.test(static_cast<std::size_t>(clause)); }
  void complain(Clause clause, uint16_t connection, std::string wanted, std::string got);
  void numbered(Time now, uint16_t connection, Ends& ends, uint32_t iss);
  void stamped(Time now, uint16_t connection, Ends& ends, uint32_t value);
  void rate(uint16_t connection, const Reading& from, const Reading& to);
  void compare(uint16_t connection, std::vector<uint32_t>& starts, uint32_t value, Clause clause,
               uint32_t near, const char* what);

  Complaints* complaints_;
  ClauseSet tested_;
  std::vector<Ends> ends_;              // by connection
  std::vector<uint32_t> first_isses_;   // of each connection, in the order of time
  std::vector<uint32_t> first_stamps_;  // likewise
};

}  // namespace synfin::judge
