#include "harness/link/veth.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "harness/link/device.h"
#include "harness/link/error.h"

namespace synfin::link {
namespace {

constexpr std::size_t kMinFrames = 256;
constexpr std::size_t kBlockSize = 1U << 16U;
// Room in a ring frame before the packet: the ring's header, the link's address and header.
constexpr std::size_t kFrameOverhead = 128;

std::size_t round_up_to_power(std::size_t value) {
  std::size_t power = 256;
  while (power < value) power *= 2;
  return power;
}

template <typename T>
Result<void> set_option(const Fd& fd, int option, const T& value, const char* what) {
  if (::setsockopt(fd.get(), SOL_PACKET, option, &value, sizeof(value)) != 0) {
    return fail_errno(what);
  }
  return {};
}

tpacket2_hdr* header_of(uint8_t* frame) {
  return static_cast<tpacket2_hdr*>(static_cast<void*>(frame));
}

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

PacketRing::PacketRing(PacketRing&& other) noexcept
    : fd_(std::move(other.fd_)),
      memory_(std::exchange(other.memory_, nullptr)),
      memory_size_(other.memory_size_),
      frame_size_(other.frame_size_),
      frames_per_block_(other.frames_per_block_),
      frame_count_(other.frame_count_),
      next_(other.next_),
      held_(other.held_),
      dropped_(other.dropped_),
      clock_(other.clock_) {}

PacketRing::~PacketRing() {
  if (memory_ != nullptr) ::munmap(memory_, memory_size_);
}

Result<PacketRing> PacketRing::open(const std::string& interface, std::size_t frames,
                                    uint32_t largest) {
  const auto index = interface_index(interface);
  if (!index) return tl::make_unexpected(index.error());
  PacketRing ring;
  ring.fd_ = Fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!ring.fd_) {
    return fail_errno("cannot open a packet socket (is the kernel built with CONFIG_PACKET?)");
  }
  const int version = TPACKET_V2;
  if (auto set = set_option(ring.fd_, PACKET_VERSION, version, "cannot choose TPACKET_V2"); !set) {
    return tl::make_unexpected(set.error());
  }
  const int on = 1;
  // Kernels before 4.20 do not know it; receive() looks again.
  (void)set_option(ring.fd_, PACKET_IGNORE_OUTGOING, on, "");
  if (auto mapped = ring.map(frames, largest); !mapped) return tl::make_unexpected(mapped.error());

  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(*index);
  if (::bind(ring.fd_.get(), static_cast<const sockaddr*>(static_cast<const void*>(&address)),
             sizeof(address)) != 0) {
    return fail_errno("cannot bind a packet socket to " + interface);
  }
  return ring;
}

Result<void> PacketRing::map(std::size_t frames, uint32_t largest) {
  frame_size_ = round_up_to_power(largest + kFrameOverhead);
  const std::size_t block = std::max(kBlockSize, frame_size_);
  frames_per_block_ = block / frame_size_;
  tpacket_req request{};
  request.tp_block_size = static_cast<unsigned>(block);
  request.tp_frame_size = static_cast<unsigned>(frame_size_);
  for (std::size_t wanted = std::max(frames, kMinFrames); wanted >= kMinFrames; wanted /= 2) {
    request.tp_block_nr =
        static_cast<unsigned>((wanted + frames_per_block_ - 1) / frames_per_block_);
    request.tp_frame_nr = request.tp_block_nr * static_cast<unsigned>(frames_per_block_);
    if (auto set = set_option(fd_, PACKET_RX_RING, request, "cannot make a packet ring"); !set) {
      if (errno == ENOMEM && wanted / 2 >= kMinFrames) continue;
      return set;
    }
    break;
  }
  frame_count_ = request.tp_frame_nr;
  memory_size_ = block * request.tp_block_nr;
  void* memory = ::mmap(nullptr, memory_size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (memory == MAP_FAILED) return fail_errno("cannot map a packet ring");
  memory_ = static_cast<uint8_t*>(memory);
  return {};
}

uint8_t* PacketRing::frame(std::size_t index) const {
  // Blocks lie one after the other and frames fill them exactly, as both sizes are powers of two.
  return memory_ + index * frame_size_;
}

bool PacketRing::receive(Received& received) {
  if (held_) {
    const std::size_t last = next_ == 0 ? frame_count_ - 1 : next_ - 1;
    std::atomic_ref<uint32_t>(header_of(frame(last))->tp_status)
        .store(TP_STATUS_KERNEL, std::memory_order_release);
    held_ = false;
  }
  while (true) {
    uint8_t* const start = frame(next_);
    tpacket2_hdr* const header = header_of(start);
    std::atomic_ref<uint32_t> status(header->tp_status);
    if ((status.load(std::memory_order_acquire) & TP_STATUS_USER) == 0) return false;
    next_ = next_ + 1 == frame_count_ ? 0 : next_ + 1;
    const auto* from = static_cast<const sockaddr_ll*>(
        static_cast<const void*>(start + TPACKET_ALIGN(sizeof(tpacket2_hdr))));
    if (from->sll_pkttype == PACKET_OUTGOING) {
      status.store(TP_STATUS_KERNEL, std::memory_order_release);
      continue;
    }
    const auto link_octets = static_cast<uint32_t>(header->tp_net - header->tp_mac);
    if (header->tp_snaplen < header->tp_len) ++dropped_;
    received.packet = {start + header->tp_net, header->tp_snaplen - link_octets};
    received.monotonic_ns =
        clock_.to_monotonic(int64_t{header->tp_sec} * 1'000'000'000 + header->tp_nsec);
    held_ = true;
    return true;
  }
}

uint64_t PacketRing::dropped() {
  tpacket_stats stats{};
  socklen_t size = sizeof(stats);
  // Reading sets the kernel's counter to zero.
  if (::getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) {
    dropped_ += stats.tp_drops;
  }
  return dropped_;
}

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
  auto ring = PacketRing::open(kPeerInterface, options.ring_frames, options.largest);
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

uint64_t VethLink::dropped() {
  return ring_.dropped() + target_rtnl_.tx_dropped(target_index_).value_or(0) + not_sent_;
}

}  // namespace synfin::link
