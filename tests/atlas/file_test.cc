// The file: there and back, damage, and what a kill leaves.
#include "harness/atlas/file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "harness/script/file.h"
#include "tests/atlas/maps.h"
#include "tests/temp_file.h"

namespace synfin::atlas {
namespace {

Atlas small() {
  const testing::Target target("reference");
  ProduceOptions options;
  options.only = {"CLOSED", "LISTEN", "SYN-SENT"};
  Atlas atlas = testing::map(*target.stack, target.profile, options);
  atlas.provenance.set_stack("reference");
  (*atlas.provenance.mutable_settings())["b"] = "2";
  (*atlas.provenance.mutable_settings())["a"] = "1";
  return atlas;
}

TEST(File, ComesBackAsItWas) {
  Atlas atlas = small();
  atlas.set_ups[0].entries[3].again = true;
  atlas.set_ups[1].entries.back().behaviour = kNotPlayed;
  atlas.set_ups.push_back(atlas.set_ups[0]);
  atlas.set_ups[3].id = "another";
  atlas.set_ups[3].reached = false;
  atlas.set_ups[3].why = "it was not";
  atlas.set_ups[3].entries.clear();
  const std::string octets = to_octets(atlas);
  const auto loaded = from_octets(octets, "x");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(loaded->complete);
  EXPECT_EQ(loaded->atlas.set_ups, atlas.set_ups);
  EXPECT_EQ(loaded->atlas.quiet_time, atlas.quiet_time);
  EXPECT_EQ(loaded->atlas.provenance.settings().at("a"), "1");
  EXPECT_EQ(to_octets(loaded->atlas), octets);
}

TEST(File, OfEveryCellOfTheReference) {
  const Atlas& atlas = testing::reference_atlas();
  const auto loaded = from_octets(to_octets(atlas), "x");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->atlas.set_ups, atlas.set_ups);
  EXPECT_EQ(loaded->atlas.behaviours, atlas.behaviours);
}

// Cut anywhere it is an error with the file and an offset, or, at the end of a part, not whole.
TEST(File, CutAnywhere) {
  const std::string octets = to_octets(small());
  unsigned incomplete = 0;
  for (std::size_t size = 0; size < octets.size(); ++size) {
    const auto loaded = from_octets(std::string_view(octets).substr(0, size), "cut.atlas");
    if (loaded) {
      EXPECT_FALSE(loaded->complete) << size;
      EXPECT_EQ(loaded->atlas.set_ups.size(), incomplete) << size;
      ++incomplete;
    } else {
      EXPECT_EQ(loaded.error().message.find("cut.atlas: offset "), 0U) << loaded.error().message;
    }
  }
  EXPECT_EQ(incomplete, 4U);  // behind the header and each of three set-ups
}

TEST(File, AnyBitThatFlips) {
  std::string octets = to_octets(small());
  for (std::size_t at = 0; at < octets.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      octets[at] = static_cast<char>(octets[at] ^ (1 << bit));
      const auto loaded = from_octets(octets, "bad.atlas");
      ASSERT_FALSE(loaded) << "octet " << at << " bit " << bit;
      EXPECT_EQ(loaded.error().message.find("bad.atlas: offset "), 0U) << loaded.error().message;
      octets[at] = static_cast<char>(octets[at] ^ (1 << bit));
    }
  }
}

TEST(File, WhatIsBehindTheEnd) {
  const auto loaded = from_octets(to_octets(small()) + "x", "x");
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("octets behind the end"), std::string::npos);
}

TEST(File, AFileThatIsNone) {
  EXPECT_EQ(load("/nonexistent/x.atlas").error().message,
            "/nonexistent/x.atlas: No such file or directory");
  EXPECT_EQ(from_octets("GIF89a", "x.gif").error().message, "x.gif: offset 0: this is no atlas");
}

TEST(File, SavedWholeOrNotAtAll) {
  const synfin::testing::TempFile temporary("whole.atlas");
  const std::string& file = temporary.path();
  const Atlas atlas = small();
  ASSERT_TRUE(save(atlas, file));
  const auto loaded = load(file);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->atlas.set_ups, atlas.set_ups);
  EXPECT_FALSE(std::filesystem::exists(file + ".new"));
  std::filesystem::create_directory(file + ".new");  // no temporary can be made
  const auto refused = save(Atlas{}, file);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find(file), std::string::npos);
  EXPECT_EQ(load(file)->atlas.set_ups, atlas.set_ups);
  std::filesystem::remove_all(file + ".new");
}

TEST(File, AJournalIsReadableAfterEachSetUp) {
  const std::string file = synfin::testing::temp_path("journal.atlas.part");
  const Atlas whole = small();
  Atlas header = whole;
  header.set_ups.clear();
  auto journal = Journal::create(file, header);
  ASSERT_TRUE(journal);
  for (std::size_t i = 0; i < whole.set_ups.size(); ++i) {
    Atlas one = whole;
    one.set_ups = {whole.set_ups[i]};
    ASSERT_TRUE(journal->add(one));
    const auto loaded = load(file);
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_FALSE(loaded->complete);
    EXPECT_EQ(loaded->atlas.set_ups.size(), i + 1);
  }
  journal->remove();
  EXPECT_FALSE(std::filesystem::exists(file));
}

// A kill in the middle of a write leaves some of a part: all before it comes through.
TEST(File, AJournalThatBreaksOffAnywhere) {
  const std::string file = synfin::testing::temp_path("torn.atlas.part");
  const Atlas whole = small();
  auto journal = Journal::create(file, whole);
  ASSERT_TRUE(journal);
  std::size_t last = 0;
  for (const auto& set_up : whole.set_ups) {
    last = std::filesystem::file_size(file);
    Atlas one = whole;
    one.set_ups = {set_up};
    ASSERT_TRUE(journal->add(one));
  }
  for (std::size_t size = std::filesystem::file_size(file); --size > last;) {
    std::filesystem::resize_file(file, size);
    const auto loaded = load(file);
    ASSERT_TRUE(loaded) << size << ": " << loaded.error().message;
    EXPECT_FALSE(loaded->complete) << size;
    EXPECT_EQ(loaded->torn, last) << size;
    EXPECT_EQ(loaded->atlas.set_ups.size(), 2U) << size;
    EXPECT_EQ(loaded->atlas.set_ups[1], whole.set_ups[1]) << size;
  }
  std::filesystem::resize_file(file, last);
  EXPECT_EQ(load(file)->torn, std::nullopt);
  journal->remove();
}

// What breaks off is forgiven, damage is not; nor is a whole file one that grows.
TEST(File, DamageToAJournalIsAnError) {
  const std::string file = synfin::testing::temp_path("damaged.atlas.part");
  const Atlas whole = small();
  auto journal = Journal::create(file, whole);
  ASSERT_TRUE(journal);
  const std::size_t first = std::filesystem::file_size(file);
  ASSERT_TRUE(journal->add(whole));
  std::string octets = *script::read_file(file);
  const std::size_t inside = first + 20;
  octets[inside] = static_cast<char>(octets[inside] ^ 1);
  const auto damaged = from_octets(octets, "x");
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().message.find(fmt::format("x: offset {}: ", first)), 0U);
  journal->remove();
  const std::string saved = to_octets(from_octets(octets.substr(0, first + 1), "x")->atlas);
  EXPECT_FALSE(from_octets(saved.substr(0, saved.size() - 1), "x"));
}

TEST(File, AFullDiskIsTold) {
  const auto journal = Journal::create("/dev/full", small());
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().message, "/dev/full: cannot be written: No space left on device");
}

}  // namespace
}  // namespace synfin::atlas
