// Programs from files, whatever their form. What a file holds tells its form, so that the inputs
// that a fuzzer has kept, which have no ending, are read like any other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/proto/program.pb.h"
#include "harness/script/lexer.h"
#include "harness/wire/error.h"

namespace synfin::script {

// All programs of a file of at most kMaxFileOctets. Text that begins with a field of
// proto::Program, or stands in a *.textproto, is protobuf's text form; any other text is .pkt,
// where `//@ each` makes several programs and words stand for what `defines` says. What is no text
// is the binary form. The error names the file and the place: line and column, or the octet.
Result<std::vector<proto::Program>> parse_file(const std::string& path,
                                               const Defines& defines = {});

// The same for octets that were read from `path`, or might have been.
Result<std::vector<proto::Program>> parse_octets(std::string_view octets, const std::string& path,
                                                 const Defines& defines = {});

// Whether the ending is one that programs have.
bool is_program_file(std::string_view path);

}  // namespace synfin::script
