// Text to program. LANGUAGE.md has the grammar.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "harness/proto/program.pb.h"
#include "harness/script/lexer.h"

namespace synfin::script {

// One program. Text that uses `//@ each` holds several: see expand.h.
tl::expected<proto::Program, ParseError> parse(std::string_view text, std::string_view file_name,
                                               const Defines& defines = {});

// "listen/syn" for "any/specs/listen/syn.pkt".
std::string program_name(std::string_view file_name);

}  // namespace synfin::script
