// The page: its text here, and how it works in a browser (tests/report/html/page.mjs).
#include "harness/report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <pugixml.hpp>
#include <set>

#include "engine/state.h"
#include "harness/report/catalogue.h"
#include "harness/report/html_parts.h"
#include "tests/report/browser.h"
#include "tests/report/runs.h"

namespace synfin::report {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const std::string kSource = SYNFIN_SOURCE_DIR;

std::string page_of(const proto::RunResult& run) {
  return to_html(run, load_catalogue(fs::path(kSource) / "specs").value());
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST(Html, EscapesWhatResultsHold) {
  EXPECT_EQ(html_escape("<a b=\"c\">&\x01\xff"), "&lt;a b=&quot;c&quot;&gt;&amp;??");
  const std::string page = page_of(every_verdict());
  EXPECT_THAT(page, HasSubstr("&lt;state&gt; &quot;ESTABLISHED&quot; &amp; an ACK"));
  EXPECT_THAT(page, Not(HasSubstr("<state>")));
}

TEST(Html, HasEveryVerdictAsAWord) {
  const std::string page = page_of(every_verdict());
  for (const char* word :
       {"PASS", "FAIL", "WARN", "INFO", "SKIP", "XFAIL", "XPASS", "FLAKY", "ERROR", "NO CASE"}) {
    EXPECT_THAT(page, HasSubstr(">" + std::string(word) + "</span>"));
  }
  EXPECT_EQ(count(page, "<details class=\"row\" id=\"rule-"), kClauseCount);
}

TEST(Html, LinksLeadSomewhere) {
  const std::string page = page_of(every_verdict());
  std::set<std::string> places;
  for (std::size_t at = page.find("id=\""); at != std::string::npos; at = page.find("id=\"", at)) {
    at += 4;
    EXPECT_TRUE(places.insert(page.substr(at, page.find('"', at) - at)).second)
        << "twice: " << page.substr(at, 40);
  }
  for (std::size_t at = page.find("href=\"#"); at != std::string::npos;
       at = page.find("href=\"#", at)) {
    at += 7;
    EXPECT_TRUE(places.contains(page.substr(at, page.find('"', at) - at))) << page.substr(at, 40);
  }
}

TEST(Html, DrawsEveryMove) {
  const std::string page = page_of(every_verdict());
  for (const Edge& edge : kEdges) {
    const std::string title = std::string(to_string(edge.from)) + " → " +
                              std::string(to_string(edge.to)) + " by " +
                              std::string(to_string(edge.event)) + " (";
    EXPECT_EQ(count(page, title), 1U) << title;
  }
  EXPECT_THAT(page, HasSubstr("LISTEN → SYN-RECEIVED by segment (SM-LISTEN-3): in 3 cases"));
  EXPECT_THAT(page, HasSubstr("1 of the " + std::to_string(kEdges.size()) + " moves"));
}

TEST(Html, LaddersAreXml) {
  proto::RunResult run;
  proto::CaseResult* result = add_case(&run, "a", proto::FAIL);
  add_trace(result);
  diverge(result, "RFC5961-3-2", "MUST");
  const std::string ladder = html_ladder(*result, "<linux>");
  pugi::xml_document document;
  EXPECT_TRUE(document.load_string(ladder.c_str())) << ladder;
  EXPECT_EQ(count(ladder, "<path class=\"a"), 4U);  // an arrow a packet
  EXPECT_THAT(ladder, HasSubstr("wanted &lt;state&gt;"));
}

TEST(Html, LeavesOutLaddersThatWouldMakeItHuge) {
  proto::RunResult run;
  for (int i = 0; i < 4000; ++i) {
    proto::CaseResult* result = add_case(&run, "a/" + std::to_string(i), proto::FAIL);
    add_trace(result);
    diverge(result, "MUST-10", "MUST");
  }
  const std::string page = page_of(run);
  EXPECT_LT(page.size(), 10'000'000U);
  EXPECT_THAT(page, HasSubstr("The page has many ladders already"));
}

TEST(Html, WorksInABrowser) { expect_works_in_a_browser("page.mjs", page_of(every_verdict())); }

}  // namespace
}  // namespace synfin::report
