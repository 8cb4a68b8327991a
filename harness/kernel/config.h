// How the kernels are configured: as small as hosts synfin, with a clock that jumps.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/wire/error.h"

namespace synfin::kernel {

struct Variant {
  std::string label;   // of a tree of one's own; empty: as it was released
  bool kasan = false;  // with the kernel's address sanitizer
};

// What Kconfig is given; all else is off.
std::string config_text(const Variant& variant);

// What make is given besides: KCOV in the files of TCP, which needs no change of the source.
std::vector<std::string> make_arguments(const Variant& variant);

// Eight hexadecimal digits over all of the above.
std::string config_id(const Variant& variant);

// Names an option that was asked for, that synfin cannot do without, and that Kconfig left out of
// `resolved`, the .config that it made.
Result<void> check_resolved(const Variant& variant, std::string_view resolved);

}  // namespace synfin::kernel
