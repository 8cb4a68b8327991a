#include "harness/wire/pcap.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/temp_file.h"
#include "tests/wire/random_packet.h"

namespace synfin::wire {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

std::vector<CapturedPacket> some_packets() {
  PacketGenerator random(70);
  std::vector<CapturedPacket> out;
  for (const int64_t at : {int64_t{0}, int64_t{1}, int64_t{999'999}, int64_t{1'000'000},
                           int64_t{1'700'000'000'123'457}, int64_t{4'294'967'295'999'999}}) {
    out.push_back({Time(microseconds(at)), encoded(random.packet(random.coin()).packet)});
  }
  return out;
}

TEST(Capture, ReadsWhatItWroteToTheMicrosecond) {
  for (const auto link : {CaptureLink::kRawIp, CaptureLink::kEthernet}) {
    const synfin::testing::TempFile file("roundtrip.pcap");
    const auto packets = some_packets();
    const auto written = write_capture(file.path(), link, packets);
    ASSERT_TRUE(written) << written.error().message;
    const auto capture = read_capture(file.path());
    ASSERT_TRUE(capture) << capture.error().message;
    EXPECT_EQ(capture->link, link);
    ASSERT_EQ(capture->packets.size(), packets.size());
    for (std::size_t i = 0; i < packets.size(); ++i) {
      EXPECT_EQ(capture->packets[i].at, packets[i].at) << i;
      EXPECT_EQ(capture->packets[i].octets, packets[i].octets) << i;
    }
  }
}

TEST(Capture, RoundsTimesDown) {
  const synfin::testing::TempFile file("round.pcap");
  const std::vector<CapturedPacket> packets = {{Time(nanoseconds(1'999)), {0x45}}};
  ASSERT_TRUE(write_capture(file.path(), CaptureLink::kRawIp, packets));
  EXPECT_EQ(read_capture(file.path())->packets.at(0).at, Time(microseconds(1)));
}

TEST(Capture, AnEmptyOneIsOne) {
  const synfin::testing::TempFile file("empty.pcap");
  ASSERT_TRUE(write_capture(file.path(), CaptureLink::kEthernet, {}));
  EXPECT_TRUE(read_capture(file.path())->packets.empty());
}

TEST(Capture, RefusesWhatTheFormatCannotSay) {
  const synfin::testing::TempFile file("refuse.pcap");
  auto writer = CaptureWriter::open(file.path(), CaptureLink::kRawIp);
  ASSERT_TRUE(writer);
  const std::vector<uint8_t> octets(65536, 0x45);
  EXPECT_FALSE(writer->write(Time{}, octets));
  EXPECT_TRUE(writer->write(Time{}, std::span(octets).first(65535)));
  EXPECT_FALSE(writer->write(Time{}, {}));
  EXPECT_FALSE(writer->write(Time(nanoseconds(-1)), std::span(octets).first(20)));
  EXPECT_FALSE(
      writer->write(Time(std::chrono::seconds(0x1'0000'0000)), std::span(octets).first(20)));
  ASSERT_TRUE(writer->close());
  EXPECT_FALSE(writer->write(Time{}, std::span(octets).first(20)));
  EXPECT_EQ(read_capture(file.path())->packets.size(), 1U);
}

TEST(Capture, ErrorsAreValuesThatNameTheFile) {
  const std::string nowhere = ::testing::TempDir() + "no-such-folder/x.pcap";
  const auto writer = CaptureWriter::open(nowhere, CaptureLink::kRawIp);
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().message,
            "the capture " + nowhere + " cannot be written: No such file or directory");
  const auto capture = read_capture(nowhere);
  ASSERT_FALSE(capture);
  EXPECT_NE(capture.error().message.find(nowhere), std::string::npos) << capture.error().message;

  const synfin::testing::TempFile file("none.pcap");
  std::ofstream(file.path()) << "this is no capture, but long enough for a header";
  EXPECT_FALSE(read_capture(file.path()));
}

TEST(Capture, OctetsThatDidNotReachTheFileAreNoticed) {
  const synfin::testing::TempFile file("full.pcap");
  auto writer = CaptureWriter::open(file.path(), CaptureLink::kRawIp);
  ASSERT_TRUE(writer);
  ASSERT_TRUE(writer->write(Time{}, std::vector<uint8_t>(100, 0x45)));
  std::filesystem::remove(file.path());
  std::ofstream(file.path()) << "lost";
  const auto closed = writer->close();
  ASSERT_FALSE(closed);
  EXPECT_NE(closed.error().message.find("has 4 of its 140 octets"), std::string::npos)
      << closed.error().message;
}

TEST(Capture, AFileThatBreaksOffIsAnError) {
  const auto packets = some_packets();
  const synfin::testing::TempFile file("cut.pcap");
  ASSERT_TRUE(write_capture(file.path(), CaptureLink::kRawIp, packets));
  const auto size = std::filesystem::file_size(file.path());
  for (const std::size_t less :
       {std::size_t{1}, packets.back().octets.size(), packets.back().octets.size() + 3}) {
    std::filesystem::resize_file(file.path(), size - less);
    const auto capture = read_capture(file.path());
    ASSERT_FALSE(capture) << less;
    EXPECT_NE(capture.error().message.find("is damaged"), std::string::npos);
  }
}

TEST(Capture, AnotherLinkTypeIsRefused) {
  const synfin::testing::TempFile file("sll.pcap");
  ASSERT_TRUE(write_capture(file.path(), CaptureLink::kRawIp, some_packets()));
  std::fstream stream(file.path(), std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(20);
  stream.put(113);  // LINKTYPE_LINUX_SLL
  stream.close();
  const auto capture = read_capture(file.path());
  ASSERT_FALSE(capture);
  EXPECT_NE(capture.error().message.find("link type 113"), std::string::npos)
      << capture.error().message;
}

}  // namespace
}  // namespace synfin::wire
