// Programs from files: .pkt text, protobuf text or binary.
#pragma once

#include <string>
#include <vector>

#include "harness/proto/program.pb.h"
#include "harness/wire/error.h"

namespace synfin::cli {

// All programs of a file, by its ending: .textproto, .txtpb and .prototxt are protobuf's text form,
// .pb, .binpb and .bin its binary form, everything else is .pkt. Those of the text form that use
// `//@ each` are several. An error names the file and, where there is one, line and column.
Result<std::vector<proto::Program>> load_programs(const std::string& path);

// Whether the ending is one of those above.
bool is_program_file(const std::string& path);

}  // namespace synfin::cli
