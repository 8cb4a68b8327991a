#include "harness/link/packet_ring.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
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

void take_outgoing_only(const Fd& fd) {
  std::array filter = {sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                            static_cast<uint32_t>(SKF_AD_OFF) + SKF_AD_PKTTYPE),
                       sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
                       sock_filter BPF_STMT(BPF_RET | BPF_K, ~0U),
                       sock_filter BPF_STMT(BPF_RET | BPF_K, 0)};
  const sock_fprog program{.len = filter.size(), .filter = filter.data()};
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
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
      way_(other.way_),
      in_a_row_(other.in_a_row_),
      was_full_(other.was_full_),
      dropped_(other.dropped_) {}

PacketRing::~PacketRing() {
  if (memory_ != nullptr) ::munmap(memory_, memory_size_);
}

Result<PacketRing> PacketRing::open(const std::string& interface, Way way, std::size_t frames,
                                    uint32_t largest) {
  const auto index = interface_index(interface);
  if (!index) return tl::make_unexpected(index.error());
  PacketRing ring;
  ring.way_ = way;
  ring.fd_ = Fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!ring.fd_) {
    return fail_errno("cannot open a packet socket (is the kernel built with CONFIG_PACKET?)");
  }
  const int version = TPACKET_V2;
  if (auto set = set_option(ring.fd_, PACKET_VERSION, version, "cannot choose TPACKET_V2"); !set) {
    return tl::make_unexpected(set.error());
  }
  // Where the kernel does not know it, receive() looks again.
  const int on = 1;
  if (way == Way::kIn) (void)set_option(ring.fd_, PACKET_IGNORE_OUTGOING, on, "");  // 4.20
  if (way == Way::kOut) take_outgoing_only(ring.fd_);
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

bool PacketRing::is_empty() const {
  const std::atomic_ref<uint32_t> status(header_of(frame(next_))->tp_status);
  return (status.load(std::memory_order_acquire) & TP_STATUS_USER) == 0;
}

bool PacketRing::receive(Frame& received) {
  if (held_) {
    const std::size_t last = next_ == 0 ? frame_count_ - 1 : next_ - 1;
    std::atomic_ref<uint32_t>(header_of(frame(last))->tp_status)
        .store(TP_STATUS_KERNEL, std::memory_order_release);
    held_ = false;
  }
  while (!is_empty()) {
    uint8_t* const start = frame(next_);
    tpacket2_hdr* const header = header_of(start);
    next_ = next_ + 1 == frame_count_ ? 0 : next_ + 1;
    // All but the one that was held may have been full.
    was_full_ |= ++in_a_row_ + 1 >= frame_count_;
    const auto* from = static_cast<const sockaddr_ll*>(
        static_cast<const void*>(start + TPACKET_ALIGN(sizeof(tpacket2_hdr))));
    if ((from->sll_pkttype == PACKET_OUTGOING) != (way_ == Way::kOut)) {
      std::atomic_ref<uint32_t>(header->tp_status)
          .store(TP_STATUS_KERNEL, std::memory_order_release);
      continue;
    }
    const auto link_octets = static_cast<uint32_t>(header->tp_net - header->tp_mac);
    if (header->tp_snaplen < header->tp_len) ++dropped_;
    received.packet = {start + header->tp_net, header->tp_snaplen - link_octets};
    received.realtime_ns = int64_t{header->tp_sec} * 1'000'000'000 + header->tp_nsec;
    held_ = true;
    return true;
  }
  in_a_row_ = 0;
  return false;
}

uint64_t PacketRing::dropped() {
  // As many packets wait as find it full, and all of them come in a row.
  if (is_empty() && !was_full_) return dropped_;
  was_full_ = false;
  tpacket_stats stats{};
  socklen_t size = sizeof(stats);
  // Reading sets the kernel's counter to zero.
  if (::getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) {
    dropped_ += stats.tp_drops;
  }
  return dropped_;
}

}  // namespace synfin::link
