#include "harness/link/tun.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "harness/link/clock.h"
#include "harness/link/device.h"
#include "harness/link/error.h"
#include "harness/link/veth.h"

namespace synfin::link {
namespace {

constexpr const char* kDevice = "/dev/net/tun";
// Of an interface that nobody reads: it is full at once, and the kernel frees all that follows, as
// a card frees what it has sent.
constexpr uint32_t kShortestQueue = 1;

}  // namespace

Result<Fd> open_tun_device() {
  Fd fd(::open(kDevice, O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (fd) return fd;
  const std::string closed = std::string("the link tun needs ") + kDevice;
  switch (errno) {
    case EACCES:
    case EPERM:
      return fail(closed +
                  ", which this user may not open: chmod 0666 it, run as root, or use the "
                  "link veth");
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return fail(closed +
                  ", which does not exist here: load the module tun, or use the link veth");
    default:
      return fail_errno(std::string("cannot open ") + kDevice);
  }
}

TunLink::TunLink(Fd fd, std::optional<PacketRing> ring, Rtnl rtnl, unsigned index,
                 const TunOptions& options)
    : fd_(std::move(fd)),
      ring_(std::move(ring)),
      rtnl_(std::move(rtnl)),
      index_(index),
      mtu_(options.mtu),
      clock_(options.clock == nullptr ? running_ : *options.clock) {}

Result<std::unique_ptr<TunLink>> TunLink::make(const Netns& target, const TunOptions& options) {
  if (auto entered = target.enter(); !entered) return tl::make_unexpected(entered.error());
  auto fd = open_tun_device();
  if (!fd) return tl::make_unexpected(fd.error());
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, kTargetInterface, IFNAMSIZ - 1);
  if (::ioctl(fd->get(), TUNSETIFF, &request) != 0) {
    return fail_errno("cannot make a TUN interface");
  }
  const auto index = interface_index(kTargetInterface);
  if (!index) return tl::make_unexpected(index.error());
  if (auto off = offloads_off(kTargetInterface); !off) return tl::make_unexpected(off.error());
  auto rtnl = Rtnl::open();
  if (!rtnl) return tl::make_unexpected(rtnl.error());
  const bool has_ring = options.ring_frames > 0;
  const uint32_t queue = has_ring ? kShortestQueue : options.txqueuelen;
  if (auto up = rtnl->set_up(*index, options.mtu, queue); !up) {
    return tl::make_unexpected(up.error());
  }
  std::optional<PacketRing> ring;
  if (has_ring) {
    auto opened = PacketRing::open(kTargetInterface, PacketRing::Way::kOut, options.ring_frames,
                                   options.largest);
    if (!opened) return tl::make_unexpected(opened.error());
    ring.emplace(std::move(*opened));
  }
  return std::unique_ptr<TunLink>(
      new TunLink(std::move(*fd), std::move(ring), std::move(*rtnl), *index, options));
}

Result<void> TunLink::send(std::span<const uint8_t> packet) {
  if (packet.size() > mtu_) {
    return fail_errno("cannot inject a packet of " + std::to_string(packet.size()) + " octets",
                      EMSGSIZE);
  }
  while (::write(fd_.get(), packet.data(), packet.size()) < 0) {
    if (errno != EINTR) return fail_errno("cannot inject a packet");
  }
  collect();
  return {};
}

// To the end of octets_.
std::size_t TunLink::read_one() {
  if (ring_) {
    PacketRing::Frame frame;
    if (!ring_->receive(frame)) return 0;
    octets_.resize(std::max(octets_.size(), used_ + frame.packet.size()));
    std::copy(frame.packet.begin(), frame.packet.end(),
              octets_.begin() + static_cast<std::ptrdiff_t>(used_));
    return frame.packet.size();
  }
  if (octets_.size() < used_ + mtu_) octets_.resize(2 * (used_ + mtu_));
  const ssize_t size = ::read(fd_.get(), octets_.data() + used_, mtu_);
  return size > 0 ? static_cast<std::size_t>(size) : 0;
}

bool TunLink::take_one() {
  const std::size_t size = read_one();
  if (size == 0) return false;
  waiting_.push_back({used_, size, clock_.now()});
  used_ += size;
  return true;
}

void TunLink::collect() {
  while (take_one()) {
  }
}

bool TunLink::receive(Received& received) {
  if (next_ == waiting_.size()) {
    next_ = 0;
    used_ = 0;
    waiting_.clear();
    if (!take_one()) return false;
  }
  const Waiting& first = waiting_[next_++];
  received.packet = {octets_.data() + first.offset, first.size};
  received.monotonic_ns = first.monotonic_ns;
  return true;
}

uint64_t TunLink::dropped() {
  return ring_ ? ring_->dropped() : rtnl_.tx_dropped(index_).value_or(0);
}

}  // namespace synfin::link
