// Results as JSON: proto::RunResult in protobuf's own mapping, with the field names of the .proto.
#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "harness/proto/result.pb.h"
#include "harness/wire/error.h"

namespace synfin::report {

// Fields that have their default value are written too, so that every case has the same keys.
Result<std::string> to_json(const google::protobuf::Message& message);

// Writes to_json() to a file; "-" is the standard output.
Result<void> write_json(const google::protobuf::Message& message, const std::string& path);

// What write_json() wrote of a run. Fields that this version does not know are passed over.
Result<proto::RunResult> read_results(const std::string& path);

}  // namespace synfin::report
