#include "harness/stack/linux_world.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <span>
#include <thread>
#include <utility>

#include "harness/kernel/version.h"
#include "harness/link/device.h"
#include "harness/link/offload_tun.h"
#include "harness/link/rtnl.h"
#include "harness/link/tun.h"
#include "harness/link/urgent.h"
#include "harness/link/veth.h"
#include "harness/wire/codec.h"

namespace synfin::stack {
namespace {

constexpr int kMostKnocks = 3000;
constexpr const char* kOwnInterface = "tun0";  // which the commands of scripts name
constexpr uint32_t kOwnMtu = 1500;
constexpr uint32_t kOwnMtu6 = 1520;  // the same MSS

// Each place takes four, and a thousand is what a process usually may have at first.
void allow_many_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Result<std::unique_ptr<link::Link>> make_link(const LinuxOptions& options,
                                              const link::Netns& target,
                                              const std::optional<link::Netns>& peer,
                                              link::Clock& clock) {
  if (options.link == LinuxLink::kTun) {
    return link::TunLink::make(target,
                               {.mtu = kLinuxDeviceMtu,
                                .txqueuelen = kLinuxTxQueueLength,
                                .clock = &clock,
                                .ring_frames = options.virtual_time ? options.ring_frames : 0,
                                .largest = options.mtu});
  }
  return link::VethLink::make(target, *peer,
                              {.mtu = kLinuxDeviceMtu,
                               .largest = options.mtu,
                               .txqueuelen = kLinuxTxQueueLength,
                               .ring_frames = options.ring_frames});
}

}  // namespace

LinuxWorld::LinuxWorld(link::Netns target, std::unique_ptr<link::Link> link, LinuxDiag diag,
                       Sysctls set, link::Clock& clock)
    : target_(std::move(target)),
      link_(std::move(link)),
      diag_(std::move(diag)),
      set_(std::move(set)),
      clock_(clock) {}

Result<std::unique_ptr<LinuxWorld>> LinuxWorld::make(const LinuxOptions& options,
                                                     const Sysctls& set, link::Clock& clock) {
  auto before = link::Netns::current();
  if (!before) return tl::make_unexpected(before.error());
  auto world = make_inside(options, set, clock);
  if (!world) (void)before->enter();
  return world;
}

Result<std::unique_ptr<LinuxWorld>> LinuxWorld::make_inside(const LinuxOptions& options,
                                                            const Sysctls& set,
                                                            link::Clock& clock) {
  std::optional<link::Netns> peer;
  if (options.link == LinuxLink::kVeth) {
    auto made = link::Netns::create();
    if (!made) return tl::make_unexpected(made.error());
    peer = std::move(*made);
  }
  auto target = link::Netns::create();
  if (!target) return tl::make_unexpected(target.error());
  if (auto applied = apply_linux_sysctls(set); !applied) {
    return tl::make_unexpected(applied.error());
  }
  auto link = make_link(options, *target, peer, clock);
  if (!link) return tl::make_unexpected(link.error());
  auto diag = LinuxDiag::open(options.virtual_time);
  if (!diag) return tl::make_unexpected(diag.error());
  std::unique_ptr<LinuxWorld> world(
      new LinuxWorld(std::move(*target), std::move(*link), std::move(*diag), set, clock));
  if (auto configured = world->configure(options); !configured) {
    return tl::make_unexpected(configured.error());
  }
  world->dropped_before_ = world->link_->dropped();
  return world;
}

Result<std::unique_ptr<LinuxWorld>> LinuxWorld::make_own(bool ipv6, const script::Place& place,
                                                         link::Clock& clock) {
  allow_many_descriptors();
  auto before = link::Netns::current();
  if (!before) return tl::make_unexpected(before.error());
  auto world = make_own_inside(ipv6, place, clock);
  if (!world) (void)before->enter();
  return world;
}

Result<std::unique_ptr<LinuxWorld>> LinuxWorld::make_own_inside(bool ipv6,
                                                                const script::Place& place,
                                                                link::Clock& clock) {
  auto target = link::Netns::create();
  if (!target) return tl::make_unexpected(target.error());
  const uint32_t mtu = place.mtu.value_or(ipv6 ? kOwnMtu6 : kOwnMtu);
  auto tun = link::OffloadTun::make(*target, kOwnInterface, mtu);
  if (!tun) return tl::make_unexpected(tun.error());
  auto diag = LinuxDiag::open();
  if (!diag) return tl::make_unexpected(diag.error());
  std::unique_ptr<LinuxWorld> world(
      new LinuxWorld(std::move(*target), std::move(*tun), std::move(*diag), {}, clock));
  world->own_ = true;
  world->own_addresses_ = own_addresses(ipv6, place);
  if (auto configured = world->configure_own(ipv6); !configured) {
    return tl::make_unexpected(configured.error());
  }
  return world;
}

Result<void> LinuxWorld::configure_own(bool v6) {
  ipv6_ = linux_has_ipv6();
  if (v6 && !ipv6_) return fail("this kernel has no IPv6");
  auto rtnl = link::Rtnl::open();
  if (!rtnl) return tl::make_unexpected(rtnl.error());
  const auto index = link::interface_index(kOwnInterface);
  if (!index) return tl::make_unexpected(index.error());
  const auto loopback = link::interface_index("lo");
  if (!loopback) return tl::make_unexpected(loopback.error());
  if (auto up = rtnl->set_up(*loopback); !up) return up;
  const LinuxAddresses& places = own_addresses_;
  if (auto added = rtnl->add_address(*index, places.target, v6 ? 64 : 16); !added) return added;
  const link::Route route{
      .destination = places.remotes, .prefix = places.remotes_prefix, .gateway = places.router};
  if (auto added = rtnl->add_route(*index, route); !added) return added;
  return wait_until_it_answers(v6);
}

Result<void> LinuxWorld::configure(const LinuxOptions& options) {
  ipv6_ = linux_has_ipv6();
  auto rtnl = link::Rtnl::open();
  if (!rtnl) return tl::make_unexpected(rtnl.error());
  const auto index = link::interface_index(link::kTargetInterface);
  if (!index) return tl::make_unexpected(index.error());
  const auto loopback = link::interface_index("lo");
  if (!loopback) return tl::make_unexpected(loopback.error());
  if (auto up = rtnl->set_up(*loopback); !up) return up;

  for (const bool v6 : {false, true}) {
    if (v6 && !ipv6_) continue;
    const LinuxAddresses& addresses = linux_addresses(v6);
    const uint32_t headers = v6 ? 60 : 40;
    if (auto added = rtnl->add_address(*index, addresses.target, v6 ? 128 : 32); !added) {
      return added;
    }
    if (options.link == LinuxLink::kVeth) {
      if (auto added = rtnl->add_neighbour(*index, addresses.router, link::kRouterMac); !added) {
        return added;
      }
    }
    const link::Route route{.destination = addresses.remotes,
                            .prefix = addresses.remotes_prefix,
                            .gateway = addresses.router,
                            .mtu = options.mtu,
                            .advmss = options.mtu - headers};
    if (auto added = rtnl->add_route(*index, route); !added) return added;
  }
  for (const bool v6 : {false, true}) {
    if (v6 && !ipv6_) continue;
    if (auto answers = wait_until_it_answers(v6); !answers) return answers;
  }
  return diag_.self_check({.address = linux_addresses(false).target, .port = kEndPort});
}

// An interface that was just brought up carries packets only once the kernel's own threads have
// seen to it, IPv6 later than IPv4. So a closed port is knocked at until it answers.
Result<void> LinuxWorld::wait_until_it_answers(bool v6) {
  wire::Packet packet;
  packet.source = {.address = addresses(v6).remotes, .port = kEndPort};
  packet.destination = {.address = addresses(v6).target, .port = kEndPort};
  packet.segment.flags = Flags(kSyn);
  std::array<uint8_t, 128> octets;
  const auto size = wire::encode(packet, octets);
  if (!size) return tl::make_unexpected(size.error());
  Result<void> sent;
  for (int tried = 0; tried < kMostKnocks; ++tried) {
    sent = link_->send(std::span(octets).first(*size));
    pollfd waiting{.fd = link_->fd(), .events = POLLIN, .revents = 0};
    link::Received received;
    bool answered = link_->receive(received);
    if (!answered) {
      const bool came = ::poll(&waiting, 1, 1) > 0;
      clock_.waited();
      answered = came && link_->receive(received);
    }
    for (; answered; answered = link_->receive(received)) {
      const auto answer = wire::decode(received.packet);
      if (answer && answer->segment.flags.rst() && answer->source.address.v6 == v6) return {};
    }
  }
  if (!sent) return sent;
  return fail(
      fmt::format("the target does not answer over {} on a link just made", v6 ? "IPv6" : "IPv4"));
}

std::optional<uint16_t> LinuxWorld::take_ports(unsigned count) {
  unsigned free = 0;
  for (unsigned tried = 0; tried < kEndPort - kFirstPort + count; ++tried) {
    if (next_port_ >= kEndPort) {
      next_port_ = kFirstPort;
      free = 0;
    }
    free = ports_[next_port_] ? 0 : free + 1;
    ++next_port_;
    if (free < count) continue;
    const unsigned first = next_port_ - count;
    for (unsigned port = first; port < next_port_; ++port) ports_.set(port);
    return static_cast<uint16_t>(first);
  }
  return std::nullopt;
}

Traits linux_traits(const LinuxOptions& options, bool ipv6) {
  Traits traits;
  traits.virtual_time = options.virtual_time;
  traits.all_calls = true;
  const auto tun = link::open_tun_device();  // a place of its own has that link
  traits.no_own_places = tun ? "" : tun.error().message;
  traits.goes_first = !options.virtual_time && link::Urgent().raised();
  traits.quiet_time = std::chrono::milliseconds(100);
  // The kernel's timers stand in a wheel, whose steps are at most an eighth of the time that is
  // left (kernel/time/timer.c: 8 of 63), and begin with the next tick: 10 ms in User-Mode Linux.
  traits.timer_slack = options.virtual_time ? 8.0 / 63.0 : 0.1;
  traits.only_profile = "linux-default";
  traits.timer_slack_min = std::chrono::milliseconds(10);
  // There each look at the clock, by any program, moves it on by a quarter of a microsecond, and so
  // a packet's time beside the tick at which it was sent.
  if (options.virtual_time) traits.timer_slack_min += std::chrono::microseconds(10);
  traits.ipv6 = ipv6;
  traits.out_of_band = true;
  return traits;
}

Identity describe_linux(const LinuxOptions& options, link::Privilege privilege) {
  utsname system{};
  ::uname(&system);
  Identity identity;
  identity.name = "linux";
  identity.kernel = system.release;
  identity.version = kernel::running_version();
  identity.link = options.link == LinuxLink::kTun ? "tun" : "veth";
  identity.privilege = privilege == link::Privilege::kRoot ? "root" : "rootless";
  identity.settings = report_linux_sysctls(options.set);
  identity.settings["offloads"] = "off";
  identity.settings["clock"] = options.virtual_time ? "jumps over waits" : "real time";
  identity.settings["path_mtu"] = std::to_string(options.mtu);
  identity.settings["device_mtu"] = std::to_string(kLinuxDeviceMtu);
  identity.settings["txqueuelen"] = std::to_string(kLinuxTxQueueLength);
  return identity;
}

bool any_own(std::span<const std::unique_ptr<LinuxWorld>> worlds) {
  return std::any_of(worlds.begin(), worlds.end(), [](const auto& world) { return world->own(); });
}

void end_worlds(std::vector<std::unique_ptr<LinuxWorld>> worlds) {
  constexpr std::size_t kMostThreads = 32;
  std::atomic<std::size_t> next = 0;
  const auto end_some = [&] {
    for (std::size_t i = next++; i < worlds.size(); i = next++) worlds[i].reset();
  };
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < std::min(worlds.size(), kMostThreads); ++i) {
    threads.emplace_back(end_some);
  }
  end_some();
}

void LinuxWorld::give_back_ports(uint16_t first, unsigned count) {
  for (unsigned i = 0; i < count; ++i) ports_.reset(first + i);
}

}  // namespace synfin::stack
