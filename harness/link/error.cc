#include "harness/link/error.h"

#include <fmt/format.h>

#include <system_error>

namespace synfin::link {

tl::unexpected<Error> fail_errno(std::string_view what, int error) {
  return fail(fmt::format("{}: {}", what, std::generic_category().message(error)));
}

}  // namespace synfin::link
