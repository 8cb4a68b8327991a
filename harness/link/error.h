// Errors of the operating system as values.
#pragma once

#include <cerrno>
#include <string_view>

#include "harness/wire/error.h"

namespace synfin::link {

// "<what>: <strerror(error)>".
tl::unexpected<Error> fail_errno(std::string_view what, int error = errno);

}  // namespace synfin::link
