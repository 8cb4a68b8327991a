// What the reference does in each state for each event, as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/engine/lab.h"

namespace synfin::testing {

struct MatrixEvent {
  std::string_view name;
  // Makes it happen; returns what the call answered, or nothing for a segment or a timeout.
  std::string_view (*happen)(Lab& lab, Segment& segment);
};

// User calls, segments and timeouts, in the order of RFC 9293 §3.10.
const std::vector<MatrixEvent>& matrix_events();

// "<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>; to CLOSED; signals connection reset".
std::string matrix_cell(const Profile& profile, Place place, const MatrixEvent& event);

// A block for each place, a line for each event.
std::string matrix(const Profile& profile);
// Only the lines in which the two differ; "- " before those of `a`, "+ " before those of `b`.
std::string matrix_difference(const Profile& a, const Profile& b);

}  // namespace synfin::testing
