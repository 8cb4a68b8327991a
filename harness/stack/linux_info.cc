#include "harness/stack/linux_info.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "harness/stack/linux_diag.h"

namespace synfin::stack {
namespace {

struct Field {
  std::string_view name;
  unsigned octets;
};

// In the order of the kernel's structure, in which nothing is ever moved.
constexpr auto kFields = std::to_array<Field>({
    {"tcpi_state", 1},
    {"tcpi_ca_state", 1},
    {"tcpi_retransmits", 1},
    {"tcpi_probes", 1},
    {"tcpi_backoff", 1},
    {"tcpi_options", 1},
    {"", 2},  // parts of octets: see kBits
    {"tcpi_rto", 4},
    {"tcpi_ato", 4},
    {"tcpi_snd_mss", 4},
    {"tcpi_rcv_mss", 4},
    {"tcpi_unacked", 4},
    {"tcpi_sacked", 4},
    {"tcpi_lost", 4},
    {"tcpi_retrans", 4},
    {"tcpi_fackets", 4},
    {"tcpi_last_data_sent", 4},
    {"tcpi_last_ack_sent", 4},
    {"tcpi_last_data_recv", 4},
    {"tcpi_last_ack_recv", 4},
    {"tcpi_pmtu", 4},
    {"tcpi_rcv_ssthresh", 4},
    {"tcpi_rtt", 4},
    {"tcpi_rttvar", 4},
    {"tcpi_snd_ssthresh", 4},
    {"tcpi_snd_cwnd", 4},
    {"tcpi_advmss", 4},
    {"tcpi_reordering", 4},
    {"tcpi_rcv_rtt", 4},
    {"tcpi_rcv_space", 4},
    {"tcpi_total_retrans", 4},
    {"tcpi_pacing_rate", 8},
    {"tcpi_max_pacing_rate", 8},
    {"tcpi_bytes_acked", 8},
    {"tcpi_bytes_received", 8},
    {"tcpi_segs_out", 4},
    {"tcpi_segs_in", 4},
    {"tcpi_notsent_bytes", 4},
    {"tcpi_min_rtt", 4},
    {"tcpi_data_segs_in", 4},
    {"tcpi_data_segs_out", 4},
    {"tcpi_delivery_rate", 8},
    {"tcpi_busy_time", 8},
    {"tcpi_rwnd_limited", 8},
    {"tcpi_sndbuf_limited", 8},
    {"tcpi_delivered", 4},
    {"tcpi_delivered_ce", 4},
    {"tcpi_bytes_sent", 8},
    {"tcpi_bytes_retrans", 8},
    {"tcpi_dsack_dups", 4},
    {"tcpi_reord_seen", 4},
    {"tcpi_rcv_ooopack", 4},
    {"tcpi_snd_wnd", 4},
    {"tcpi_rcv_wnd", 4},
    {"tcpi_rehash", 4},
    {"tcpi_total_rto", 2},
    {"tcpi_total_rto_recoveries", 2},
    {"tcpi_total_rto_time", 4},
    {"tcpi_received_ce", 4},
    {"tcpi_delivered_e1_bytes", 4},
    {"tcpi_delivered_e0_bytes", 4},
    {"tcpi_delivered_ce_bytes", 4},
    {"tcpi_received_e1_bytes", 4},
    {"tcpi_received_e0_bytes", 4},
    {"tcpi_received_ce_bytes", 4},
});

struct Bits {
  std::string_view name;
  std::size_t octet;
  unsigned shift;
  unsigned mask;
};

constexpr auto kBits = std::to_array<Bits>({
    {"tcpi_snd_wscale", 6, 0, 15},
    {"tcpi_rcv_wscale", 6, 4, 15},
    {"tcpi_delivery_rate_app_limited", 7, 0, 1},
    {"tcpi_fastopen_client_fail", 7, 1, 3},
});

}  // namespace

std::optional<int64_t> read_tcp_info(int fd, std::string_view field) {
  std::array<uint8_t, 512> info{};
  auto size = static_cast<socklen_t>(info.size());
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, info.data(), &size) != 0) return std::nullopt;
  for (const Bits& bits : kBits) {
    if (bits.name == field) return (info[bits.octet] >> bits.shift) & bits.mask;
  }
  std::size_t offset = 0;
  for (const Field& one : kFields) {
    if (one.name == field && !field.empty()) {
      if (offset + one.octets > size) return std::nullopt;
      uint64_t value = 0;
      std::memcpy(&value, info.data() + offset, one.octets);  // little-endian, as everywhere here
      return static_cast<int64_t>(value);
    }
    offset += one.octets;
  }
  return std::nullopt;
}

std::optional<State> read_tcp_state(int fd) {
  uint8_t state = TCP_CLOSE;  // tcpi_state, the first octet
  socklen_t size = sizeof(state);
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &size) != 0 || state == TCP_CLOSE) {
    return std::nullopt;
  }
  return state_of_kernel(state);
}

}  // namespace synfin::stack
