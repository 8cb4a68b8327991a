#include "engine/byte_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace synfin {
namespace {

std::span<const uint8_t> octets(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string read(const ByteRing& ring, uint32_t offset, uint32_t length) {
  const ByteRing::Pieces pieces = ring.peek(offset, length);
  std::string text(pieces.first.begin(), pieces.first.end());
  text.append(pieces.second.begin(), pieces.second.end());
  return text;
}

std::string all(const ByteRing& ring) { return read(ring, 0, ring.size()); }

TEST(ByteRingTest, IdleRingIsSmallAndOwnsNoStorage) {
  static_assert(sizeof(ByteRing) < 64);
  const ByteRing ring(65535);
  EXPECT_EQ(ring.allocated(), 0u);
  EXPECT_EQ(ring.size(), 0u);
  EXPECT_EQ(ring.free(), 65535u);
  EXPECT_EQ(all(ring), "");
}

TEST(ByteRingTest, RetractTakesBackTheNewestOctets) {
  ByteRing ring(8);
  EXPECT_EQ(ring.retract(1), 0u);
  ring.append(octets("abcdef"));
  EXPECT_EQ(ring.retract(0), 0u);
  EXPECT_EQ(ring.retract(2), 2u);
  EXPECT_EQ(all(ring), "abcd");
  EXPECT_EQ(ring.free(), 4u);
  // What follows stands where the octets were that were taken back, also across the end.
  ring.consume(3);
  ring.append(octets("UVWXYZ"));
  EXPECT_EQ(all(ring), "dUVWXYZ");
  EXPECT_EQ(ring.retract(5), 5u);
  EXPECT_EQ(ring.append(octets("123456789")), 6u);
  EXPECT_EQ(all(ring), "dU123456");
  EXPECT_EQ(ring.retract(100), 8u);
  EXPECT_TRUE(ring.empty());
  ring.release();
  EXPECT_EQ(ring.allocated(), 0u);
}

TEST(ByteRingTest, ReadsBackWhatWasAppended) {
  ByteRing ring(100);
  EXPECT_EQ(ring.append(octets("hello ")), 6u);
  EXPECT_EQ(ring.append(octets("world")), 5u);
  EXPECT_EQ(all(ring), "hello world");
  EXPECT_EQ(ring.free(), 89u);
}

TEST(ByteRingTest, AppendTakesOnlyWhatFits) {
  ByteRing ring(4);
  EXPECT_EQ(ring.append(octets("abcdef")), 4u);
  EXPECT_EQ(ring.append(octets("x")), 0u);
  EXPECT_EQ(all(ring), "abcd");
  EXPECT_EQ(ByteRing(0).append(octets("x")), 0u);
}

TEST(ByteRingTest, PeekIsCutAtTheReadableEnd) {
  ByteRing ring(10);
  ring.append(octets("abcdef"));
  ring.write_at(0, octets("gh"));
  EXPECT_EQ(read(ring, 4, 100), "ef");
  EXPECT_EQ(read(ring, 6, 1), "");
  EXPECT_EQ(read(ring, 7, 1), "");
  EXPECT_EQ(read(ring, 0xFFFF'FFFF, 0xFFFF'FFFF), "");
  EXPECT_EQ(read(ring, 2, 0), "");
}

TEST(ByteRingTest, TextThatWrapsComesInTwoPieces) {
  ByteRing ring(8);
  ring.append(octets("abcdefgh"));
  EXPECT_EQ(ring.consume(6), 6u);
  EXPECT_EQ(ring.append(octets("ijklmn")), 6u);
  EXPECT_EQ(all(ring), "ghijklmn");
  const ByteRing::Pieces pieces = ring.peek(1, 3);
  EXPECT_EQ(pieces.first.size(), 1u);
  EXPECT_EQ(pieces.second.size(), 2u);
}

TEST(ByteRingTest, CopyOutStopsAtTheReadableEnd) {
  ByteRing ring(8);
  ring.append(octets("abcdefgh"));
  ring.consume(5);
  ring.append(octets("ijk"));
  std::vector<uint8_t> out(10, '.');
  EXPECT_EQ(ring.copy_out(1, out), 5u);
  EXPECT_EQ(std::string(out.begin(), out.end()), "ghijk.....");
  EXPECT_EQ(ring.copy_out(6, out), 0u);
  EXPECT_EQ(ring.copy_out(2, std::span(out).first(2)), 2u);
  EXPECT_EQ(out[0], 'h');
}

TEST(ByteRingTest, ConsumesNoMoreThanThereIs) {
  ByteRing ring(8);
  EXPECT_EQ(ring.consume(3), 0u);
  ring.append(octets("abc"));
  EXPECT_EQ(ring.consume(5), 3u);
  EXPECT_TRUE(ring.empty());
}

TEST(ByteRingTest, StorageGrowsFourfoldUpToTheCapacityAndKeepsTheText) {
  ByteRing ring(2000);
  std::string text(2000, ' ');
  std::iota(text.begin(), text.end(), '\0');
  ring.append(octets(text.substr(0, 200)));
  EXPECT_EQ(ring.allocated(), 256u);
  ring.consume(100);
  ring.append(octets(text.substr(200, 150)));  // wraps in the first 256 octets
  EXPECT_EQ(ring.allocated(), 256u);
  ring.append(octets(text.substr(350, 200)));
  EXPECT_EQ(ring.allocated(), 1024u);
  ring.append(octets(text.substr(550)));
  EXPECT_EQ(ring.allocated(), 2000u);
  EXPECT_EQ(all(ring), text.substr(100));
}

TEST(ByteRingTest, SteadyStateDoesNotReallocate) {
  ByteRing ring(4096);
  ring.append(octets(std::string(4000, 'x')));
  ring.consume(4000);
  const uint8_t* storage = nullptr;
  for (int i = 0; i < 100; ++i) {
    ring.append(octets(std::string(1460, 'y')));
    if (storage == nullptr) storage = ring.peek(0, 1).first.data();
    ring.consume(1460);
  }
  ring.append(octets("z"));
  EXPECT_EQ(ring.peek(0, 1).first.data(), storage);
  EXPECT_EQ(ring.allocated(), 4096u);
}

TEST(ByteRingTest, StagedTextIsReadableOnlyOnceCommitted) {
  ByteRing ring(20);
  ring.append(octets("ab"));
  EXPECT_EQ(ring.write_at(3, octets("fgh")), 3u);
  EXPECT_EQ(all(ring), "ab");
  EXPECT_EQ(ring.free(), 18u);
  EXPECT_EQ(ring.append(octets("cde")), 3u);
  EXPECT_EQ(all(ring), "abcde");
  EXPECT_EQ(ring.commit(3), 3u);
  EXPECT_EQ(all(ring), "abcdefgh");
}

TEST(ByteRingTest, CommitStopsAtTheLastStagedOctet) {
  ByteRing ring(20);
  EXPECT_EQ(ring.commit(1), 0u);
  ring.write_at(0, octets("abc"));
  EXPECT_EQ(ring.commit(2), 2u);
  EXPECT_EQ(ring.commit(9), 1u);
  EXPECT_EQ(all(ring), "abc");
}

TEST(ByteRingTest, StagedTextIsCutAtTheCapacity) {
  ByteRing ring(8);
  ring.append(octets("abc"));
  EXPECT_EQ(ring.write_at(3, octets("1234")), 2u);
  EXPECT_EQ(ring.write_at(5, octets("x")), 0u);
  EXPECT_EQ(ring.write_at(0xFFFF'FFFF, octets("x")), 0u);
  EXPECT_EQ(ring.append(octets("def")), 3u);
  EXPECT_EQ(ring.commit(2), 2u);
  EXPECT_EQ(all(ring), "abcdef12");
}

TEST(ByteRingTest, StagedTextSurvivesConsumptionAndGrowth) {
  ByteRing ring(4000);
  ring.append(octets("abcdef"));
  ring.write_at(2, octets("staged"));
  ring.consume(6);
  EXPECT_EQ(ring.write_at(1000, octets("far")), 3u);
  ring.append(octets("__"));
  EXPECT_EQ(ring.commit(6), 6u);
  EXPECT_EQ(all(ring), "__staged");
  EXPECT_EQ(ring.commit(4000), 995u);
  EXPECT_EQ(read(ring, 1000, 3), "far");
}

TEST(ByteRingTest, DroppedStagedTextCannotBeCommitted) {
  ByteRing ring(20);
  ring.append(octets("ab"));
  ring.write_at(1, octets("xyz"));
  ring.drop_staged();
  EXPECT_EQ(ring.commit(4), 0u);
  EXPECT_EQ(all(ring), "ab");
}

TEST(ByteRingTest, CapacityGrowsAndShrinksButNeverBelowItsContents) {
  ByteRing ring(8);
  ring.append(octets("abcdefgh"));
  ring.consume(4);
  ring.append(octets("ij"));
  EXPECT_EQ(ring.set_capacity(12), 12u);
  EXPECT_EQ(ring.append(octets("klmnopq")), 6u);
  EXPECT_EQ(all(ring), "efghijklmnop");
  ring.consume(8);
  EXPECT_EQ(ring.set_capacity(2), 4u);
  EXPECT_EQ(ring.free(), 0u);
  EXPECT_EQ(ring.allocated(), 4u);
  EXPECT_EQ(all(ring), "mnop");
  EXPECT_EQ(ring.set_capacity(6), 6u);
  ring.write_at(1, octets("r"));
  EXPECT_EQ(ring.set_capacity(0), 6u);
  EXPECT_EQ(ring.set_capacity(0xFFFF'FFFF), ByteRing::kMaxCapacity);
}

TEST(ByteRingTest, ReleaseFreesStorageOnlyWhenNothingIsHeld) {
  ByteRing ring(100);
  ring.append(octets("abc"));
  ring.release();
  EXPECT_EQ(all(ring), "abc");
  ring.write_at(1, octets("x"));
  ring.consume(3);
  ring.release();
  EXPECT_GT(ring.allocated(), 0u);
  ring.drop_staged();
  ring.release();
  EXPECT_EQ(ring.allocated(), 0u);
  EXPECT_EQ(ring.append(octets("again")), 5u);
  EXPECT_EQ(all(ring), "again");
}

TEST(ByteRingTest, ACopyIsIndependent) {
  ByteRing ring(10);
  ring.append(octets("abc"));
  ByteRing copy = ring;
  copy.consume(1);
  copy.append(octets("d"));
  EXPECT_EQ(all(ring), "abc");
  EXPECT_EQ(all(copy), "bcd");
}

// Against a model: the stream as one growing string, with a map of what was staged.
TEST(ByteRingTest, BehavesLikeAnUnboundedStringWithAWindow) {
  for (uint32_t seed = 1; seed <= 15; ++seed) {
    std::mt19937 random(seed);
    const auto up_to = [&random](uint32_t n) { return static_cast<uint32_t>(random() % (n + 1)); };
    ByteRing ring(1 + up_to(2000));
    std::string readable;
    std::map<uint32_t, uint8_t> staged;  // by offset past the readable end
    uint8_t next = 0;
    const auto shift_staged = [&staged](uint32_t by) {
      std::map<uint32_t, uint8_t> moved;
      for (const auto& [at, octet] : staged) {
        if (at >= by) moved[at - by] = octet;
      }
      staged.swap(moved);
    };
    for (int step = 0; step < 1000; ++step) {
      std::string text(up_to(300), ' ');
      for (char& c : text) c = static_cast<char>(next++);
      switch (up_to(5)) {
        case 0: {
          const uint32_t count = ring.append(octets(text));
          readable += text.substr(0, count);
          shift_staged(count);
          break;
        }
        case 1: {
          const uint32_t ahead = up_to(ring.free() + 5);
          const uint32_t count = ring.write_at(ahead, octets(text));
          for (uint32_t i = 0; i < count; ++i) staged[ahead + i] = static_cast<uint8_t>(text[i]);
          break;
        }
        case 2: {  // commit what is staged without a hole
          uint32_t run = 0;
          while (staged.contains(run)) readable += static_cast<char>(staged[run++]);
          ASSERT_EQ(ring.commit(run), run);
          shift_staged(run);
          break;
        }
        case 3:
          readable.erase(0, ring.consume(up_to(ring.size() + 3)));
          break;
        case 4:
          if (up_to(9) == 0) ring.set_capacity(up_to(3000));
          if (staged.empty() && readable.empty()) ring.release();
          break;
        case 5: {  // not with staged text
          if (!staged.empty()) break;
          const uint32_t dropped = ring.retract(up_to(ring.size() + 3));
          readable.resize(readable.size() - dropped);
          break;
        }
      }
      ASSERT_EQ(ring.size(), readable.size()) << "seed " << seed << " step " << step;
      ASSERT_EQ(all(ring), readable) << "seed " << seed << " step " << step;
      ASSERT_LE(ring.allocated(), ring.capacity());
    }
  }
}

}  // namespace
}  // namespace synfin
