// decode() and dissect() on octets that nobody would send: nothing is read beyond the end, and what
// comes back stays within the packet.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "harness/wire/codec.h"
#include "harness/wire/frame.h"
#include "harness/wire/layers.h"
#include "harness/wire/text.h"
#include "tests/wire/random_packet.h"

namespace synfin::wire {
namespace {

// Memory whose last octet is followed by a page that must not be touched.
class GuardedMemory {
 public:
  GuardedMemory() : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    void* p = mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) std::abort();
    start_ = static_cast<uint8_t*>(p);
    if (mprotect(start_ + page_, page_, PROT_NONE) != 0) std::abort();
  }
  ~GuardedMemory() { munmap(start_, 2 * page_); }
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;

  // A copy that ends at the guard.
  std::span<const uint8_t> copy(std::span<const uint8_t> octets) {
    uint8_t* to = start_ + page_ - octets.size();
    if (!octets.empty()) std::memcpy(to, octets.data(), octets.size());
    return {to, octets.size()};
  }

 private:
  std::size_t page_;
  uint8_t* start_ = nullptr;
};

bool within(std::span<const uint8_t> inner, std::span<const uint8_t> outer) {
  return inner.empty() || (inner.data() >= outer.data() &&
                           inner.data() + inner.size() <= outer.data() + outer.size());
}

// Whether encode() can say all that the packet says; see to_packet().
bool expressible(std::span<const uint8_t> packet, const Decoded& decoded) {
  const std::size_t ip = packet[0] >> 4U == 4 ? 20 : 40;
  const std::size_t size = ip + decoded.data_offset * 4U + decoded.segment.text.size();
  if (packet.size() != size || !decoded.ip_checksum_ok) return false;
  if (ip == 20) return packet[0] == 0x45 && packet[6] == 0x40;
  return (packet[1] & 0x0FU) == 0 && packet[2] == 0 && packet[3] == 0;
}

// Octets that dissect() has fields for, each at least once.
std::size_t covered(const std::vector<LayerField>& fields, std::size_t size) {
  std::vector<bool> seen(size, false);
  for (const LayerField& field : fields) {
    if (field.offset + field.length > size) return size + 1;
    std::fill_n(seen.begin() + static_cast<std::ptrdiff_t>(field.offset), field.length, true);
  }
  return static_cast<std::size_t>(std::count(seen.begin(), seen.end(), true));
}

struct Tally {
  int accepted = 0;
  int encoded_again = 0;
};

void check(std::span<const uint8_t> packet, Tally& tally) {
  for (const auto link : {CaptureLink::kRawIp, CaptureLink::kEthernet}) {
    const auto fields = dissect(packet, link);
    ASSERT_EQ(covered(fields, packet.size()), packet.size());
    ASSERT_FALSE(print_layers(fields, packet).empty());
  }
  neighbor_question(packet);
  const auto got = decode(packet);
  if (!got) {
    ASSERT_FALSE(got.error().message.empty());
    return;
  }
  ++tally.accepted;
  ASSERT_TRUE(within(got->segment.text, packet));
  ASSERT_TRUE(within(got->option_octets, packet));
  ASSERT_LE(got->segment.options.sack_count, Options::kMaxSackBlocks);
  ASSERT_FALSE(to_text(*got).empty());
  if (!expressible(packet, *got)) return;
  ++tally.encoded_again;
  const auto again = encoded(to_packet(*got));
  ASSERT_TRUE(std::ranges::equal(again, packet)) << print_layers(packet);
}

TEST(Robust, RandomOctets) {
  PacketGenerator random(40);
  GuardedMemory memory;
  Tally tally;
  for (int i = 0; i < 20000; ++i) {
    auto octets = random.octets(random.number(0, 120));
    // Without this, hardly any would come past the first check.
    if (!octets.empty() && random.coin()) octets[0] = random.coin() ? 0x45 : 0x60;
    if (octets.size() > 9 && random.coin()) octets[random.coin() ? 9 : 6] = 6;
    if (octets.size() > 5 && random.coin()) {
      octets[2] = octets[4] = 0;
      octets[3] = static_cast<uint8_t>(octets.size());
      octets[5] = static_cast<uint8_t>(std::max<std::size_t>(octets.size(), 40) - 40);
    }
    check(memory.copy(octets), tally);
    ASSERT_FALSE(HasFatalFailure()) << "seed 40, packet " << i;
  }
  EXPECT_GT(tally.accepted, 100);
}

TEST(Robust, PacketsWithAFewOctetsChanged) {
  PacketGenerator random(41);
  GuardedMemory memory;
  Tally tally;
  for (int i = 0; i < 20000; ++i) {
    auto octets = encoded(random.packet(i % 2 == 0).packet);
    const auto last = static_cast<uint32_t>(std::min<std::size_t>(octets.size(), 100) - 1);
    for (uint32_t changes = random.number(0, 3); changes > 0; --changes) {
      octets[random.number(0, last)] = random.octet();
    }
    if (random.number(0, 3) == 0) octets.resize(random.number(0, last));
    check(memory.copy(octets), tally);
    ASSERT_FALSE(HasFatalFailure()) << "seed 41, packet " << i;
  }
  EXPECT_GT(tally.accepted, 5000);
  EXPECT_GT(tally.encoded_again, 3000);
}

TEST(Robust, EveryPrefixOfAPacket) {
  PacketGenerator random(42);
  GuardedMemory memory;
  Tally tally;
  for (int i = 0; i < 40; ++i) {
    const auto octets = encoded(random.packet(i % 2 == 0).packet);
    for (std::size_t size = 0; size <= std::min<std::size_t>(octets.size(), 130); ++size) {
      check(memory.copy(std::span(octets).first(size)), tally);
      ASSERT_FALSE(HasFatalFailure()) << "seed 42, packet " << i << ", octets " << size;
    }
  }
}

}  // namespace
}  // namespace synfin::wire
