#include "harness/kernel/version.h"

#include <sys/utsname.h>

#include <cctype>

namespace synfin::kernel {
namespace {

// Takes the next number off the front of a version; what is not a digit separates.
unsigned long next_number(std::string_view& version) {
  while (!version.empty() && std::isdigit(static_cast<unsigned char>(version.front())) == 0) {
    version.remove_prefix(1);
  }
  unsigned long number = 0;
  while (!version.empty() && std::isdigit(static_cast<unsigned char>(version.front())) != 0) {
    number = number * 10 + static_cast<unsigned long>(version.front() - '0');
    version.remove_prefix(1);
  }
  return number;
}

}  // namespace

bool older(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const unsigned long left = next_number(a);
    const unsigned long right = next_number(b);
    if (left != right) return left < right;
  }
  return false;
}

std::string running_version() {
  utsname system{};
  ::uname(&system);
  const std::string release = system.release;
  return release.substr(0, release.find_first_not_of("0123456789."));
}

}  // namespace synfin::kernel
