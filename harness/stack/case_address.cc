#include "harness/stack/case_address.h"

namespace synfin::stack {

wire::Address stack_address(bool ipv6) {
  if (!ipv6) return wire::Address::ipv4(192, 0, 2, 1);
  wire::Address address{.v6 = true, .octets = {0x20, 0x01, 0x0d, 0xb8}};
  address.octets[15] = 1;
  return address;
}

wire::FourTuple case_tuple(CaseId id, bool ipv6, uint16_t local_port, unsigned connection) {
  constexpr uint16_t kRemotePort = 10000;
  wire::FourTuple tuple;
  tuple.local = {stack_address(ipv6), local_port};
  tuple.remote.port = static_cast<uint16_t>(kRemotePort + connection);
  if (ipv6) {
    tuple.remote.address = {.v6 = true, .octets = {0x20, 0x01, 0x0d, 0xb8, 0, 1}};
    for (unsigned i = 0; i < 4; ++i) {
      tuple.remote.address.octets[15 - i] = static_cast<uint8_t>(id >> (8 * i));
    }
  } else {
    tuple.remote.address =
        wire::Address::ipv4(198, static_cast<uint8_t>(18U + (id >> 16U & 1U)),
                            static_cast<uint8_t>(id >> 8U), static_cast<uint8_t>(id));
  }
  return tuple;
}

}  // namespace synfin::stack
