#include "harness/stack/linux_settings.h"

#include <unistd.h>

#include <array>

#include "harness/link/device.h"

namespace synfin::stack {
namespace {

constexpr auto kSettings = std::to_array<LinuxSetting>({
    // What one case learns must not change the next.
    {"net.ipv4.tcp_no_metrics_save", "1", false, true},
    // Rate limits hide answers.
    {"net.ipv4.tcp_invalid_ratelimit", "0", false, true},
    {"net.ipv4.tcp_challenge_ack_limit", "2147483647", false, false},
    {"net.ipv4.icmp_ratelimit", "0", false, true},
    {"net.ipv4.icmp_msgs_per_sec", "1000000", false, false},
    {"net.ipv4.icmp_msgs_burst", "1000000", false, false},
    {"net.ipv6.icmp.ratelimit", "0", true, false},
    // A listener under load must answer as an idle one does.
    {"net.ipv4.tcp_syncookies", "0", false, false},
    {"net.ipv4.tcp_max_syn_backlog", "4096", false, false},
    {"net.ipv4.tcp_max_tw_buckets", "262144", false, false},
    // Tail loss probes come long before the retransmission timer, at times no RFC gives.
    {"net.ipv4.tcp_early_retrans", "0", false, true},
    // Ports that the kernel chooses are never those of a case.
    {"net.ipv4.ip_local_port_range", "61000 65535", false, true},
    {"net.ipv4.conf.all.rp_filter", "0", false, true},
    {"net.ipv4.conf.default.rp_filter", "0", false, true},
    {"net.ipv4.conf.all.accept_redirects", "0", false, true},
    {"net.ipv4.conf.default.accept_redirects", "0", false, true},
    // No packets that no case asked for: duplicate address detection, router solicitations,
    // link-local addresses.
    {"net.ipv6.conf.all.disable_ipv6", "0", true, true},
    {"net.ipv6.conf.default.disable_ipv6", "0", true, true},
    {"net.ipv6.conf.all.accept_dad", "0", true, true},
    {"net.ipv6.conf.default.accept_dad", "0", true, true},
    {"net.ipv6.conf.default.router_solicitations", "0", true, true},
    {"net.ipv6.conf.default.accept_ra", "0", true, true},
    {"net.ipv6.conf.default.addr_gen_mode", "1", true, true},
    {"net.ipv6.conf.default.accept_redirects", "0", true, true},
});

wire::Address ipv6(uint16_t third, uint16_t last) {
  wire::Address address{.v6 = true, .octets = {0x20, 0x01, 0x0d, 0xb8}};
  address.octets[4] = static_cast<uint8_t>(third >> 8U);
  address.octets[5] = static_cast<uint8_t>(third & 0xffU);
  address.octets[14] = static_cast<uint8_t>(last >> 8U);
  address.octets[15] = static_cast<uint8_t>(last & 0xffU);
  return address;
}

}  // namespace

std::span<const LinuxSetting> linux_settings() { return kSettings; }

const LinuxAddresses& linux_addresses(bool v6) {
  static const LinuxAddresses kV4 = {.target = wire::Address::ipv4(192, 0, 2, 1),
                                     .router = wire::Address::ipv4(192, 0, 2, 254),
                                     .remotes = wire::Address::ipv4(10, 128, 0, 0),
                                     .remotes_prefix = 9};
  static const LinuxAddresses kV6 = {
      .target = ipv6(0, 1), .router = ipv6(0, 0xfe), .remotes = ipv6(1, 0), .remotes_prefix = 64};
  return v6 ? kV6 : kV4;
}

LinuxAddresses own_addresses(bool v6, const script::Place& place) {
  constexpr std::array<uint8_t, 16> kTarget = {0xfd, 0x3d, 0x0a, 0x0b, 0x17, 0xd6, 0, 0,
                                               0,    0,    0,    0,    0,    0,    0, 1};
  constexpr std::array<uint8_t, 16> kRemote = {0xfd, 0x3d, 0xfa, 0x7b, 0xd1, 0x7d, 0, 0,
                                               0,    0,    0,    0,    0,    0,    0, 1};
  LinuxAddresses out;
  if (v6) {
    out.target = place.local.value_or(wire::Address{.v6 = true, .octets = kTarget});
    out.remotes = place.remote.value_or(wire::Address{.v6 = true, .octets = kRemote});
    out.remotes_prefix = 128;
  } else {
    out.target = place.local.value_or(wire::Address::ipv4(192, 168, 0, 1));
    out.remotes = place.remote.value_or(wire::Address::ipv4(192, 0, 2, 1));
    out.remotes_prefix = 32;
  }
  out.router = out.target;
  out.router.octets[v6 ? 15 : 3] ^= 0xfe;
  return out;
}

bool linux_has_ipv6() { return ::access("/proc/sys/net/ipv6/conf/all/disable_ipv6", F_OK) == 0; }

Result<void> apply_linux_sysctls(const Sysctls& set) {
  const bool has_ipv6 = linux_has_ipv6();
  for (const LinuxSetting& setting : kSettings) {
    if (setting.ipv6 && !has_ipv6) continue;
    auto done = link::set_sysctl(setting.name, setting.value);
    if (!done && setting.required) return done;
  }
  for (const auto& [name, value] : set) {
    if (auto done = link::set_sysctl(name, value); !done) return done;
  }
  return {};
}

std::map<std::string, std::string> report_linux_sysctls(const Sysctls& set) {
  std::map<std::string, std::string> report;
  const auto add = [&](const std::string& name) {
    if (auto value = link::get_sysctl(name)) report[link::full_sysctl_name(name)] = *value;
  };
  for (const LinuxSetting& setting : kSettings) add(setting.name);
  for (const auto& [name, value] : set) add(name);
  return report;
}

}  // namespace synfin::stack
