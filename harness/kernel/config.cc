#include "harness/kernel/config.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace synfin::kernel {
namespace {

// In groups: the clock that jumps; files and memory of the host; what an ordinary program needs;
// the network as the linux stack needs it; what a panic tells; coverage.
constexpr std::string_view kConfig = R"(CONFIG_64BIT=y
CONFIG_EXPERT=y
CONFIG_MULTIUSER=y
CONFIG_UML_TIME_TRAVEL_SUPPORT=y
CONFIG_NO_HZ_IDLE=y
CONFIG_HIGH_RES_TIMERS=y
CONFIG_POSIX_TIMERS=y
CONFIG_BLOCK=y
CONFIG_HOSTFS=y
CONFIG_MMAPPER=y
CONFIG_PROC_FS=y
CONFIG_PROC_SYSCTL=y
CONFIG_SYSFS=y
CONFIG_TMPFS=y
CONFIG_DEVTMPFS=y
CONFIG_DEVTMPFS_MOUNT=y
CONFIG_BINFMT_ELF=y
CONFIG_BINFMT_SCRIPT=y
CONFIG_FUTEX=y
CONFIG_EPOLL=y
CONFIG_EVENTFD=y
CONFIG_SIGNALFD=y
CONFIG_TIMERFD=y
CONFIG_SHMEM=y
CONFIG_IO_URING=y
CONFIG_FILE_LOCKING=y
CONFIG_MEMBARRIER=y
CONFIG_ADVISE_SYSCALLS=y
CONFIG_NAMESPACES=y
CONFIG_NET_NS=y
CONFIG_USER_NS=y
CONFIG_NET=y
CONFIG_UNIX=y
CONFIG_PACKET=y
CONFIG_INET=y
CONFIG_IPV6=y
CONFIG_INET_DIAG=y
CONFIG_INET_TCP_DIAG=y
CONFIG_INET_DIAG_DESTROY=y
CONFIG_SYN_COOKIES=y
CONFIG_TCP_MD5SIG=y
CONFIG_NETDEVICES=y
CONFIG_NET_CORE=y
CONFIG_TUN=y
CONFIG_VETH=y
CONFIG_PRINTK=y
CONFIG_PRINTK_TIME=y
CONFIG_BUG=y
CONFIG_PANIC_ON_OOPS=y
CONFIG_KALLSYMS=y
CONFIG_STDERR_CONSOLE=y
CONFIG_NULL_CHAN=y
CONFIG_CON_CHAN="null"
CONFIG_SSL_CHAN="null"
CONFIG_DEBUG_KERNEL=y
CONFIG_DEBUG_FS=y
CONFIG_KCOV=y
CONFIG_KCOV_ENABLE_COMPARISONS=y
)";

constexpr std::string_view kKasanConfig = R"(CONFIG_KASAN=y
CONFIG_KASAN_GENERIC=y
)";

// Without these nothing can be played; others an older kernel may lack.
constexpr std::array kIndispensable = {
    "UML_TIME_TRAVEL_SUPPORT", "HOSTFS", "MMAPPER", "DEVTMPFS", "NET_NS", "PACKET", "IPV6",
    "INET_TCP_DIAG",           "TUN",    "VETH"};

constexpr std::array kCovered = {
    "tcp",      "tcp_input",  "tcp_output",           "tcp_timer",       "tcp_ipv4",
    "tcp_ipv6", "tcp_cong",   "tcp_minisocks",        "tcp_fastopen",    "tcp_recovery",
    "tcp_rate", "syncookies", "inet_connection_sock", "inet_hashtables", "inet_timewait_sock"};

}  // namespace

std::string config_text(const Variant& variant) {
  std::string text(kConfig);
  if (variant.kasan) text += kKasanConfig;
  return text;
}

// With KASAN a file with globals has a constructor that tells of them, which would be covered too,
// and runs before there is anything that counts: such a kernel does not boot. So in covered files
// what lies behind a global is not watched. These flags come after those of KASAN.
std::vector<std::string> make_arguments(const Variant& variant) {
  std::vector<std::string> arguments;
  if (variant.kasan) {
    arguments.emplace_back(
        "CFLAGS_KCOV=-fsanitize-coverage=trace-pc -fsanitize-coverage=trace-cmp "
        "--param asan-globals=0");
  }
  for (const char* file : kCovered) {
    arguments.push_back(fmt::format("KCOV_INSTRUMENT_{}.o=y", file));
  }
  return arguments;
}

std::string config_id(const Variant& variant) {
  std::string all = config_text(variant);
  for (const std::string& argument : make_arguments(variant)) all += argument + "\n";
  uint32_t hash = 2166136261U;  // FNV-1a
  for (const char c : all) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return fmt::format("{:08x}", hash);
}

Result<void> check_resolved(const Variant& variant, std::string_view resolved) {
  const auto has = [&](std::string_view option) {
    return resolved.find(fmt::format("\nCONFIG_{}=y\n", option)) != std::string_view::npos;
  };
  for (const char* option : kIndispensable) {
    if (!has(option)) {
      return fail(
          fmt::format("this source has no CONFIG_{} for User-Mode Linux: synfin needs a "
                      "tree from 5.10 on",
                      option));
    }
  }
  if (variant.kasan && !has("KASAN")) {
    return fail("this source has no KASAN for User-Mode Linux: that came with 5.19");
  }
  return {};
}

}  // namespace synfin::kernel
