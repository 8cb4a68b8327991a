// A TUN interface that takes segments as a network card with segmentation offload does.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/link/clock.h"
#include "harness/link/fd.h"
#include "harness/link/link.h"
#include "harness/link/netns.h"

namespace synfin::link {

// What packetdrill's scripts expect of the way between them and the stack: the stack's segments are
// seen before they are cut to the MTU, each with the kernel's time of its sending, behind the
// interface's queueing discipline. A packet socket sees them; the interface's own queue is emptied
// unread.
class OffloadTun final : public Link {
 public:
  // Makes the interface `name` in `target`, where the calling thread is afterwards. It is up, but
  // has no address.
  static Result<std::unique_ptr<OffloadTun>> make(const Netns& target, const std::string& name,
                                                  uint32_t mtu);

  Result<void> send(std::span<const uint8_t> packet) override;
  bool receive(Received& received) override;
  int fd() const override { return sniffer_.get(); }
  uint64_t dropped() override;

 private:
  OffloadTun(Fd tun, Fd sniffer);
  void empty_queue();

  Fd tun_;
  Fd sniffer_;
  ClockOffset clock_;
  uint64_t dropped_ = 0;
  std::vector<uint8_t> octets_;
  std::vector<uint8_t> frame_;  // a virtio header, then room for a packet
};

}  // namespace synfin::link
