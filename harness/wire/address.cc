#include "harness/wire/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>

namespace synfin::wire {

std::string to_string(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.octets.data(), text, sizeof text);
  return text;
}

std::string to_string(const Endpoint& endpoint) {
  const std::string address = to_string(endpoint.address);
  if (endpoint.address.v6) return fmt::format("[{}]:{}", address, endpoint.port);
  return fmt::format("{}:{}", address, endpoint.port);
}

Result<Address> parse_address(const std::string& text) {
  Address address;
  address.v6 = text.find(':') != std::string::npos;
  // inet_pton stops at a NUL, which a std::string may hold.
  if (text.find('\0') == std::string::npos &&
      inet_pton(address.v6 ? AF_INET6 : AF_INET, text.c_str(), address.octets.data()) == 1) {
    return address;
  }
  return fail(fmt::format("\"{}\" is no IP address: write one like 192.0.2.1 or 2001:db8::1",
                          text.c_str()));
}

bool names_one_host(const Address& address) {
  const auto& octets = address.octets;
  const bool zeros =
      std::all_of(octets.begin(), octets.end() - 1, [](uint8_t octet) { return octet == 0; });
  if (address.v6) return octets[0] != 0xff && !(zeros && octets[15] <= 1);
  if (zeros || octets[0] == 127) return false;
  const bool group = octets[0] >= 224 && octets[0] < 240;
  return !group && address != Address::ipv4(255, 255, 255, 255);
}

}  // namespace synfin::wire
