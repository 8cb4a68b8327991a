#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "harness/report/packetdrill_parts.h"
#include "harness/script/printer.h"
#include "harness/script/symbols.h"
#include "harness/script/words.h"

namespace synfin::report {
namespace {

// The constants of our table that packetdrill's lacks: they are written as numbers.
constexpr auto kUnknown = std::to_array<std::string_view>({
    "EPOLLWAKEUP",
    "FIONBIO",
    "IPPROTO_MPTCP",
    "IPV6_UNICAST_HOPS",
    "IPV6_V6ONLY",
    "IP_BIND_ADDRESS_NO_PORT",
    "IP_MINTTL",
    "IP_OPTIONS",
    "IP_PKTOPTIONS",
    "IP_PMTUDISC_INTERFACE",
    "IP_PMTUDISC_OMIT",
    "IP_RECVTOS",
    "IP_RECVTTL",
    "IP_TRANSPARENT",
    "MSG_WAITFORONE",
    "NULL",
    "SIOCATMARK",
    "SIOCOUTQ",
    "SIOCOUTQNSD",
    "SOCK_CLOEXEC",
    "SOF_TIMESTAMPING_OPT_PKTINFO",
    "SOF_TIMESTAMPING_OPT_TX_SWHW",
    "SO_BUSY_POLL",
    "SO_DOMAIN",
    "SO_EE_ORIGIN_ICMP",
    "SO_EE_ORIGIN_ICMP6",
    "SO_EE_ORIGIN_LOCAL",
    "SO_EE_ORIGIN_NONE",
    "SO_INCOMING_CPU",
    "SO_PROTOCOL",
    "SO_RCVBUFFORCE",
    "SO_SNDBUFFORCE",
    "SO_TXTIME",
    "TCP_QUEUE_SEQ",
    "TCP_REPAIR",
    "TCP_REPAIR_OPTIONS",
    "TCP_REPAIR_QUEUE",
    "TCP_SAVED_SYN",
    "TCP_SAVE_SYN",
    "TCP_ULP",
    "TCP_WINDOW_CLAMP",
    "TCP_ZEROCOPY_RECEIVE",
    "TIOCOUTQ",
});

std::string unsayable(const proto::Malformation& bad, bool marks_packet) {
  if (bad.checksum() != proto::Malformation::GOOD) return "a wrong checksum";
  if (bad.has_data_offset()) return "a data offset";
  if (bad.reserved() > script::kAccurateEcnBit) return "reserved bits";
  if (bad.has_truncate()) return "a segment that is cut short";
  if (bad.has_ip_length()) return "a length in the IP header";
  if (!bad.ip_options().empty()) return "IP options";
  if (!bad.source().empty() || !bad.destination().empty()) return "addresses of a single segment";
  if (bad.has_ttl() && bad.ttl() == 0) return "a time to live of 0";
  if (bad.has_ttl() && marks_packet) return "a time to live beside the Diffserv field";
  return "";
}

std::string unsayable(const proto::TcpOption& option) {
  if (option.has_raw() && !script::has_word(option.raw())) {
    return fmt::format("options of kind {} with these octets", option.raw().kind());
  }
  if (option.has_sack() && option.sack().blocks().empty()) return "a SACK option without blocks";
  return "";
}

std::string unsayable(const proto::Segment& segment) {
  const bool marks_packet = segment.ecn() != 0 || segment.has_traffic_class();
  if (auto why = unsayable(segment.malformation(), marks_packet); !why.empty()) return why;
  for (const auto& option : segment.options()) {
    if (auto why = unsayable(option); !why.empty()) return why;
  }
  return "";
}

std::string unsayable(const proto::Call& call) {
  for (const auto& argument : call.arguments()) {
    if (argument.address().own_port()) return "an address whose port is the harness's own";
    const bool option = call.name() == "getsockopt" || call.name() == "setsockopt";
    if (option && argument.array().values_size() > 1) return "a socket option of several numbers";
  }
  return "";
}

bool moves_octets(script::CallName name) {
  using script::CallName;
  return name == CallName::kRead || name == CallName::kWrite || name == CallName::kSend ||
         name == CallName::kRecv || name == CallName::kSendto || name == CallName::kRecvfrom;
}

// SO_REUSEADDR|TCP_ULP: names that packetdrill lacks become numbers.
std::string known_symbol(std::string_view symbol) {
  std::string out;
  while (true) {
    const std::size_t end = symbol.find('|');
    const std::string_view name = symbol.substr(0, end);
    const bool unknown = std::find(kUnknown.begin(), kUnknown.end(), name) != kUnknown.end();
    const auto value = unknown ? script::find_constant(name) : std::nullopt;
    out += value ? fmt::to_string(*value) : std::string(name);
    if (end == std::string_view::npos) return out;
    out += '|';
    symbol.remove_prefix(end + 1);
  }
}

void use_known_symbols(proto::Value* value) {
  if (value->has_symbol()) {
    value->set_symbol(known_symbol(value->symbol()));
  } else if (value->has_struct_()) {
    for (auto& field : *value->mutable_struct_()->mutable_fields()) {
      use_known_symbols(field.mutable_value());
    }
  } else if (value->has_array()) {
    for (auto& element : *value->mutable_array()->mutable_values()) use_known_symbols(&element);
  }
}

}  // namespace

std::string unsayable(const proto::Step& step) {
  if (step.has_call()) return unsayable(step.call());
  return step.has_packet() ? unsayable(step.packet().segment()) : "";
}

proto::Call packetdrill_call(const proto::Call& call, const script::CallSpec& spec) {
  proto::Call out = call;
  for (auto& argument : *out.mutable_arguments()) use_known_symbols(&argument);
  // Its octets are all zeros.
  if (moves_octets(spec.name) && out.arguments_size() > 1 && out.arguments(1).has_text()) {
    out.mutable_arguments(1)->set_ellipsis(true);
  }
  if (spec.no_buffer && out.arguments_size() > 1) out.mutable_arguments(1)->set_integer(0);
  return out;
}

}  // namespace synfin::report
