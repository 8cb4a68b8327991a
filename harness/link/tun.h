// A TUN interface: IP packets through a character device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "harness/link/clock.h"
#include "harness/link/fd.h"
#include "harness/link/link.h"
#include "harness/link/netns.h"
#include "harness/link/packet_ring.h"
#include "harness/link/rtnl.h"

namespace synfin::link {

struct TunOptions {
  uint32_t mtu = 65535;         // the largest packet that can be injected
  uint32_t txqueuelen = 20000;  // packets that can wait to be received
  Clock* clock = nullptr;       // outlives the link; null: one that always runs
  // Where a system call costs as much as a packet: what the stack sends is seen in a ring of
  // memory of so many frames, and not read from the device. 0: it is read.
  std::size_t ring_frames = 0;
  uint32_t largest = 1500;  // the largest packet that such a ring takes
};

// The character device, open for a new interface; the error says what forbids it.
Result<Fd> open_tun_device();

class TunLink final : public Link {
 public:
  // Makes kTargetInterface in `target` and brings it up. The calling thread is in `target`
  // afterwards.
  static Result<std::unique_ptr<TunLink>> make(const Netns& target, const TunOptions& options);

  Result<void> send(std::span<const uint8_t> packet) override;
  bool receive(Received& received) override;
  void collect() override;
  int plain_fd(std::size_t octets) const override {
    return ring_ && octets <= mtu_ ? fd_.get() : -1;
  }
  int fd() const override { return ring_ ? ring_->fd() : fd_.get(); }
  uint64_t dropped() override;

 private:
  TunLink(Fd fd, std::optional<PacketRing> ring, Rtnl rtnl, unsigned index,
          const TunOptions& options);

  Fd fd_;
  std::optional<PacketRing> ring_;
  Rtnl rtnl_;
  unsigned index_;

  // What collect() took: octets in one buffer, and where each packet lies in it. Both are emptied,
  // but keep their memory, when all of it was received.
  struct Waiting {
    std::size_t offset;
    std::size_t size;
    int64_t monotonic_ns;
  };
  bool take_one();
  std::size_t read_one();

  uint32_t mtu_;
  Clock running_;
  Clock& clock_;
  std::vector<uint8_t> octets_;
  std::size_t used_ = 0;
  std::vector<Waiting> waiting_;
  std::size_t next_ = 0;
};

}  // namespace synfin::link
