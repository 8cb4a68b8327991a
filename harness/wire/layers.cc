#include "harness/wire/layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "harness/wire/address.h"
#include "harness/wire/bytes.h"
#include "harness/wire/checksum.h"
#include "harness/wire/codec.h"
#include "harness/wire/frame.h"
#include "harness/wire/layout.h"
#include "harness/wire/names.h"
#include "harness/wire/options.h"
#include "harness/wire/text.h"

namespace synfin::wire {
namespace {

using Octets = std::span<const uint8_t>;

// Reads one packet from front to back. Each method reads a layer that begins at at_ and ends before
// end_ at the latest, and leaves at_ behind it.
class Dissector {
 public:
  explicit Dissector(Octets packet) : packet_(packet), end_(packet.size()) {}

  std::vector<LayerField> run(CaptureLink link) {
    if (link == CaptureLink::kEthernet) {
      ethernet();
    } else {
      ip();
    }
    if (at_ < packet_.size()) {
      end_ = packet_.size();
      octets("rest", "after the packet", "");
    }
    return std::move(fields_);
  }

 private:
  void ethernet();
  void ip();
  void ipv4();
  void ipv6();
  void ipv4_lengths(std::size_t header, std::size_t total);
  void ipv4_fragment();
  void ipv4_addresses(std::size_t header, bool fragment);
  void payload(uint8_t protocol);
  void tcp();
  void tcp_words();
  void tcp_checksum_field(Octets whole);
  void options(std::size_t header_end);
  void option(Octets octets);

  std::size_t left() const { return end_ - at_; }
  const uint8_t* here(std::size_t offset = 0) const { return packet_.data() + at_ + offset; }
  Octets octets_here(std::size_t length) const { return packet_.subspan(at_, length); }

  // A field of the layer under way, `offset` octets from at_.
  void field(std::string_view name, std::size_t offset, std::size_t length, std::string value,
             std::string wrong = "") {
    fields_.push_back(
        {layer_, std::string(name), std::move(value), at_ + offset, length, std::move(wrong)});
  }

  // All that is left before end_, as one field.
  void octets(std::string_view layer, std::string_view name, std::string wrong) {
    layer_ = layer;
    const std::size_t length = left();
    field(name, 0, length, fmt::format("{} octet{}", length, length == 1 ? "" : "s"),
          std::move(wrong));
    at_ = end_;
  }

  // Whether the layer's fixed header of `size` octets is there; else takes what is.
  bool header_fits(std::string_view layer, std::size_t size) {
    layer_ = layer;
    if (left() >= size) return true;
    octets(layer, "header", fmt::format("cut off: {} octets of at least {}", left(), size));
    return false;
  }

