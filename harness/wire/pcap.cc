#include "harness/wire/pcap.h"

#include <fmt/format.h>
#include <pcap.h>
#include <tins/exceptions.h>
#include <tins/packet.h>
#include <tins/packet_writer.h>
#include <tins/rawpdu.h>
#include <tins/sniffer.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

namespace synfin::wire {

// Stands for packets that begin with an IP header; libtins has no class for these.
class BareIp;

}  // namespace synfin::wire

template <>
class Tins::DataLinkType<synfin::wire::BareIp> {
 public:
  int get_type() const { return DLT_RAW; }
};

namespace synfin::wire {
namespace {

namespace fs = std::filesystem;

// Sizes in a pcap file (draft-ietf-opsawg-pcap §4, §5).
constexpr std::size_t kFileHeader = 24;
constexpr std::size_t kRecordHeader = 16;
constexpr std::size_t kSnapLength = 65535;  // what libtins writes into the file header
constexpr std::chrono::seconds kSecondsWrap{int64_t{1} << 32U};

Tins::PacketWriter make_writer(const std::string& path, CaptureLink link) {
  if (link == CaptureLink::kEthernet) {
    return {path, Tins::DataLinkType<Tins::EthernetII>()};
  }
  return {path, Tins::DataLinkType<BareIp>()};
}

std::optional<CaptureLink> link_of(int type) {
  switch (type) {
    case DLT_EN10MB:
      return CaptureLink::kEthernet;
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
      return CaptureLink::kRawIp;
    default:
      return std::nullopt;
  }
}

bool is_pcapng(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::array<char, 4> magic{};
  in.read(magic.data(), magic.size());
  return magic == std::array{'\x0a', '\x0d', '\x0d', '\x0a'};
}

// libtins takes a file that breaks off for one that ends. Its length tells them apart.
Result<void> check_read_to_end(const std::string& path, std::size_t consumed) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error || is_pcapng(path) || size == consumed) return {};
  return fail(
      fmt::format("{} is damaged after octet {}: no whole packet is there", path, consumed));
}

Result<Capture> read_all(const std::string& path) {
  Tins::FileSniffer sniffer(path);
  const auto link = link_of(sniffer.link_type());
  if (!link) {
    return fail(fmt::format("{} has link type {}; Ethernet ({}) and bare IP ({}) are read", path,
                            sniffer.link_type(), DLT_EN10MB, DLT_RAW));
  }
  sniffer.set_extract_raw_pdus(true);
  Capture out{.link = *link, .packets = {}};
  std::size_t consumed = kFileHeader;
  while (Tins::Packet packet = sniffer.next_packet()) {
    std::chrono::microseconds at = packet.timestamp();
    // libpcap reads the 32 bits of seconds as signed; they are not.
    if (at.count() < 0) at += kSecondsWrap;
    const auto& octets = packet.pdu()->rfind_pdu<Tins::RawPDU>().payload();
    consumed += kRecordHeader + octets.size();
    out.packets.push_back({Time(at), octets});
  }
  if (auto checked = check_read_to_end(path, consumed); !checked) {
    return tl::make_unexpected(std::move(checked.error()));
  }
  return out;
}

}  // namespace

struct CaptureWriter::Impl {
  Impl(std::string name, CaptureLink link)
      : path(std::move(name)), writer(make_writer(path, link)) {}

  std::string path;
  std::optional<Tins::PacketWriter> writer;
  std::size_t size = kFileHeader;
};

CaptureWriter::CaptureWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CaptureWriter::CaptureWriter(CaptureWriter&&) noexcept = default;
CaptureWriter& CaptureWriter::operator=(CaptureWriter&&) noexcept = default;
CaptureWriter::~CaptureWriter() = default;

Result<CaptureWriter> CaptureWriter::open(const std::string& path, CaptureLink link) {
  // libtins 4.0 reads libpcap's message after it has closed the handle that holds it, so a file
  // that cannot be opened must not come so far.
  if (!std::ofstream(path, std::ios::binary)) {
    return fail(fmt::format("the capture {} cannot be written: {}", path, std::strerror(errno)));
  }
  try {
    return CaptureWriter(std::make_unique<Impl>(path, link));
  } catch (const std::exception& error) {
    return fail(fmt::format("the capture {} cannot be written: {}", path, error.what()));
  }
}

Result<void> CaptureWriter::write(Time at, std::span<const uint8_t> octets) {
  std::optional<Tins::PacketWriter>& writer = impl_->writer;
  if (!writer) return fail(fmt::format("the capture {} is closed", impl_->path));
  if (octets.empty() || octets.size() > kSnapLength) {
    return fail(fmt::format("a packet of {} octets cannot be captured; 1 to {} can", octets.size(),
                            kSnapLength));
  }
  const auto since_epoch = at.time_since_epoch();
  if (since_epoch < Duration::zero() || since_epoch >= kSecondsWrap) {
    return fail(fmt::format("a capture has no time {} ns", since_epoch.count()));
  }
  try {
    const Tins::RawPDU pdu(octets.data(), static_cast<uint32_t>(octets.size()));
    Tins::Packet packet(pdu, Tins::Timestamp(since_epoch));
    writer->write(packet);
  } catch (const std::exception& error) {
    return fail(fmt::format("the capture {} cannot be written: {}", impl_->path, error.what()));
  }
  impl_->size += kRecordHeader + octets.size();
  return {};
}

Result<void> CaptureWriter::close() {
  impl_->writer.reset();
  // Neither libtins nor libpcap's dumper tells of a full disk.
  std::error_code error;
  if (fs::is_other(impl_->path, error)) return {};  // a device has no size
  const auto size = fs::file_size(impl_->path, error);
  if (!error && size == impl_->size) return {};
  return fail(fmt::format("the capture {} has {} of its {} octets: is the disk full?", impl_->path,
                          error ? 0 : size, impl_->size));
}

Result<void> write_capture(const std::string& path, CaptureLink link,
                           std::span<const CapturedPacket> packets) {
  auto writer = CaptureWriter::open(path, link);
  if (!writer) return tl::make_unexpected(std::move(writer.error()));
  for (const CapturedPacket& packet : packets) {
    if (auto written = writer->write(packet.at, packet.octets); !written) return written;
  }
  return writer->close();
}

Result<Capture> read_capture(const std::string& path) {
  try {
    return read_all(path);
  } catch (const std::exception& error) {
    return fail(fmt::format("the capture {} cannot be read: {}", path, error.what()));
  }
}

}  // namespace synfin::wire
