// Errors as values: a sentence that names the thing, the place and the way out.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace synfin {

struct Error {
  std::string message;
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(std::string message) {
  return tl::make_unexpected(Error{std::move(message)});
}

}  // namespace synfin
