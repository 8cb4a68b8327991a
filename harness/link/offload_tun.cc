#include "harness/link/offload_tun.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "harness/link/device.h"
#include "harness/link/error.h"
#include "harness/link/rtnl.h"
#include "harness/link/tun.h"
#include "harness/wire/checksum.h"
#include "harness/wire/codec.h"

namespace synfin::link {
namespace {

constexpr std::size_t kHeader = 10;  // struct virtio_net_hdr, all zeros: nothing is left to do
constexpr std::size_t kLargest = 65535;
constexpr int kReceiveBuffer = 4 << 20;
constexpr uint32_t kTxQueueLength = 500;  // the kernel's own for a TUN

Result<Fd> open_interface(const std::string& name) {
  auto fd = open_tun_device();
  if (!fd) return fd;
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  if (::ioctl(fd->get(), TUNSETIFF, &request) != 0) {
    return fail_errno("cannot make a TUN interface");
  }
  // It goes with its namespace: ended by its last descriptor, it would keep the harness waiting.
  ::ioctl(fd->get(), TUNSETPERSIST, 1);
  constexpr unsigned kOffloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
  if (::ioctl(fd->get(), TUNSETOFFLOAD, kOffloads) != 0) {
    return fail_errno("cannot turn on the offloads of a TUN interface");
  }
  return fd;
}

Result<Fd> open_sniffer(unsigned index) {
  Fd fd(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) {
    return fail_errno("cannot open a packet socket (is the kernel built with CONFIG_PACKET?)");
  }
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
  ::setsockopt(fd.get(), SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on));
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof(kReceiveBuffer));
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof(kReceiveBuffer));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(index);
  if (::bind(fd.get(), static_cast<const sockaddr*>(static_cast<const void*>(&address)),
             sizeof(address)) != 0) {
    return fail_errno("cannot bind a packet socket");
  }
  return fd;
}

// What came with a packet.
struct Ancillary {
  int64_t realtime_ns = 0;
  bool checksum_is_due = false;  // the card was to fill it in
};

Ancillary read_control(msghdr& message) {
  Ancillary out;
  for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
    if (one->cmsg_level == SOL_SOCKET && one->cmsg_type == SO_TIMESTAMPNS) {
      timespec time{};
      std::memcpy(&time, CMSG_DATA(one), sizeof(time));
      out.realtime_ns = int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
    } else if (one->cmsg_level == SOL_PACKET && one->cmsg_type == PACKET_AUXDATA) {
      tpacket_auxdata data{};
      std::memcpy(&data, CMSG_DATA(one), sizeof(data));
      out.checksum_is_due = (data.tp_status & TP_STATUS_CSUMNOTREADY) != 0;
    }
  }
  return out;
}

void fill_in_checksum(std::span<uint8_t> packet) {
  constexpr std::size_t kChecksumAt = 16;
  const auto decoded = wire::decode(packet);
  if (!decoded) return;  // not TCP
  const std::size_t header = packet[0] >> 4U == 4 ? (packet[0] & 15U) * 4U : 40U;
  const std::span<uint8_t> tcp = packet.subspan(header);
  tcp[kChecksumAt] = tcp[kChecksumAt + 1] = 0;
  const uint16_t checksum =
      wire::tcp_checksum(decoded->source.address, decoded->destination.address, tcp);
  tcp[kChecksumAt] = static_cast<uint8_t>(checksum >> 8U);
  tcp[kChecksumAt + 1] = static_cast<uint8_t>(checksum & 0xffU);
}

}  // namespace

OffloadTun::OffloadTun(Fd tun, Fd sniffer)
    : tun_(std::move(tun)), sniffer_(std::move(sniffer)), octets_(kLargest) {}

Result<std::unique_ptr<OffloadTun>> OffloadTun::make(const Netns& target, const std::string& name,
                                                     uint32_t mtu) {
  if (auto entered = target.enter(); !entered) return tl::make_unexpected(entered.error());
  auto tun = open_interface(name);
  if (!tun) return tl::make_unexpected(tun.error());
  const auto index = interface_index(name);
  if (!index) return tl::make_unexpected(index.error());
  auto rtnl = Rtnl::open();
  if (!rtnl) return tl::make_unexpected(rtnl.error());
  if (auto up = rtnl->set_up(*index, mtu, kTxQueueLength); !up) {
    return tl::make_unexpected(up.error());
  }
  auto sniffer = open_sniffer(*index);
  if (!sniffer) return tl::make_unexpected(sniffer.error());
  return std::unique_ptr<OffloadTun>(new OffloadTun(std::move(*tun), std::move(*sniffer)));
}

Result<void> OffloadTun::send(std::span<const uint8_t> packet) {
  frame_.assign(kHeader, 0);
  frame_.insert(frame_.end(), packet.begin(), packet.end());
  while (::write(tun_.get(), frame_.data(), frame_.size()) < 0) {
    if (errno != EINTR) return fail_errno("cannot inject a packet");
  }
  empty_queue();
  return {};
}

void OffloadTun::empty_queue() {
  std::array<uint8_t, kHeader> header;  // the rest of a packet is dropped
  while (::read(tun_.get(), header.data(), header.size()) > 0) {
  }
}

bool OffloadTun::receive(Received& received) {
  while (true) {
    std::array<uint8_t, 256> control;
    sockaddr_ll from{};
    iovec whole{.iov_base = octets_.data(), .iov_len = octets_.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof(from);
    message.msg_iov = &whole;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(sniffer_.get(), &message, MSG_DONTWAIT);
    if (size < 0) return false;
    if (from.sll_pkttype != PACKET_OUTGOING) continue;
    empty_queue();
    const Ancillary ancillary = read_control(message);
    const std::span<uint8_t> packet(octets_.data(), static_cast<std::size_t>(size));
    if (ancillary.checksum_is_due) fill_in_checksum(packet);
    received.packet = packet;
    received.monotonic_ns = clock_.to_monotonic(ancillary.realtime_ns);
    return true;
  }
}

uint64_t OffloadTun::dropped() {
  tpacket_stats stats{};
  socklen_t size = sizeof(stats);
  // Reading sets the kernel's counter to zero.
  if (::getsockopt(sniffer_.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) {
    dropped_ += stats.tp_drops;
  }
  return dropped_;
}

}  // namespace synfin::link
