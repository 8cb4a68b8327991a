// The page of atlases: its text here, and how it works in a browser (tests/report/html/atlas.mjs).
#include "harness/report/html_atlas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/atlas/compare.h"
#include "harness/atlas/judgement.h"
#include "harness/report/html_atlas_parts.h"
#include "tests/atlas/made.h"
#include "tests/report/browser.h"

namespace synfin::report {
namespace {

using atlas::Atlas;
using atlas::Behaviour;
using atlas::Cell;
using testing::HasSubstr;
using testing::Not;

// Silent where it should acknowledge, and gone by a SYN.
Atlas odd() {
  Atlas atlas = atlas::two_states("odd<&>", [](const Cell& cell) {
    if (cell.seq == atlas::SeqClass::kRight) return Behaviour{};
    return atlas::acknowledge(cell);
  });
  Behaviour gone = atlas.behaviours.front();
  gone.state = State::kClosed;
  atlas.behaviours.push_back(gone);
  atlas.set_ups[1].entries[0].behaviour = static_cast<uint32_t>(atlas.behaviours.size() - 1);
  return atlas;
}

std::string page_of_two() {
  const Atlas a = odd();
  const Atlas b = atlas::two_states("plain", atlas::acknowledge);
  const atlas::Comparison found = atlas::compare(a, b);
  AtlasPage page;
  page.atlases = {&a, &b};
  page.wanted = "plain";
  page.domain = &found.domain;
  page.findings = &found.findings;
  page.apart = {"plain does not reach <nowhere>"};
  return atlas_to_html(page);
}

TEST(HtmlAtlas, EscapesWhatAtlasesHold) {
  const std::string page = page_of_two();
  EXPECT_THAT(page, HasSubstr("odd&lt;&amp;&gt; beside plain"));
  EXPECT_THAT(page, HasSubstr("plain does not reach &lt;nowhere&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("odd<&>")));
}

TEST(HtmlAtlas, HasAMapForEachStateAndStack) {
  const std::string page = page_of_two();
  for (const char* id : {"id=\"at-ESTABLISHED\"", "id=\"at-CLOSE-WAIT\""}) {
    EXPECT_THAT(page, HasSubstr(id));
  }
  // Two states of two stacks, with four payloads each.
  std::size_t maps = 0;
  for (std::size_t at = page.find("class=\"map\""); at != std::string::npos;
       at = page.find("class=\"map\"", at + 1)) {
    ++maps;
  }
  EXPECT_EQ(maps, 16U);
}

TEST(HtmlAtlas, LettersSayWhatWasDone) {
  const Atlas atlas = odd();
  const atlas::SetUp& set_up = atlas.set_ups[1];
  const auto letter = [&](const Behaviour& behaviour) { return letter_of(behaviour, set_up); };
  Behaviour behaviour;
  behaviour.state = set_up.state;
  EXPECT_EQ(letter(behaviour), '.');
  behaviour.state = State::kClosed;
  EXPECT_EQ(letter(behaviour), 'M');
  behaviour.answers = {atlas::answer(kAck, atlas::Base::kSndNxt, atlas::Base::kRcvNxt)};
  EXPECT_EQ(letter(behaviour), 'A');
  behaviour.state = set_up.state;
  EXPECT_EQ(letter(behaviour), 'a');
  behaviour.answers[0].flags = Flags(kRst | kAck);
  EXPECT_EQ(letter(behaviour), 'r');
  behaviour.answers[0].flags = Flags(kSyn | kAck);
  EXPECT_EQ(letter(behaviour), 's');
  behaviour.broken = "Aborted";
  EXPECT_EQ(letter(behaviour), '!');
}

TEST(HtmlAtlas, WorksInABrowser) { expect_works_in_a_browser("atlas.mjs", page_of_two()); }

}  // namespace
}  // namespace synfin::report
