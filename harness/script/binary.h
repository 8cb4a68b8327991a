// Programs as protobuf octets, which may come from anywhere: a fuzzer, a damaged disk.
#pragma once

#include <string_view>

#include "harness/proto/program.pb.h"
#include "harness/wire/error.h"

namespace synfin::script {

// Reads a synfin.proto.Program. The error names the octet from which on it is none, counted from 0,
// and the field there: "octet 17, steps.time: 90 octets are announced and 12 are left".
Result<proto::Program> parse_binary(std::string_view octets);

}  // namespace synfin::script
