// The target's network namespace with its link, and who uses which port there.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/link/clock.h"
#include "harness/link/link.h"
#include "harness/link/netns.h"
#include "harness/stack/linux_diag.h"
#include "harness/stack/linux_settings.h"
#include "harness/stack/linux_stack.h"
#include "harness/stack/stack.h"
#include "harness/wire/error.h"

namespace synfin::stack {

class LinuxWorld {
 public:
  // Makes the namespaces; `set` comes on top of linux_settings(). The calling thread is in the
  // target's namespace afterwards, and back where it was when this fails. The clock outlives it.
  static Result<std::unique_ptr<LinuxWorld>> make(const LinuxOptions& options, const Sysctls& set,
                                                  link::Clock& clock);

  // One for a single case, whose commands may change it: nothing is set there.
  static Result<std::unique_ptr<LinuxWorld>> make_own(bool ipv6, const script::Place& place,
                                                      link::Clock& clock);

  bool own() const { return own_; }
  const LinuxAddresses& addresses(bool ipv6) const {
    return own_ ? own_addresses_ : linux_addresses(ipv6);
  }
  const link::Netns& netns() const { return target_; }
  link::Link& link() { return *link_; }
  LinuxDiag& diag() { return diag_; }
  bool ipv6() const { return ipv6_; }
  const Sysctls& set() const { return set_; }
  // Packets that the link has lost since it was ready.
  uint64_t dropped() { return link_->dropped() - dropped_before_; }

  // `count` local ports in a row that no case has; those given back longest ago come first.
  std::optional<uint16_t> take_ports(unsigned count);
  void give_back_ports(uint16_t first, unsigned count);

  unsigned open_cases = 0;
  CaseId only_case = 0;  // of one that belongs to a case
  uint64_t last_used = 0;

 private:
  static constexpr unsigned kFirstPort = 1024;
  static constexpr unsigned kEndPort = 61000;  // from here on the kernel chooses

  LinuxWorld(link::Netns target, std::unique_ptr<link::Link> link, LinuxDiag diag, Sysctls set,
             link::Clock& clock);
  static Result<std::unique_ptr<LinuxWorld>> make_inside(const LinuxOptions& options,
                                                         const Sysctls& set, link::Clock& clock);
  static Result<std::unique_ptr<LinuxWorld>> make_own_inside(bool ipv6, const script::Place& place,
                                                             link::Clock& clock);
  Result<void> configure(const LinuxOptions& options);
  Result<void> configure_own(bool ipv6);
  Result<void> wait_until_it_answers(bool v6);

  link::Netns target_;
  std::unique_ptr<link::Link> link_;
  LinuxDiag diag_;
  Sysctls set_;
  link::Clock& clock_;
  bool ipv6_ = false;
  bool own_ = false;
  LinuxAddresses own_addresses_{};
  uint64_t dropped_before_ = 0;
  std::bitset<kEndPort> ports_;
  unsigned next_port_ = kFirstPort;
};

// How the kernel's stack is driven and judged, but for how many cases may be open.
Traits linux_traits(const LinuxOptions& options, bool ipv6);

// What results say of the kernel and its surroundings.
Identity describe_linux(const LinuxOptions& options, link::Privilege privilege);

bool any_own(std::span<const std::unique_ptr<LinuxWorld>> worlds);

// Ends them side by side: the kernel takes some milliseconds for each, in which it mostly waits.
void end_worlds(std::vector<std::unique_ptr<LinuxWorld>> worlds);

}  // namespace synfin::stack
