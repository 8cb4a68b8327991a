// The model as messages of its file, and back with every number checked.
#pragma once

#include "harness/atlas/atlas.h"
#include "harness/atlas/interner.h"
#include "harness/proto/atlas.pb.h"
#include "harness/wire/error.h"

namespace synfin::atlas {

proto::atlas::Header to_header(const Atlas& atlas);
// With those of `behaviours` that its entries name.
proto::atlas::SetUp to_message(const SetUp& set_up, const std::vector<Behaviour>& behaviours);

// An error says what no atlas has.
Result<void> read_header(const proto::atlas::Header& header, Atlas& atlas);
// The entries name behaviours of `interner`.
Result<SetUp> read_set_up(const proto::atlas::SetUp& message, const With& with, Interner& interner);

}  // namespace synfin::atlas
