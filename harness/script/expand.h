// Text to programs: `//@ each name = a | b` makes one program of every value.
#pragma once

#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "harness/proto/program.pb.h"
#include "harness/script/lexer.h"

namespace synfin::script {

// All programs of a text. Those of one with `each` lines have their values in their names: syn[S.].
tl::expected<std::vector<proto::Program>, ParseError> parse_all(std::string_view text,
                                                                std::string_view file_name,
                                                                const Defines& defines = {});

}  // namespace synfin::script
