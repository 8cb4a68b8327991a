// A packet socket with a receive ring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "harness/link/fd.h"
#include "harness/wire/error.h"

namespace synfin::link {

// A PACKET_RX_RING: receiving a packet costs no system call, its memory is no part of the socket
// buffer that net.core.rmem_max limits (an ordinary user cannot raise that), and every frame
// carries the kernel's time of arrival.
class PacketRing {
 public:
  enum class Way : uint8_t { kIn, kOut };

  // In the calling thread's namespace: the packets that come in by an interface, or go out by it.
  // Takes half as many frames, and again, when memory is short.
  static Result<PacketRing> open(const std::string& interface, Way way, std::size_t frames,
                                 uint32_t largest);
  PacketRing(PacketRing&& other) noexcept;
  PacketRing& operator=(PacketRing&&) = delete;
  ~PacketRing();

  // The next packet, with the kernel's time of it by CLOCK_REALTIME; false when there is none now.
  struct Frame {
    std::span<const uint8_t> packet;  // from the IP header; valid until the next receive()
    int64_t realtime_ns = 0;
  };
  bool receive(Frame& received);
  int fd() const { return fd_.get(); }
  std::size_t frames() const { return frame_count_; }
  // Packets that found the ring full so far. The kernel is only asked where that may be.
  uint64_t dropped();

 private:
  PacketRing() = default;
  Result<void> map(std::size_t frames, uint32_t largest);
  uint8_t* frame(std::size_t index) const;
  bool is_empty() const;

  Fd fd_;
  uint8_t* memory_ = nullptr;
  std::size_t memory_size_ = 0;
  std::size_t frame_size_ = 0;
  std::size_t frames_per_block_ = 0;
  std::size_t frame_count_ = 0;
  std::size_t next_ = 0;
  bool held_ = false;  // the frame before next_ is still ours
  Way way_ = Way::kIn;
  std::size_t in_a_row_ = 0;  // packets since the ring was found empty
  bool was_full_ = false;     // perhaps, since the kernel was asked
  uint64_t dropped_ = 0;
};

}  // namespace synfin::link
