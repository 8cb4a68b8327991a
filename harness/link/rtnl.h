// What the harness needs of rtnetlink: interfaces, addresses, routes, neighbours, drop counters.
#pragma once

#include <libmnl/libmnl.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/wire/address.h"
#include "harness/wire/error.h"

namespace synfin::link {

using Mac = std::array<uint8_t, 6>;

// Both ends of a veth pair at its making. The second end is put into the namespace `peer_netns`.
struct VethPair {
  std::string name;
  std::string peer;
  Mac mac{};
  Mac peer_mac{};
  int peer_netns = -1;
};

struct Route {
  wire::Address destination;
  uint8_t prefix = 0;
  wire::Address gateway;  // taken as on-link
  uint32_t mtu = 0;       // of the path; 0: the interface's
  uint32_t advmss = 0;    // 0: from the MTU
};

// One rtnetlink socket, in the network namespace that the thread was in when it was opened.
class Rtnl {
 public:
  static Result<Rtnl> open();

  Result<void> add_veth(const VethPair& pair);
  // Brings the interface up without ARP, with this MTU and transmit queue length.
  Result<void> set_up(unsigned index, uint32_t mtu, uint32_t txqueuelen);
  // Brings the interface up as it is.
  Result<void> set_up(unsigned index);
  // Gives the interface a queueing discipline by its kind ("pfifo"), as the only one.
  Result<void> set_queue(unsigned index, const std::string& kind, bool replaces);
  Result<void> add_address(unsigned index, const wire::Address& address, uint8_t prefix);
  Result<void> add_route(unsigned index, const Route& route);
  Result<void> add_neighbour(unsigned index, const wire::Address& address, const Mac& mac);
  // Packets that the interface could not send so far.
  Result<uint64_t> tx_dropped(unsigned index);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };

  explicit Rtnl(mnl_socket* socket);
  nlmsghdr* begin(uint16_t type, uint16_t flags);
  // Sends the message under construction and waits for its acknowledgment or answer.
  Result<void> talk(const std::string& what, mnl_cb_t callback = nullptr, void* data = nullptr);

  std::unique_ptr<mnl_socket, Close> socket_;
  std::vector<char> buffer_;
  uint32_t sequence_ = 0;
};

}  // namespace synfin::link
