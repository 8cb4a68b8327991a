// How packets reach a kernel's stack and come back: veth or TUN.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "harness/wire/error.h"

namespace synfin::link {

// A packet that the stack sent.
struct Received {
  std::span<const uint8_t> packet;  // from the IP header; valid until the next receive()
  int64_t monotonic_ns = 0;         // CLOCK_MONOTONIC of its arrival
};

class Link {
 public:
  virtual ~Link() = default;

  // Gives the stack an IP packet. What it answers at once can be received when this returns.
  virtual Result<void> send(std::span<const uint8_t> packet) = 0;
  // Where one write() of a packet does what send() does, its descriptor; -1 elsewhere.
  virtual int plain_fd(std::size_t /*octets*/) const { return -1; }
  // The next packet from the stack; false when there is none now. Never waits.
  virtual bool receive(Received& received) = 0;
  // Notes what has come so far. A link without timestamps from the kernel takes it off the wire, so
  // that it bears the time of now and not that of a later receive().
  virtual void collect() {}
  // Becomes readable when a packet comes.
  virtual int fd() const = 0;
  // Packets lost on the way so far, in either direction.
  virtual uint64_t dropped() = 0;
};

}  // namespace synfin::link
