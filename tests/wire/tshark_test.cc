// tshark as the oracle for everything that it can say of a segment.
#include <gtest/gtest.h>
#include <stdio.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "harness/wire/codec.h"
#include "harness/wire/pcap.h"
#include "tests/temp_file.h"
#include "tests/wire/random_packet.h"

namespace synfin::wire {
namespace {

// The lines that a command writes.
std::vector<std::string> lines_of(const std::string& command) {
  std::vector<std::string> out;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return out;
  std::string line;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) {
    if (c == '\n') {
      out.push_back(line);
      line.clear();
    } else {
      line += static_cast<char>(c);
    }
  }
  pclose(pipe);
  return out;
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> out(1);
  for (const char c : line) {
    if (c == '|') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

std::string hex(std::span<const uint8_t> octets) {
  std::string out;
  for (const uint8_t octet : octets) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", octet);
    out += digits;
  }
  return out;
}

class Tshark : public ::testing::TestWithParam<CaptureLink> {
 protected:
  void SetUp() override {
    if (std::system("tshark --version >/dev/null 2>&1") != 0) {
      GTEST_SKIP() << "tshark is not installed";
    }
  }

  std::vector<std::vector<std::string>> fields(const std::string& file) {
    std::string command = "tshark -n -r '" + file + "' -T fields -E separator='|' -E occurrence=f";
    for (const char* preference : {"tcp.check_checksum:TRUE", "tcp.relative_sequence_numbers:FALSE",
                                   "tcp.analyze_sequence_numbers:FALSE",
                                   "tcp.desegment_tcp_streams:FALSE", "ip.check_checksum:TRUE"}) {
      command += std::string(" -o ") + preference;
    }
    for (const char* field :
         {"tcp.seq", "tcp.ack_raw", "tcp.flags", "tcp.window_size_value", "tcp.urgent_pointer",
          "tcp.checksum", "tcp.checksum.status", "tcp.options", "tcp.len", "tcp.srcport",
          "tcp.dstport", "ip.checksum.status", "frame.time_epoch", "ip.ttl", "ipv6.hlim"}) {
      command += std::string(" -e ") + field;
    }
    std::vector<std::vector<std::string>> out;
    for (const std::string& line : lines_of(command + " 2>/dev/null")) out.push_back(split(line));
    return out;
  }
};

struct Made {
  RandomPacket random;
  std::vector<uint8_t> octets;
};

void expect_line(const std::vector<std::string>& got, const Made& made, std::size_t index) {
  const Packet& packet = made.random.packet;
  const Segment& segment = packet.segment;
  const auto decoded = decode(made.octets);
  ASSERT_TRUE(decoded);
  ASSERT_EQ(got.size(), 15U);
  EXPECT_EQ(got[0], std::to_string(segment.seq.value()));
  EXPECT_EQ(got[1], std::to_string(segment.ack.value()));
  // tshark's flags are 12 bits: the reserved ones stand before.
  EXPECT_EQ(std::stoul(got[2], nullptr, 16),
            unsigned{packet.malformation.reserved} << 8U | segment.flags.bits);
  EXPECT_EQ(got[3], std::to_string(segment.wnd));
  EXPECT_EQ(got[4], std::to_string(segment.up));
  EXPECT_EQ(std::stoul(got[5], nullptr, 16), decoded->tcp_checksum);
  EXPECT_EQ(got[6], decoded->tcp_checksum_ok ? "1" : "0");
  EXPECT_EQ(decoded->tcp_checksum_ok,
            packet.malformation.checksum == Malformation::Checksum::kGood);
  EXPECT_EQ(got[7], hex(packet.options.octets()));
  EXPECT_EQ(got[8], std::to_string(segment.text.size()));
  EXPECT_EQ(got[9], std::to_string(packet.source.port));
  EXPECT_EQ(got[10], std::to_string(packet.destination.port));
  EXPECT_EQ(got[11], packet.source.address.v6 ? "" : "1");
  char time[40];
  std::snprintf(time, sizeof time, "%zu.%06zu000", index, index * 4973 % 1000000);
  EXPECT_EQ(got[12], time);
  EXPECT_EQ(got[packet.source.address.v6 ? 14 : 13], std::to_string(packet.ttl));
}

TEST_P(Tshark, SeesTheSegmentsAsWeMadeThem) {
  PacketGenerator random(90);
  const synfin::testing::TempFile file("tshark.pcap");
  std::vector<Made> made(200);
  std::vector<CapturedPacket> capture;
  for (std::size_t i = 0; i < made.size(); ++i) {
    made[i].random = random.packet(random.coin());
    Malformation& wrong = made[i].random.packet.malformation;
    if (random.number(0, 3) == 0) wrong.checksum = Malformation::Checksum::kBad;
    if (random.number(0, 3) == 0) wrong.reserved = static_cast<uint8_t>(random.number(0, 15));
    made[i].octets = encoded(made[i].random.packet);
    std::vector<uint8_t> frame(GetParam() == CaptureLink::kEthernet ? 14 : 0, 2);
    if (!frame.empty()) {
      const bool v6 = made[i].random.packet.source.address.v6;
      frame[12] = v6 ? 0x86 : 0x08;
      frame[13] = v6 ? 0xDD : 0x00;
    }
    frame.insert(frame.end(), made[i].octets.begin(), made[i].octets.end());
    capture.push_back({Time(std::chrono::seconds(i) + std::chrono::microseconds(i * 4973)), frame});
  }
  const auto written = write_capture(file.path(), GetParam(), capture);
  ASSERT_TRUE(written) << written.error().message;
  const auto lines = fields(file.path());
  ASSERT_EQ(lines.size(), made.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    expect_line(lines[i], made[i], i);
    ASSERT_FALSE(HasFailure()) << "seed 90, packet " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Link, Tshark,
                         ::testing::Values(CaptureLink::kRawIp, CaptureLink::kEthernet),
                         [](const auto& test) {
                           return test.param == CaptureLink::kRawIp ? "RawIp" : "Ethernet";
                         });

}  // namespace
}  // namespace synfin::wire
