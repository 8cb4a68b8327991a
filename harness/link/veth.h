// The peer's end of a veth pair: a packet socket with a receive ring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "harness/link/clock.h"
#include "harness/link/link.h"
#include "harness/link/netns.h"
#include "harness/link/packet_ring.h"
#include "harness/link/rtnl.h"

namespace synfin::link {

struct VethOptions {
  uint32_t mtu = 65535;     // of the interfaces: the largest packet that can be injected
  uint32_t largest = 1500;  // the largest packet that the stack sends (the path's MTU)
  uint32_t txqueuelen = 20000;
  std::size_t ring_frames = 8192;  // packets that can wait to be received
};

// The names of the interfaces, each in a namespace of its own.
inline constexpr const char* kTargetInterface = "target0";
inline constexpr const char* kPeerInterface = "peer0";

// The hardware address of the router through which the target reaches every peer. It is not that of
// the peer's interface, so that the peer's namespace takes the frames for another host's and drops
// them after the packet socket has seen them.
inline constexpr Mac kRouterMac = {0x02, 0, 0, 0, 0, 0xfe};
inline constexpr Mac kTargetMac = {0x02, 0, 0, 0, 0, 0x01};
inline constexpr Mac kPeerMac = {0x02, 0, 0, 0, 0, 0x02};

class VethLink final : public Link {
 public:
  // Makes the pair with one end in `target`, the other in `peer`, both up, without ARP and without
  // offloads. The calling thread is in `target` afterwards.
  static Result<std::unique_ptr<VethLink>> make(const Netns& target, const Netns& peer,
                                                const VethOptions& options);

  Result<void> send(std::span<const uint8_t> packet) override;
  bool receive(Received& received) override;
  int fd() const override { return ring_.fd(); }
  uint64_t dropped() override;

 private:
  VethLink(PacketRing ring, Rtnl target_rtnl, unsigned target_index, uint32_t mtu);

  PacketRing ring_;
  ClockOffset clock_;
  Rtnl target_rtnl_;
  unsigned target_index_;
  uint64_t not_sent_ = 0;       // packets that the target's queue did not take
  std::vector<uint8_t> frame_;  // an Ethernet header, then room for a packet
};

}  // namespace synfin::link
