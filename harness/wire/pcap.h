// Captures: pcap files that tcpdump and Wireshark open.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/time.h"
#include "harness/wire/error.h"

namespace synfin::wire {

// What each packet of a capture begins with.
enum class CaptureLink : uint8_t { kRawIp, kEthernet };

struct CapturedPacket {
  Time at;
  std::vector<uint8_t> octets;
};

// A capture that was read.
struct Capture {
  CaptureLink link = CaptureLink::kRawIp;
  std::vector<CapturedPacket> packets;
};

// Writes a capture packet by packet. Times are kept to the microsecond, rounded down; Time's zero
// becomes the epoch. Destroying it without close() closes the file, but tells no error.
class CaptureWriter {
 public:
  static Result<CaptureWriter> open(const std::string& path, CaptureLink link);

  CaptureWriter(CaptureWriter&&) noexcept;
  CaptureWriter& operator=(CaptureWriter&&) noexcept;
  ~CaptureWriter();

  // At most 65535 octets, and a time from 0 s to 2^32 s: the format has no more.
  Result<void> write(Time at, std::span<const uint8_t> octets);
  // Ends the file and makes sure that all of it was written.
  Result<void> close();

 private:
  struct Impl;
  explicit CaptureWriter(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

Result<void> write_capture(const std::string& path, CaptureLink link,
                           std::span<const CapturedPacket> packets);

// Reads a pcap or pcapng file of Ethernet frames or bare IP packets.
Result<Capture> read_capture(const std::string& path);

}  // namespace synfin::wire
