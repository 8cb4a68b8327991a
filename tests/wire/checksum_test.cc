#include "harness/wire/checksum.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tests/wire/random_packet.h"

namespace synfin::wire {
namespace {

// RFC 1071 §1, word for word.
uint16_t naive(const std::vector<uint8_t>& octets) {
  uint32_t sum = 0;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    sum += i % 2 == 0 ? static_cast<uint32_t>(octets[i]) << 8U : octets[i];
    while (sum > 0xFFFF) sum = (sum & 0xFFFFU) + (sum >> 16U);
  }
  return static_cast<uint16_t>(~sum);
}

TEST(Checksum, TheExampleOfTheRfc) {
  const std::vector<uint8_t> octets = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(internet_checksum(octets), 0x220d);  // RFC 1071 §3: the sum is ddf2
}

TEST(Checksum, EveryLengthAndContentAsTheNaiveSum) {
  PacketGenerator random(1);
  for (std::size_t size = 0; size < 300; ++size) {
    const auto octets = random.octets(size);
    EXPECT_EQ(internet_checksum(octets), naive(octets)) << size;
    // Sums with the most carries, and without any.
    const std::vector<uint8_t> ones(size, 0xFF);
    EXPECT_EQ(internet_checksum(ones), naive(ones)) << size;
    const std::vector<uint8_t> zeros(size, 0);
    EXPECT_EQ(internet_checksum(zeros), 0xFFFF) << size;
  }
  const std::vector<uint8_t> longest(65535, 0xFF);
  EXPECT_EQ(internet_checksum(longest), naive(longest));
}

TEST(Checksum, PiecesAddUpAtEvenPlaces) {
  PacketGenerator random(2);
  for (int i = 0; i < 200; ++i) {
    const auto octets = random.octets(random.number(2, 100));
    const std::size_t cut = random.number(0, static_cast<uint32_t>(octets.size() / 2)) * 2;
    ChecksumSum sum;
    sum.add(std::span(octets).first(cut));
    sum.add(std::span(octets).subspan(cut));
    EXPECT_EQ(sum.checksum(), naive(octets));
  }
}

TEST(Checksum, ThePseudoHeader) {
  PacketGenerator random(3);
  for (const bool v6 : {false, true}) {
    for (int i = 0; i < 200; ++i) {
      const Address source = random.address(v6);
      const Address destination = random.address(v6);
      const auto tcp = random.octets(random.number(20, 99));
      const std::size_t size = v6 ? 16 : 4;
      std::vector<uint8_t> whole(source.octets.begin(), source.octets.begin() + size);
      whole.insert(whole.end(), destination.octets.begin(), destination.octets.begin() + size);
      whole.insert(whole.end(), {0, 6, 0, static_cast<uint8_t>(tcp.size())});
      whole.insert(whole.end(), tcp.begin(), tcp.end());
      EXPECT_EQ(tcp_checksum(source, destination, tcp), naive(whole));
    }
  }
}

}  // namespace
}  // namespace synfin::wire
