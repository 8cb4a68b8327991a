// IP addresses and endpoints, for IPv4 and IPv6 alike.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "harness/wire/error.h"

namespace synfin::wire {

// An IPv4 or IPv6 address in network order. IPv4 uses the first four octets.
struct Address {
  bool v6 = false;
  std::array<uint8_t, 16> octets{};

  static Address ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
    return {.v6 = false, .octets = {a, b, c, d}};
  }
  friend constexpr auto operator<=>(const Address&, const Address&) = default;
};

// "192.0.2.1" or "2001:db8::1".
std::string to_string(const Address& address);

// Reads what to_string() writes, and every other form that inet_pton accepts.
Result<Address> parse_address(const std::string& text);

// Whether an address may be a peer's (RFC 1122 §3.2.1.3): neither unspecified nor loopback, nor a
// group's, nor everybody's.
bool names_one_host(const Address& address);

struct Endpoint {
  Address address;
  uint16_t port = 0;
  friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// "192.0.2.1:80" or "[2001:db8::1]:80".
std::string to_string(const Endpoint& endpoint);

// The two ends of a connection, seen from the stack under test.
struct FourTuple {
  Endpoint local;   // the stack under test
  Endpoint remote;  // the peer, which the harness plays
  friend constexpr auto operator<=>(const FourTuple&, const FourTuple&) = default;
};

}  // namespace synfin::wire
