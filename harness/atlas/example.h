// A cell as a program of its own: the set-up, the segment by its symbols, the quiet time.
#pragma once

#include <string>
#include <vector>

#include "harness/atlas/domain.h"
#include "harness/proto/program.pb.h"
#include "harness/wire/error.h"

namespace synfin::atlas {

// `comments` stand at its head. An error says what of the set-up cannot be read.
Result<proto::Program> cell_as_program(const Atlas& atlas, const Place& place,
                                       const std::vector<std::string>& comments);

// The segment of a cell, its numbers by name where they have one.
proto::Segment segment_of(const Cell& cell, const Variables& variables);

}  // namespace synfin::atlas
