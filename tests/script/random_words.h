// The small pieces of random programs.
#pragma once

#include <string>

#include "harness/proto/program.pb.h"
#include "tests/script/random_program.h"

namespace synfin::script {

std::string random_word(Random& random);     // a lower-case word that the language does not use
std::string random_line(Random& random);     // not empty, no blanks at its ends
std::string random_comment(Random& random);  // no blanks at its end; perhaps empty
std::string random_shell(Random& random);    // what may stand between back-quotes
std::string random_code(Random& random);     // what may stand in %{ }%
std::string random_octets(Random& random, std::size_t size);
proto::Number random_number(Random& random, bool absolute);

}  // namespace synfin::script
