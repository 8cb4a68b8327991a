#include "harness/link/rtnl.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include <cstddef>
#include <cstring>

#include "harness/link/error.h"

namespace synfin::link {
namespace {

constexpr std::size_t kBufferSize = 8192;

uint8_t family(const wire::Address& address) { return address.v6 ? AF_INET6 : AF_INET; }

void put_address(nlmsghdr* message, uint16_t type, const wire::Address& address) {
  mnl_attr_put(message, type, address.v6 ? 16 : 4, address.octets.data());
}

template <typename T>
T* put_extra(nlmsghdr* message) {
  return static_cast<T*>(mnl_nlmsg_put_extra_header(message, sizeof(T)));
}

int read_tx_dropped_of(const nlattr* attribute, void* data) {
  constexpr std::size_t kNeeded = offsetof(rtnl_link_stats64, multicast);
  if (mnl_attr_get_type(attribute) != IFLA_STATS_LINK_64) return MNL_CB_OK;
  if (mnl_attr_get_payload_len(attribute) < kNeeded) return MNL_CB_OK;
  rtnl_link_stats64 stats{};  // an attribute is aligned to four octets only, and may be shorter
  std::memcpy(&stats, mnl_attr_get_payload(attribute), kNeeded);
  *static_cast<uint64_t*>(data) = stats.tx_dropped;
  return MNL_CB_OK;
}

int read_tx_dropped(const nlmsghdr* message, void* data) {
  return mnl_attr_parse(message, sizeof(if_stats_msg), read_tx_dropped_of, data);
}

}  // namespace

Rtnl::Rtnl(mnl_socket* socket) : socket_(socket), buffer_(kBufferSize) {}

Result<Rtnl> Rtnl::open() {
  mnl_socket* socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
  if (socket == nullptr) return fail_errno("cannot open an rtnetlink socket");
  Rtnl rtnl(socket);
  if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
    return fail_errno("cannot bind an rtnetlink socket");
  }
  return rtnl;
}

nlmsghdr* Rtnl::begin(uint16_t type, uint16_t flags) {
  nlmsghdr* message = mnl_nlmsg_put_header(buffer_.data());
  message->nlmsg_type = type;
  message->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  message->nlmsg_seq = ++sequence_;
  return message;
}

Result<void> Rtnl::talk(const std::string& what, mnl_cb_t callback, void* data) {
  const auto* message = static_cast<const nlmsghdr*>(static_cast<const void*>(buffer_.data()));
  if (mnl_socket_sendto(socket_.get(), message, message->nlmsg_len) < 0) {
    return fail_errno("cannot " + what);
  }
  const unsigned port = mnl_socket_get_portid(socket_.get());
  int more = MNL_CB_OK;
  while (more > MNL_CB_STOP) {
    const ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
    if (size < 0) return fail_errno("cannot " + what);
    more =
        mnl_cb_run(buffer_.data(), static_cast<std::size_t>(size), sequence_, port, callback, data);
    if (more < 0) return fail_errno("cannot " + what);
  }
  return {};
}

Result<void> Rtnl::add_veth(const VethPair& pair) {
  nlmsghdr* message = begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  put_extra<ifinfomsg>(message)->ifi_family = AF_UNSPEC;
  mnl_attr_put_strz(message, IFLA_IFNAME, pair.name.c_str());
  mnl_attr_put(message, IFLA_ADDRESS, pair.mac.size(), pair.mac.data());
  nlattr* info = mnl_attr_nest_start(message, IFLA_LINKINFO);
  mnl_attr_put_strz(message, IFLA_INFO_KIND, "veth");
  nlattr* options = mnl_attr_nest_start(message, IFLA_INFO_DATA);
  nlattr* peer = mnl_attr_nest_start(message, VETH_INFO_PEER);
  put_extra<ifinfomsg>(message)->ifi_family = AF_UNSPEC;
  mnl_attr_put_strz(message, IFLA_IFNAME, pair.peer.c_str());
  mnl_attr_put(message, IFLA_ADDRESS, pair.peer_mac.size(), pair.peer_mac.data());
  mnl_attr_put_u32(message, IFLA_NET_NS_FD, static_cast<uint32_t>(pair.peer_netns));
  mnl_attr_nest_end(message, peer);
  mnl_attr_nest_end(message, options);
  mnl_attr_nest_end(message, info);
  return talk("make a veth pair (is the kernel built with CONFIG_VETH?)");
}

