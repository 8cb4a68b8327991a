#include "harness/link/device.h"

#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "harness/link/error.h"
#include "harness/link/fd.h"

namespace synfin::link {
namespace {

constexpr std::array<std::string_view, 4> kPrefixes = {"net.ipv4.", "net.ipv6.", "net.core.",
                                                       "net.mptcp."};

bool is_safe(std::string_view name) {
  const bool known = std::any_of(kPrefixes.begin(), kPrefixes.end(),
                                 [&](std::string_view prefix) { return name.starts_with(prefix); });
  return known && name.find("..") == std::string_view::npos &&
         name.find('/') == std::string_view::npos && name.back() != '.';
}

Result<std::string> sysctl_path(const std::string& name) {
  std::string path = full_sysctl_name(name);
  if (!is_safe(path)) {
    return fail(
        "the sysctl " + name +
        " cannot be set: only those under net.ipv4, net.ipv6, net.core and net.mptcp belong "
        "to a namespace");
  }
  std::replace(path.begin(), path.end(), '.', '/');
  return "/proc/sys/" + path;
}

tl::unexpected<Error> explain_sysctl(const std::string& name, int error) {
  if (error == ENOENT) {
    return fail("the sysctl " + name + " does not exist in a network namespace of this kernel");
  }
  if (error == EACCES || error == EPERM) {
    return fail("the sysctl " + name +
                " cannot be changed in a network namespace: it is the host's");
  }
  if (error == EROFS) {
    return fail("cannot set the sysctl " + name +
                ": /proc/sys is read-only; remount it read-write (docker: --privileged)");
  }
  return fail_errno("cannot set or read the sysctl " + name, error);
}

}  // namespace

Result<unsigned> interface_index(const std::string& name) {
  const unsigned index = ::if_nametoindex(name.c_str());
  if (index == 0) return fail_errno("no interface " + name);
  return index;
}

Result<void> offloads_off(const std::string& name) {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("cannot open a socket for ethtool");
  for (const uint32_t command :
       {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_STXCSUM, ETHTOOL_SRXCSUM}) {
    ethtool_value value{};
    value.cmd = command;
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_data = static_cast<char*>(static_cast<void*>(&value));
    if (::ioctl(fd.get(), SIOCETHTOOL, &request) != 0 && errno != EOPNOTSUPP) {
      return fail_errno("cannot turn off the offloads of " + name);
    }
  }
  return {};
}

std::string full_sysctl_name(const std::string& name) {
  return name.find('.') == std::string::npos ? "net.ipv4." + name : name;
}

Result<void> set_sysctl(const std::string& name, const std::string& value) {
  const auto path = sysctl_path(name);
  if (!path) return tl::make_unexpected(path.error());
  const Fd fd(::open(path->c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return explain_sysctl(name, errno);
  if (::write(fd.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size())) {
    return explain_sysctl(name + "=" + value, errno);
  }
  return {};
}

Result<std::string> get_sysctl(const std::string& name) {
  const auto path = sysctl_path(name);
  if (!path) return tl::make_unexpected(path.error());
  const Fd fd(::open(path->c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return explain_sysctl(name, errno);
  std::array<char, 256> text{};
  const ssize_t size = ::read(fd.get(), text.data(), text.size());
  if (size < 0) return explain_sysctl(name, errno);
  std::string value(text.data(), static_cast<std::size_t>(size));
  while (!value.empty() && value.back() == '\n') value.pop_back();
  std::replace(value.begin(), value.end(), '\t', ' ');
  return value;
}

}  // namespace synfin::link
