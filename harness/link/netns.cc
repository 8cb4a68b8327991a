#include "harness/link/netns.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "harness/link/error.h"

namespace synfin::link {
namespace {

// The namespace that this thread was last moved to; 0: not known.
thread_local uint64_t current_inode = 0;

bool has_capabilities() {
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capget, &header, data) != 0) return false;
  for (const unsigned capability : {CAP_SYS_ADMIN, CAP_NET_ADMIN, CAP_NET_RAW}) {
    if ((data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability)) == 0) return false;
  }
  return true;
}

// Whether the process is in the first user namespace, which maps every id to itself.
bool in_first_user_namespace() {
  std::ifstream map("/proc/self/uid_map");
  uint64_t inside = 1;
  uint64_t outside = 1;
  uint64_t count = 0;
  map >> inside >> outside >> count;
  return inside == 0 && outside == 0 && count == 4294967295U;
}

Result<void> write_file(const std::string& path, const std::string& text) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return fail_errno("cannot open " + path);
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail_errno("cannot write " + path);
  }
  return {};
}

// The number that a file holds, or -1.
long read_number(const std::string& path) {
  std::ifstream file(path);
  long value = -1;
  return file >> value ? value : -1;
}

}  // namespace

std::string explain_user_namespace(int error, const std::string& proc) {
  const std::string start =
      "the linux stack needs root, or a user namespace, which this system forbids: ";
  if (read_number(proc + "/sys/kernel/unprivileged_userns_clone") == 0) {
    return start + "set the sysctl kernel.unprivileged_userns_clone=1 or run as root";
  }
  if (read_number(proc + "/sys/user/max_user_namespaces") == 0) {
    return start + "set the sysctl user.max_user_namespaces above 0 or run as root";
  }
  if (read_number(proc + "/sys/kernel/apparmor_restrict_unprivileged_userns") == 1) {
    return start + "set the sysctl kernel.apparmor_restrict_unprivileged_userns=0 or run as root";
  }
  if (error == EINVAL) {
    return "the linux stack must be made before the process starts its second thread, because a "
           "user namespace is entered by a whole process: make it first or run as root";
  }
  return fmt::format(
      "{}{}; allow unshare(CLONE_NEWUSER) (in a container: its seccomp profile) or run as root "
      "with "
      "CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_NET_RAW",
      start, error == 0 ? "it gives no capabilities" : std::generic_category().message(error));
}

Result<Privilege> acquire_privilege() {
  if (has_capabilities()) {
    return in_first_user_namespace() ? Privilege::kRoot : Privilege::kRootless;
  }
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (::unshare(CLONE_NEWUSER) != 0) return fail(explain_user_namespace(errno));
  for (const auto& [path, text] :
       {std::pair<std::string, std::string>{"/proc/self/setgroups", "deny"},
        {"/proc/self/uid_map", fmt::format("{} {} 1", uid, uid)},
        {"/proc/self/gid_map", fmt::format("{} {} 1", gid, gid)}}) {
    if (auto written = write_file(path, text); !written) {
      return fail(explain_user_namespace(0) + " (" + written.error().message + ")");
    }
  }
  if (!has_capabilities()) return fail(explain_user_namespace(0));
  return Privilege::kRootless;
}

Result<Netns> Netns::current() {
  Fd fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("cannot open /proc/thread-self/ns/net (is /proc mounted?)");
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("cannot stat the network namespace");
  current_inode = status.st_ino;
  return Netns(std::move(fd), status.st_ino);
}

const Netns* Netns::home() {
  thread_local const Result<Netns> home = current();
  return home ? &*home : nullptr;
}

Result<Netns> Netns::create() {
  if (::unshare(CLONE_NEWNET) != 0) {
    const int error = errno;
    if (error == EPERM) return fail(explain_user_namespace(0));
    return fail_errno("cannot create a network namespace (see the sysctl user.max_net_namespaces)",
                      error);
  }
  current_inode = 0;
  return current();
}

Result<void> Netns::enter() const {
  if (current_inode == inode_) return {};
  if (::setns(fd_.get(), CLONE_NEWNET) != 0) return fail_errno("cannot enter a network namespace");
  current_inode = inode_;
  return {};
}

}  // namespace synfin::link