Result<void> Rtnl::set_up(unsigned index, uint32_t mtu, uint32_t txqueuelen) {
  nlmsghdr* message = begin(RTM_NEWLINK, 0);
  auto* header = put_extra<ifinfomsg>(message);
  header->ifi_index = static_cast<int>(index);
  header->ifi_flags = IFF_UP | IFF_NOARP;
  header->ifi_change = IFF_UP | IFF_NOARP;
  mnl_attr_put_u32(message, IFLA_MTU, mtu);
  mnl_attr_put_u32(message, IFLA_TXQLEN, txqueuelen);
  return talk("bring an interface up");
}

Result<void> Rtnl::set_up(unsigned index) {
  nlmsghdr* message = begin(RTM_NEWLINK, 0);
  auto* header = put_extra<ifinfomsg>(message);
  header->ifi_index = static_cast<int>(index);
  header->ifi_flags = IFF_UP;
  header->ifi_change = IFF_UP;
  return talk("bring an interface up");
}

Result<void> Rtnl::set_queue(unsigned index, const std::string& kind, bool replaces) {
  nlmsghdr* message = begin(RTM_NEWQDISC, NLM_F_CREATE | (replaces ? NLM_F_REPLACE : NLM_F_EXCL));
  auto* header = put_extra<tcmsg>(message);
  header->tcm_family = AF_UNSPEC;
  header->tcm_ifindex = static_cast<int>(index);
  header->tcm_parent = TC_H_ROOT;
  mnl_attr_put_strz(message, TCA_KIND, kind.c_str());
  return talk("set the queueing discipline " + kind);
}

Result<void> Rtnl::add_address(unsigned index, const wire::Address& address, uint8_t prefix) {
  nlmsghdr* message = begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  auto* header = put_extra<ifaddrmsg>(message);
  header->ifa_family = family(address);
  header->ifa_prefixlen = prefix;
  header->ifa_flags = IFA_F_PERMANENT | (address.v6 ? IFA_F_NODAD : 0);
  header->ifa_index = index;
  put_address(message, IFA_LOCAL, address);
  put_address(message, IFA_ADDRESS, address);
  return talk("add the address " + wire::to_string(address));
}

Result<void> Rtnl::add_route(unsigned index, const Route& route) {
  nlmsghdr* message = begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
  auto* header = put_extra<rtmsg>(message);
  header->rtm_family = family(route.destination);
  header->rtm_dst_len = route.prefix;
  header->rtm_table = RT_TABLE_MAIN;
  header->rtm_protocol = RTPROT_STATIC;
  header->rtm_scope = RT_SCOPE_UNIVERSE;
  header->rtm_type = RTN_UNICAST;
  header->rtm_flags = RTNH_F_ONLINK;
  put_address(message, RTA_DST, route.destination);
  put_address(message, RTA_GATEWAY, route.gateway);
  mnl_attr_put_u32(message, RTA_OIF, index);
  if (route.mtu != 0 || route.advmss != 0) {
    nlattr* metrics = mnl_attr_nest_start(message, RTA_METRICS);
    if (route.mtu != 0) mnl_attr_put_u32(message, RTAX_MTU, route.mtu);
    if (route.advmss != 0) mnl_attr_put_u32(message, RTAX_ADVMSS, route.advmss);
    mnl_attr_nest_end(message, metrics);
  }
  return talk("add the route to " + wire::to_string(route.destination));
}

Result<void> Rtnl::add_neighbour(unsigned index, const wire::Address& address, const Mac& mac) {
  nlmsghdr* message = begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  auto* header = put_extra<ndmsg>(message);
  header->ndm_family = family(address);
  header->ndm_ifindex = static_cast<int>(index);
  header->ndm_state = NUD_PERMANENT;
  put_address(message, NDA_DST, address);
  mnl_attr_put(message, NDA_LLADDR, mac.size(), mac.data());
  return talk("add the neighbour " + wire::to_string(address));
}

Result<uint64_t> Rtnl::tx_dropped(unsigned index) {
  nlmsghdr* message = begin(RTM_GETSTATS, 0);
  auto* header = put_extra<if_stats_msg>(message);
  header->ifindex = index;
  header->filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
  uint64_t dropped = 0;
  if (auto asked = talk("read an interface's statistics", read_tx_dropped, &dropped); !asked) {
    return tl::make_unexpected(asked.error());
  }
  return dropped;
}

}  // namespace synfin::link
