#include "harness/wire/options.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

#include "harness/wire/text.h"
#include "tests/wire/random_packet.h"

namespace synfin::wire {
namespace {

std::string text(const Options& options) { return options_text(encode_options(options).octets()); }

TEST(EncodeOptions, IsAlignedAsStacksUsuallyDo) {
  EXPECT_EQ(text({}), "");
  EXPECT_EQ(text(make_options(1460)), "mss 1460");
  EXPECT_EQ(text(make_options(1460, 7)), "mss 1460,wscale 7,eol");
  EXPECT_EQ(text(make_options(1460, {}, true)), "mss 1460,sackOK,eol");
  EXPECT_EQ(text(make_options(1460, 7, true)), "mss 1460,sackOK,wscale 7,eol");
  EXPECT_EQ(text(make_options(1460, {}, false, Timestamps{1, 2})),
            "mss 1460,nop,nop,TS val 1 ecr 2");
  EXPECT_EQ(text(make_options(1460, 7, true, Timestamps{1, 0})),
            "mss 1460,sackOK,TS val 1 ecr 0,wscale 7,eol");
  Options options = make_options({}, {}, false, Timestamps{3, 4});
  EXPECT_EQ(text(options), "nop,nop,TS val 3 ecr 4");
  options = {};
  options.sack_count = 1;
  options.sack[0] = {Seq(5), Seq(9)};
  EXPECT_EQ(text(options), "nop,nop,sack 5:9");
}

TEST(EncodeOptions, TakesTheRoomThatTheEngineCounts) {
  PacketGenerator random(4);
  for (int i = 0; i < 5000; ++i) {
    const Options options = random.options();
    ASSERT_EQ(encode_options(options).octets().size(), options.header_octets());
  }
}

TEST(EncodeOptions, LeavesOutSackBlocksThatDoNotFit) {
  Options options = make_options({}, {}, false, Timestamps{1, 2});
  options.sack_count = 4;
  for (uint32_t i = 0; i < 4; ++i) options.sack[i] = {Seq(10 * i), Seq(10 * i + 5)};
  EXPECT_EQ(text(options), "TS val 1 ecr 2,sack 0:5 10:15 20:25");
  options.sack_count = 200;  // more than the array holds
  options.timestamps.reset();
  EXPECT_EQ(text(options), "nop,nop,sack 0:5 10:15 20:25 30:35");
  options.mss = 1460;
  options.window_scale = 7;
  EXPECT_EQ(text(options), "mss 1460,wscale 7,nop,nop,nop,sack 0:5 10:15 20:25");
}

TEST(OptionOctets, RefusesWhatDoesNotFitAndStaysAsItWas) {
  OptionOctets octets;
  for (int i = 0; i < 39; ++i) ASSERT_TRUE(octets.nop());
  EXPECT_FALSE(octets.mss(1));
  EXPECT_FALSE(octets.window_scale(1));
  EXPECT_FALSE(octets.sack_permitted());
  EXPECT_FALSE(octets.timestamps(1, 2));
  EXPECT_FALSE(octets.sack({}));
  EXPECT_FALSE(octets.raw(254, 2, {}));
  EXPECT_EQ(octets.octets().size(), 39U);
  EXPECT_TRUE(octets.raw(254, std::nullopt, {}));
  EXPECT_FALSE(octets.eol());
  EXPECT_FALSE(octets.nop());
  EXPECT_EQ(octets.octets().size(), 40U);
  octets.pad();
  EXPECT_EQ(octets.octets().size(), 40U);
  octets.clear();
  const std::array<uint8_t, 40> long_data{};
  EXPECT_FALSE(octets.raw(1, std::nullopt, long_data));
  EXPECT_TRUE(octets.empty());
  const std::array<SackBlock, 5> blocks{};
  EXPECT_FALSE(octets.sack(blocks));
}

TEST(OptionOctets, RawWritesWhateverItIsGiven) {
  OptionOctets octets;
  const std::vector<uint8_t> data = {0xAA, 0xBB};
  ASSERT_TRUE(octets.raw(2, 0, data));
  ASSERT_TRUE(octets.raw(3, std::nullopt, data));
  octets.pad();
  const std::vector<uint8_t> wanted = {2, 0, 0xAA, 0xBB, 3, 0xAA, 0xBB, 0};
  EXPECT_EQ(std::vector(octets.octets().begin(), octets.octets().end()), wanted);
}

TEST(ForEachOption, StopsAtAnEolAndAtALengthThatDoesNotFit) {
  struct Case {
    std::vector<uint8_t> octets;
    std::vector<uint8_t> kinds;
    bool whole;
  };
  for (const Case& each : std::vector<Case>{{{}, {}, true},
                                            {{1, 0, 2, 4}, {1, 0}, true},
                                            {{1, 2}, {1}, false},
                                            {{2, 0, 0, 0}, {}, false},
                                            {{2, 1, 0, 0}, {}, false},
                                            {{2, 5, 0, 0}, {}, false},
                                            {{2, 255}, {}, false},
                                            {{3, 3, 7, 99, 2}, {3, 99}, true},
                                            {{254, 4, 1, 1}, {254}, true}}) {
    std::vector<uint8_t> kinds;
    const bool whole = for_each_option(each.octets, [&](uint8_t kind, std::span<const uint8_t> o) {
      EXPECT_EQ(o[0], kind);
      kinds.push_back(kind);
    });
    EXPECT_EQ(whole, each.whole);
    EXPECT_EQ(kinds, each.kinds);
  }
}

TEST(OptionLength, IsFixedForKnownKindsAndAtLeastTwoForOthers) {
  for (std::size_t length = 0; length <= 40; ++length) {
    EXPECT_EQ(option_length_ok(kOptionEol, length), length == 1);
    EXPECT_EQ(option_length_ok(kOptionNop, length), length == 1);
    EXPECT_EQ(option_length_ok(kOptionMss, length), length == 4);
    EXPECT_EQ(option_length_ok(kOptionWindowScale, length), length == 3);
    EXPECT_EQ(option_length_ok(kOptionSackPermitted, length), length == 2);
    EXPECT_EQ(option_length_ok(kOptionTimestamps, length), length == 10);
    EXPECT_EQ(option_length_ok(kOptionSack, length),
              length == 10 || length == 18 || length == 26 || length == 34);
    EXPECT_EQ(option_length_ok(kOptionExperiment1, length), length >= 2);
  }
  EXPECT_FALSE(option_length_ok(kOptionSack, 42));
}

}  // namespace
}  // namespace synfin::wire
