// lwIP itself: its one network interface, its clock, its lists of connections.
#pragma once

#include <lwip/ip_addr.h>
#include <lwip/tcp.h>

#include <cstdint>
#include <memory>
#include <span>

#include "engine/state.h"
#include "harness/wire/address.h"

namespace synfin::stack {

class LwipCore {
 public:
  // Where packets go that lwIP sends. `local_port` tells whose they are.
  class Network {
   public:
    virtual ~Network() = default;
    // Room for a packet of `size` octets; sent() follows once it is filled.
    virtual std::span<uint8_t> room(std::size_t size) = 0;
    virtual void sent(uint16_t local_port, std::size_t size) = 0;
  };

  // Starts lwIP, or takes it over from the core before; nullptr while there is another core.
  static std::unique_ptr<LwipCore> make(Network& network);
  ~LwipCore();
  LwipCore(const LwipCore&) = delete;
  LwipCore& operator=(const LwipCore&) = delete;

  // Gives lwIP an IP packet. False when it has no memory for it.
  static bool input(std::span<const uint8_t> packet);
  // Whether its timers have anything to do: else their ticks may be left out, as lwIP itself does.
  static bool has_timers();
  // One tick of the timers of TCP: every TCP_TMR_INTERVAL, and a slow one every TCP_SLOW_INTERVAL.
  static void tick(bool slow);
  // Removes all that has this local port, in silence.
  static void forget(uint16_t local_port);

 private:
  LwipCore() = default;
};

// --- its connections, by address ---------------------------------------------------------------

ip_addr_t lwip_address(const wire::Address& address);
wire::Address address_of(const ip_addr_t& address);
State state_of(const tcp_pcb& pcb);
// The connection between these ends, in whatever list; nullptr when there is none.
tcp_pcb* find_pcb(const wire::FourTuple& tuple);

}  // namespace synfin::stack
