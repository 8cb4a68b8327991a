#include "harness/wire/names.h"

namespace synfin::wire {

std::string_view protocol_name(uint8_t protocol) {
  switch (protocol) {
    case 0:
      return "hop-by-hop options";
    case 1:
      return "ICMP";
    case 2:
      return "IGMP";
    case 4:
      return "IPv4 in IP";
    case 6:
      return "TCP";
    case 17:
      return "UDP";
    case 41:
      return "IPv6 in IP";
    case 43:
      return "routing";
    case 44:
      return "fragment";
    case 47:
      return "GRE";
    case 50:
      return "ESP";
    case 51:
      return "authentication";
    case 58:
      return "ICMPv6";
    case 59:
      return "no next header";
    case 60:
      return "destination options";
    case 135:
      return "mobility";
    case 139:
      return "HIP";
    case 140:
      return "shim6";
    default:
      return "unknown";
  }
}

bool is_extension_header(uint8_t next_header) {
  switch (next_header) {
    case 0:
    case 43:
    case 44:
    case 50:
    case 51:
    case 60:
    case 135:
    case 139:
    case 140:
    case 253:
    case 254:
      return true;
    default:
      return false;
  }
}

}  // namespace synfin::wire
