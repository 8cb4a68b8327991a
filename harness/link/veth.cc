#include "harness/link/veth.h"

#include <linux/if_ether.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "harness/link/device.h"
#include "harness/link/error.h"

namespace synfin::link {
namespace {

// The target's end of the pair, when both ends are up.
struct TargetEnd {
  Rtnl rtnl;
  unsigned index;
};

Result<TargetEnd> make_ends(const Netns& target, const Netns& peer, const VethOptions& options) {
  if (auto entered = peer.enter(); !entered) return tl::make_unexpected(entered.error());
  auto peer_rtnl = Rtnl::open();
  if (!peer_rtnl) return tl::make_unexpected(peer_rtnl.error());
  if (auto entered = target.enter(); !entered) return tl::make_unexpected(entered.error());
  auto target_rtnl = Rtnl::open();
  if (!target_rtnl) return tl::make_unexpected(target_rtnl.error());

  const VethPair pair{.name = kTargetInterface,
                      .peer = kPeerInterface,
                      .mac = kTargetMac,
                      .peer_mac = kPeerMac,
                      .peer_netns = peer.fd()};
  const auto up = [&](Rtnl& rtnl, const char* name) -> Result<unsigned> {
    auto index = interface_index(name);
    if (!index) return index;
    if (auto off = offloads_off(name); !off) return tl::make_unexpected(off.error());
    if (auto set = rtnl.set_up(*index, options.mtu, options.txqueuelen); !set) {
      return tl::make_unexpected(set.error());
    }
    return index;
  };
  if (auto added = target_rtnl->add_veth(pair); !added) return tl::make_unexpected(added.error());
  const auto target_index = up(*target_rtnl, kTargetInterface);
  if (!target_index) return tl::make_unexpected(target_index.error());
  if (auto entered = peer.enter(); !entered) return tl::make_unexpected(entered.error());
  const auto peer_index = up(*peer_rtnl, kPeerInterface);
  if (!peer_index) return tl::make_unexpected(peer_index.error());
  return TargetEnd{std::move(*target_rtnl), *target_index};
}

}  // namespace

VethLink::VethLink(PacketRing ring, Rtnl target_rtnl, unsigned target_index, uint32_t mtu)
    : ring_(std::move(ring)),
      target_rtnl_(std::move(target_rtnl)),
      target_index_(target_index),
      frame_(ETH_HLEN + mtu) {
  std::copy(kTargetMac.begin(), kTargetMac.end(), frame_.begin());
  std::copy(kRouterMac.begin(), kRouterMac.end(), frame_.begin() + ETH_ALEN);
}

Result<std::unique_ptr<VethLink>> VethLink::make(const Netns& target, const Netns& peer,
                                                 const VethOptions& options) {
  auto end = make_ends(target, peer, options);  // leaves the thread in `peer`
  if (!end) return tl::make_unexpected(end.error());
  auto ring =
      PacketRing::open(kPeerInterface, PacketRing::Way::kIn, options.ring_frames, options.largest);
  if (!ring) return tl::make_unexpected(ring.error());
  if (auto entered = target.enter(); !entered) return tl::make_unexpected(entered.error());
  return std::unique_ptr<VethLink>(
      new VethLink(std::move(*ring), std::move(end->rtnl), end->index, options.mtu));
}

Result<void> VethLink::send(std::span<const uint8_t> packet) {
  if (packet.empty() || packet.size() > frame_.size() - ETH_HLEN) {
    return fail_errno("cannot inject a packet of " + std::to_string(packet.size()) + " octets",
                      EMSGSIZE);
  }
  const bool v6 = packet[0] >> 4U == 6;
  frame_[12] = v6 ? 0x86 : 0x08;
  frame_[13] = v6 ? 0xdd : 0x00;
  std::memcpy(frame_.data() + ETH_HLEN, packet.data(), packet.size());
  const std::size_t size = ETH_HLEN + packet.size();
  while (::send(ring_.fd(), frame_.data(), size, 0) < 0) {
    if (errno == EINTR) continue;
    if (errno == ENOBUFS) ++not_sent_;
    return fail_errno("cannot inject a packet");
  }
  return {};
}

bool VethLink::receive(Received& received) {
  PacketRing::Frame frame;
  if (!ring_.receive(frame)) return false;
  received.packet = frame.packet;
  received.monotonic_ns = clock_.to_monotonic(frame.realtime_ns);
  return true;
}

uint64_t VethLink::dropped() {
  return ring_.dropped() + target_rtnl_.tx_dropped(target_index_).value_or(0) + not_sent_;
}

}  // namespace synfin::link
