#include "harness/wire/icmp.h"

#include <algorithm>

#include "harness/wire/bytes.h"
#include "harness/wire/layout.h"
#include "harness/wire/names.h"

namespace synfin::wire {
namespace {

constexpr std::size_t kIcmpHeader = 8;
constexpr std::size_t kQuotedTcp = 8;  // RFC 792: the first 64 bits
constexpr uint8_t kIcmp = 1;
constexpr uint8_t kIcmpv6 = 58;

// RFC 9293 §3.9.2.2: which errors are hard.
std::optional<IcmpError> classify(bool v6, uint8_t type, uint8_t code) {
  if (v6) {
    // RFC 4443: 1 destination unreachable (code 4: port), 3 time exceeded, 4 parameter problem.
    if (type == 1) return code == 4 ? IcmpError::kHard : IcmpError::kSoft;
    if (type == 3 || type == 4) return IcmpError::kSoft;
    return std::nullopt;
  }
  if (type == 4) return IcmpError::kSourceQuench;
  if (type == 3) {
    // Code 4, fragmentation needed, is hard by the letter; path MTU discovery (RFC 1191) has made
    // it a hint that ends nothing.
    return code == 2 || code == 3 ? IcmpError::kHard : IcmpError::kSoft;
  }
  if (type == 11 || type == 12) return IcmpError::kSoft;
  return std::nullopt;
}

Address address_at(std::span<const uint8_t> octets, bool v6) {
  Address address;
  address.v6 = v6;
  std::copy_n(octets.begin(), v6 ? 16 : 4, address.octets.begin());
  return address;
}

}  // namespace

std::optional<IcmpNotice> decode_icmp(std::span<const uint8_t> packet) {
  if (packet.empty()) return std::nullopt;
  const bool v6 = packet[0] >> 4U == 6;
  const std::size_t header = v6 ? kIpv6Header : kIpv4Header;
  if (packet.size() < 2 * header + kIcmpHeader + kQuotedTcp) return std::nullopt;
  if (v6 ? packet[6] != kIcmpv6 : packet[0] != 0x45 || packet[9] != kIcmp) return std::nullopt;
  const auto error = classify(v6, packet[header], packet[header + 1]);
  if (!error) return std::nullopt;
  const auto quoted = packet.subspan(header + kIcmpHeader);
  if (v6 ? quoted[0] >> 4U != 6 || quoted[6] != kProtocolTcp
         : quoted[0] != 0x45 || quoted[9] != kProtocolTcp) {
    return std::nullopt;
  }
  const auto tcp = quoted.subspan(header);
  IcmpNotice notice;
  notice.error = *error;
  notice.about.local = {address_at(quoted.subspan(v6 ? 8 : 12), v6), get16(&tcp[0])};
  notice.about.remote = {address_at(quoted.subspan(v6 ? 24 : 16), v6), get16(&tcp[2])};
  notice.seq = Seq(get32(&tcp[4]));
  return notice;
}

}  // namespace synfin::wire