  Octets packet_;
  std::size_t at_ = 0;
  std::size_t end_;
  std::string_view layer_;
  Address source_;
  Address destination_;
  std::vector<LayerField> fields_;
};

// What is wrong with a checksum field that holds `found`. `remainder` is the checksum of all with
// this field in it: what the field lacks, modulo 65535.
std::string checksum_fault(uint16_t found, uint16_t remainder) {
  if (remainder == 0) return "";
  return fmt::format("should be 0x{:04x}", (uint32_t{found} + remainder) % 0xFFFFU);
}

std::string_view ethertype_name(uint16_t type) {
  switch (type) {
    case kEtherIpv4:
      return "IPv4";
    case kEtherArp:
      return "ARP";
    case kEtherIpv6:
      return "IPv6";
    default:
      return "unknown";
  }
}

void Dissector::ethernet() {
  if (!header_fits("Ethernet", kEthernetHeader)) return;
  const Frame frame = read_ethernet(octets_here(left())).value();
  const uint16_t type = frame.header.type;
  field("destination", 0, 6, to_string(frame.header.destination));
  field("source", 6, 6, to_string(frame.header.source));
  field("type", 12, 2, fmt::format("0x{:04x} ({})", type, ethertype_name(type)));
  at_ += kEthernetHeader;
  if (type != kEtherIpv4 && type != kEtherIpv6) {
    if (left() > 0) octets("rest", "payload", "");
    return;
  }
  const unsigned claimed = type == kEtherIpv4 ? 4 : 6;
  if (left() > 0 && *here() >> 4U != claimed) {
    fields_.back().wrong = fmt::format("an IP packet of version {} follows", *here() >> 4U);
  }
  ip();
}

void Dissector::ip() {
  if (left() == 0) {
    octets("IP", "header", "missing");
    return;
  }
  switch (*here() >> 4U) {
    case 4:
      return ipv4();
    case 6:
      return ipv6();
    default:
      return octets("rest", "packet", fmt::format("no IP: version {}", *here() >> 4U));
  }
}

void Dissector::ipv4_lengths(std::size_t header, std::size_t total) {
  std::string wrong;
  if (header < kIpv4Header) wrong = "shorter than the 20 octets of the fixed header";
  if (header > left()) wrong = fmt::format("longer than the {} octets there are", left());
  field("version", 0, 1, "4");
  field("header length", 0, 1, fmt::format("{} words ({} octets)", header / 4, header), wrong);
  field("traffic class", 1, 1, fmt::format("0x{:02x}", *here(1)));
  wrong.clear();
  if (total < header) wrong = "shorter than the header";
  if (total > left()) wrong = fmt::format("the packet has {}", left());
  field("total length", 2, 2, fmt::to_string(total), wrong);
}

void Dissector::ipv4_fragment() {
  const unsigned word = get16(here(6));
  std::string flags;
  if ((word & 0x8000U) != 0) flags += "reserved ";
  if ((word & 0x4000U) != 0) flags += "DF ";
  if ((word & 0x2000U) != 0) flags += "MF ";
  flags = flags.empty() ? "-" : flags.substr(0, flags.size() - 1);
  field("identification", 4, 2, fmt::format("0x{:04x}", get16(here(4))));
  field("flags", 6, 1, flags, (word & 0x8000U) != 0 ? "the reserved bit is set" : "");
  field("fragment offset", 6, 2, fmt::format("{} octets", (word & 0x1FFFU) * 8),
        (word & 0x3FFFU) != 0 ? "a fragment" : "");
}

void Dissector::ipv4_addresses(std::size_t header, bool fragment) {
  std::copy_n(here(12), 4, source_.octets.begin());
  std::copy_n(here(16), 4, destination_.octets.begin());
  field("source", 12, 4, to_string(source_));
  field("destination", 16, 4, to_string(destination_));
  const uint8_t protocol = *here(9);
  if (header > kIpv4Header) {
    field("options", kIpv4Header, header - kIpv4Header,
          fmt::format("{} octets", header - kIpv4Header));
  }
  at_ += header;
  if (fragment) {
    if (left() > 0) octets("rest", "fragment", "");
    return;
  }
  payload(protocol);
}

void Dissector::ipv4() {
  if (!header_fits("IPv4", kIpv4Header)) return;
  const std::size_t claimed = (*here() & 0x0FU) * std::size_t{4};
  const std::size_t header = claimed < kIpv4Header || claimed > left() ? kIpv4Header : claimed;
  const std::size_t total = get16(here(2));
  ipv4_lengths(claimed, total);
  ipv4_fragment();
  field("time to live", 8, 1, fmt::to_string(*here(8)));
  field("protocol", 9, 1, fmt::format("{} ({})", *here(9), protocol_name(*here(9))));
  const uint16_t checksum = get16(here(10));
  field("header checksum", 10, 2, fmt::format("0x{:04x}", checksum),
        checksum_fault(checksum, internet_checksum(octets_here(header))));
  const bool fragment = (get16(here(6)) & 0x3FFFU) != 0;
  if (total >= header && total <= left()) end_ = at_ + total;
  ipv4_addresses(header, fragment);
}

void Dissector::ipv6() {
  if (!header_fits("IPv6", kIpv6Header)) return;
  const uint32_t first = get32(here());
  const std::size_t length = get16(here(4));
  const std::size_t room = left() - kIpv6Header;
  field("version", 0, 1, "6");
  field("traffic class", 0, 2, fmt::format("0x{:02x}", first >> 20U & 0xFFU));
  field("flow label", 1, 3, fmt::format("0x{:05x}", first & 0xFFFFFU));
  field("payload length", 4, 2, fmt::to_string(length),
        length > room ? fmt::format("{} octets follow the header", room) : "");
  const uint8_t next = *here(6);
  field("next header", 6, 1, fmt::format("{} ({})", next, protocol_name(next)),
        is_extension_header(next) ? "an extension header, which is not read" : "");
  field("hop limit", 7, 1, fmt::to_string(*here(7)));
  source_.v6 = destination_.v6 = true;
  std::copy_n(here(8), 16, source_.octets.begin());
  std::copy_n(here(24), 16, destination_.octets.begin());
  field("source", 8, 16, to_string(source_));
  field("destination", 24, 16, to_string(destination_));
  at_ += kIpv6Header;
  if (length <= room) end_ = at_ + length;
  payload(next);
}

void Dissector::payload(uint8_t protocol) {
  if (protocol == kProtocolTcp) return tcp();
  if (left() > 0) octets("rest", "payload", "");
}

void Dissector::tcp_words() {
  field("source port", 0, 2, fmt::to_string(get16(here())));
  field("destination port", 2, 2, fmt::to_string(get16(here(2))));
  field("sequence number", 4, 4, fmt::to_string(get32(here(4))));
  const Flags flags(*here(13));
  const uint32_t ack = get32(here(8));
  field("acknowledgment number", 8, 4, fmt::to_string(ack) + (flags.ack() ? "" : " (no ACK bit)"));
  const std::size_t header = (*here(12) >> 4U) * std::size_t{4};
  std::string wrong;
  if (header < kTcpHeader) wrong = "shorter than the 20 octets of the fixed header";
  if (header > left()) wrong = fmt::format("longer than the {} octets there are", left());
  field("data offset", 12, 1, fmt::format("{} words ({} octets)", header / 4, header), wrong);
  const unsigned reserved = *here(12) & 0x0FU;
  field("reserved", 12, 1, fmt::to_string(reserved), reserved != 0 ? "should be 0" : "");
  field("control bits", 13, 1, fmt::format("0x{:02x} {}", flags.bits, to_text(flags)));
  field("window", 14, 2, fmt::to_string(get16(here(14))));
}

void Dissector::tcp_checksum_field(Octets whole) {
  const uint16_t checksum = get16(here(kTcpChecksumAt));
  field("checksum", kTcpChecksumAt, 2, fmt::format("0x{:04x}", checksum),
        checksum_fault(checksum, tcp_checksum(source_, destination_, whole)));
}

void Dissector::tcp() {
  if (!header_fits("TCP", kTcpHeader)) return;
  const Octets whole = octets_here(left());
  const std::size_t header = (*here(12) >> 4U) * std::size_t{4};
  tcp_words();
  tcp_checksum_field(whole);
  const bool urgent = Flags(*here(13)).urg();
  field("urgent pointer", 18, 2, fmt::to_string(get16(here(18))) + (urgent ? "" : " (no URG bit)"));
  const std::size_t begin = at_;
  at_ += kTcpHeader;
  if (header < kTcpHeader || header > whole.size()) {
    if (left() > 0) octets("rest", "options or text", "the data offset does not tell which");
    return;
  }
  options(begin + header);
  if (left() > 0) octets("text", "text", "");
}

void Dissector::option(Octets octets) {
  const uint8_t kind = octets[0];
  field(option_name(kind), 0, octets.size(), option_text(octets),
        option_length_ok(kind, octets.size())
            ? ""
            : fmt::format("an option of this kind has no length {}", octets.size()));
  at_ += octets.size();
}

void Dissector::options(std::size_t header_end) {
  layer_ = "option";
  const Octets all = octets_here(header_end - at_);
  const bool whole = for_each_option(all, [this](uint8_t, Octets octets) { option(octets); });
  if (at_ == header_end) return;
  const Octets rest = octets_here(header_end - at_);
  if (whole) {
    const bool zero = std::all_of(rest.begin(), rest.end(), [](uint8_t x) { return x == 0; });
    field("padding", 0, rest.size(), fmt::format("{} octets", rest.size()),
          zero ? "" : "should be zeros");
  } else {
    const std::string wrong =
        rest.size() < 2 ? "the length is missing"
        : rest[1] < 2   ? fmt::format("a length of {} does not count kind and length", rest[1])
                        : fmt::format("longer than the {} octets that are left", rest.size());
    field(option_name(rest[0]), 0, rest.size(), options_text(rest), wrong);
  }
  at_ = header_end;
}

// A line of 16 octets, in hexadecimal and as characters.
void dump_line(std::string& out, std::size_t offset, Octets octets) {
  std::string digits;
  std::string characters;
  for (const uint8_t octet : octets) {
    digits += fmt::format("{:02x} ", octet);
    characters += octet >= 0x20 && octet < 0x7F ? static_cast<char>(octet) : '.';
  }
  out += fmt::format("  {:4}    {:<48} {}\n", offset, digits, characters);
}

}  // namespace

std::vector<LayerField> dissect(Octets packet, CaptureLink link) {
  return Dissector(packet).run(link);
}

std::string print_layers(std::span<const LayerField> fields, Octets packet) {
  std::string out;
  std::string_view layer;
  for (const LayerField& field : fields) {
    // Options belong to TCP's heading.
    if (field.layer != layer && !(field.layer == "option" && layer == "TCP")) {
      layer = field.layer;
      out += fmt::format("{}\n", layer);
    }
    out += fmt::format("  {:4}  {:<22} {}", field.offset, field.name, field.value);
    if (!field.wrong.empty()) out += fmt::format("   <- {}", field.wrong);
    out += '\n';
    if (field.layer != "text" && field.layer != "rest" && field.name != "header") continue;
    for (std::size_t i = 0; i < field.length; i += 16) {
      const std::size_t at = field.offset + i;
      dump_line(out, at, packet.subspan(at, std::min<std::size_t>(16, field.length - i)));
    }
  }
  return out;
}

std::string print_layers(Octets packet, CaptureLink link) {
  return print_layers(dissect(packet, link), packet);
}

}  // namespace synfin::wire
