// Endpoints as the socket calls want them.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "harness/wire/address.h"

namespace synfin::stack {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const {
    return static_cast<const sockaddr*>(static_cast<const void*>(&storage));
  }
};

// An IPv4 endpoint for a socket of the domain AF_INET6 is written as IPv4-mapped.
inline SocketAddress socket_address(const wire::Endpoint& endpoint, int domain) {
  SocketAddress result;
  if (!endpoint.address.v6 && domain != AF_INET6) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, endpoint.address.octets.data(), 4);
    std::memcpy(&result.storage, &v4, sizeof(v4));
    result.size = sizeof(v4);
    return result;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(endpoint.port);
  if (endpoint.address.v6) {
    std::copy(endpoint.address.octets.begin(), endpoint.address.octets.end(), v6.sin6_addr.s6_addr);
  } else {
    v6.sin6_addr.s6_addr[10] = 0xff;
    v6.sin6_addr.s6_addr[11] = 0xff;
    std::memcpy(v6.sin6_addr.s6_addr + 12, endpoint.address.octets.data(), 4);
  }
  std::memcpy(&result.storage, &v6, sizeof(v6));
  result.size = sizeof(v6);
  return result;
}

}  // namespace synfin::stack
