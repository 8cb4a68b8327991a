#include "harness/stack/lwip_core.h"

#include <lwip/init.h>
#include <lwip/ip.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/priv/tcp_priv.h>

#include <cstring>
#include <memory>

#include "harness/stack/case_address.h"

namespace synfin::stack {
namespace {

constexpr uint16_t kMtu = 1500;

// lwIP's own state is global as well.
netif g_interface;
LwipCore::Network* g_network = nullptr;
bool g_started = false;

// The source port of a TCP packet that lwIP has built, which is in one piece.
uint16_t source_port(std::span<const uint8_t> packet) {
  const bool v6 = packet[0] >> 4U == 6;
  const std::size_t at = v6 ? 40 : (packet[0] & 0xfU) * 4U;
  if (packet.size() < at + 2) return 0;
  return static_cast<uint16_t>(packet[at] << 8U | packet[at + 1]);
}

err_t output(pbuf* packet) {
  if (g_network == nullptr || packet->tot_len == 0) return ERR_OK;
  const auto room = g_network->room(packet->tot_len);
  pbuf_copy_partial(packet, room.data(), packet->tot_len, 0);
  g_network->sent(source_port(room), packet->tot_len);
  return ERR_OK;
}

err_t output4(netif*, pbuf* packet, const ip4_addr_t*) { return output(packet); }
err_t output6(netif*, pbuf* packet, const ip6_addr_t*) { return output(packet); }

err_t set_up(netif* interface) {
  interface->name[0] = 's';
  interface->name[1] = 'f';
  interface->output = output4;
  interface->output_ip6 = output6;
  interface->mtu = kMtu;
  interface->flags = NETIF_FLAG_LINK_UP;
  return ERR_OK;
}

void start() {
  lwip_init();
  tcp_slowtmr();  // tick 0 is no time to measure a round trip from: rttest 0 means none
  ip4_addr_t mask;
  ip4_addr_t gateway;
  IP4_ADDR(&mask, 255, 255, 255, 0);
  IP4_ADDR(&gateway, 192, 0, 2, 254);
  const ip_addr_t local4 = lwip_address(stack_address(false));
  const ip_addr_t local6 = lwip_address(stack_address(true));
  netif_add(&g_interface, ip_2_ip4(&local4), &mask, &gateway, nullptr, set_up, ip_input);
  netif_ip6_addr_set(&g_interface, 0, ip_2_ip6(&local6));
  netif_ip6_addr_set_state(&g_interface, 0, IP6_ADDR_PREFERRED);
  netif_set_default(&g_interface);
  netif_set_up(&g_interface);
  g_started = true;
}

template <typename Pcb>
Pcb* with_port(Pcb* list, uint16_t local_port) {
  while (list != nullptr && list->local_port != local_port) list = list->next;
  return list;
}

}  // namespace

std::unique_ptr<LwipCore> LwipCore::make(Network& network) {
  if (g_network != nullptr) return nullptr;
  if (!g_started) start();
  g_network = &network;
  return std::unique_ptr<LwipCore>(new LwipCore);
}

LwipCore::~LwipCore() { g_network = nullptr; }

bool LwipCore::input(std::span<const uint8_t> packet) {
  // A piece of its own, so that reading beyond the packet is reading beyond an allocation.
  pbuf* buffer = pbuf_alloc(PBUF_RAW, static_cast<u16_t>(packet.size()), PBUF_RAM);
  if (buffer == nullptr) return false;
  pbuf_take(buffer, packet.data(), static_cast<u16_t>(packet.size()));
  if (g_interface.input(buffer, &g_interface) != ERR_OK) pbuf_free(buffer);
  return true;
}

bool LwipCore::has_timers() { return tcp_active_pcbs != nullptr || tcp_tw_pcbs != nullptr; }

// What tcp_tmr() does, which counts its calls to tell which are slow ticks.
void LwipCore::tick(bool slow) {
  tcp_fasttmr();
  if (slow) tcp_slowtmr();
}

void LwipCore::forget(uint16_t local_port) {
  while (tcp_pcb* pcb = with_port(tcp_active_pcbs, local_port)) tcp_abandon(pcb, 0);
  while (tcp_pcb* pcb = with_port(tcp_tw_pcbs, local_port)) tcp_abandon(pcb, 0);
  while (tcp_pcb* pcb = with_port(tcp_bound_pcbs, local_port)) tcp_abandon(pcb, 0);
  while (tcp_pcb* pcb = with_port(tcp_listen_pcbs.pcbs, local_port)) tcp_close(pcb);
}

// --- connections ---

ip_addr_t lwip_address(const wire::Address& address) {
  ip_addr_t out{};
  if (address.v6) {
    IP_SET_TYPE_VAL(out, IPADDR_TYPE_V6);
    std::memcpy(ip_2_ip6(&out)->addr, address.octets.data(), 16);
  } else {
    IP_SET_TYPE_VAL(out, IPADDR_TYPE_V4);
    std::memcpy(&ip_2_ip4(&out)->addr, address.octets.data(), 4);
  }
  return out;
}

wire::Address address_of(const ip_addr_t& address) {
  wire::Address out;
  out.v6 = IP_IS_V6_VAL(address);
  if (out.v6) {
    std::memcpy(out.octets.data(), ip_2_ip6(&address)->addr, 16);
  } else {
    std::memcpy(out.octets.data(), &ip_2_ip4(&address)->addr, 4);
  }
  return out;
}

// lwIP counts the states as RFC 9293 lists them, from CLOSED.
State state_of(const tcp_pcb& pcb) {
  static_assert(static_cast<int>(::CLOSED) == static_cast<int>(State::kClosed) &&
                static_cast<int>(::SYN_RCVD) == static_cast<int>(State::kSynReceived) &&
                static_cast<int>(::CLOSE_WAIT) == static_cast<int>(State::kCloseWait) &&
                static_cast<int>(::TIME_WAIT) == static_cast<int>(State::kTimeWait));
  return static_cast<State>(pcb.state);
}

tcp_pcb* find_pcb(const wire::FourTuple& tuple) {
  for (tcp_pcb* list : {tcp_active_pcbs, tcp_tw_pcbs}) {
    for (tcp_pcb* pcb = list; pcb != nullptr; pcb = pcb->next) {
      if (pcb->local_port == tuple.local.port && pcb->remote_port == tuple.remote.port &&
          address_of(pcb->remote_ip) == tuple.remote.address &&
          address_of(pcb->local_ip) == tuple.local.address) {
        return pcb;
      }
    }
  }
  return nullptr;
}

}  // namespace synfin::stack

// The library's own tells the real time. Only timestamps ask for it.
extern "C" u32_t sys_now() { return tcp_ticks * TCP_SLOW_INTERVAL; }
