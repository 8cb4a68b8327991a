// Programs from files: .pkt text, protobuf text or binary.
#pragma once

#include <string>
#include <vector>

#include "harness/proto/program.pb.h"
#include "harness/script/lexer.h"
#include "harness/wire/error.h"

namespace synfin::cli {

// All programs of a file, by its ending: .textproto, .txtpb and .prototxt are protobuf's text form,
// .pb, .binpb and .bin its binary form, everything else is .pkt. Those of the text form that use
// `//@ each` are several. An error names the file and, where there is one, line and column.
// Words of a .pkt stand for what `defines` says.
Result<std::vector<proto::Program>> load_programs(const std::string& path,
                                                  const script::Defines& defines = {});

// Definitions as the command line has them: NAME=value.
script::Defines defines_of(const std::vector<std::string>& texts);
// Checks one of them; the sentence that CLI11 shows when it is none.
std::string check_define(const std::string& text);

// Whether the ending is one of those above.
bool is_program_file(const std::string& path);

}  // namespace synfin::cli
