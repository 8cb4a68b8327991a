// Styles, requirements, exit codes, JSON, failures and sums.
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include "harness/report/exit_code.h"
#include "harness/report/failure.h"
#include "harness/report/json.h"
#include "harness/report/requirement.h"
#include "harness/report/style.h"
#include "harness/report/terminal.h"
#include "harness/report/version.h"
#include "tests/report/runs.h"

namespace synfin::report {
namespace {

TEST(Style, CountsColumnsAndNotOctets) {
  EXPECT_EQ(columns_of("│ ── ▶"), 6U);
  EXPECT_EQ(pad_right("é", 3), "é  ");
  EXPECT_EQ(pad_left("é", 3), "  é");
  EXPECT_EQ(shorten("│││││", 3), "││…");
  EXPECT_EQ(shorten("abc", 3), "abc");
}

TEST(Style, HasAnAsciiForm) {
  EXPECT_EQ(to_ascii("│ ── ▶ §3.1 · ü"), "| -- > section 3.1 - ?");
  EXPECT_EQ(columns_of(to_ascii("│─▶◀·⋮█░")), 8U);
}

TEST(Style, KeepsCharactersAndNothingElse) {
  EXPECT_EQ(plain_text("a\nb é│▶ \xf0\x9f\x8c\x8a"), "a\nb é│▶ \xf0\x9f\x8c\x8a");
  EXPECT_EQ(plain_text("\x01\t\x7f\xff\x80"), "?????");
  EXPECT_EQ(plain_text("\xe2\x94"), "??");       // cut off
  EXPECT_EQ(plain_text("\xc0\xaf"), "??");       // '/', longer than need be
  EXPECT_EQ(plain_text("\xe0\x80\xaf"), "???");  // so too
  EXPECT_EQ(plain_text("\xed\xa0\x80"), "???");  // half a pair
  EXPECT_EQ(plain_text("\xf4\x90\x80\x80"), "????");
}

TEST(Style, NeverPaintsWithoutColor) {
  Style style;
  EXPECT_EQ(style.paint(Ink::kRed, "x"), "x");
  style.color = true;
  EXPECT_EQ(style.paint(Ink::kRed, "x"), "\033[1;31mx\033[0m");
  EXPECT_EQ(style.paint(Ink::kPlain, "x"), "x");
}

TEST(Style, FollowsTheEnvironment) {
  setenv("LC_ALL", "C", 1);
  EXPECT_FALSE(style_of(0).utf8);
  setenv("LC_ALL", "en_US.utf8", 1);
  EXPECT_TRUE(style_of(0).utf8);
  setenv("LC_ALL", "", 1);
  setenv("LC_CTYPE", "C.UTF-8", 1);
  EXPECT_TRUE(style_of(0).utf8);
}

TEST(Requirement, NamesSections) {
  ASSERT_NE(find_clause("SM-ACC-1"), nullptr);
  EXPECT_EQ(section_of(*find_clause("SM-ACC-1")), "RFC 9293 §3.4, §3.10.7.4");
  EXPECT_EQ(describe_requirement("MUST-10"), "MUST-10 RFC 9293 §3.5");
  EXPECT_EQ(describe_requirement("X-1"), "X-1");
}

TEST(Tally, CountsARequirementOnceAndKnownDeviationsAgainstIt) {
  proto::RunResult run;
  add_case(&run, "a", proto::PASS, {"MUST-10", "MUST-56", "SHLD-3", "MAY-1"});
  add_case(&run, "b", proto::XFAIL, {"MUST-10"});
  add_case(&run, "c", proto::SKIP, {"MUST-11"});
  add_case(&run, "d", proto::ERROR, {"MUST-12"});
  add_case(&run, "e", proto::WARN, {"SHLD-4"});
  const Tally sums = tally(run);
  EXPECT_EQ(sums.must, 2U);
  EXPECT_EQ(sums.must_met, 1U);
  EXPECT_EQ(sums.should, 2U);
  EXPECT_EQ(sums.should_met, 1U);
}

TEST(Tally, HoldsADivergenceAgainstItsOwnClause) {
  proto::RunResult run;
  proto::CaseResult* result = add_case(&run, "a", proto::FAIL, {"MUST-10"});
  result->add_divergences()->set_clause("SM-RST-2");
  const Tally sums = tally(run);
  EXPECT_TRUE(sums.met.at("MUST-10"));
  EXPECT_FALSE(sums.met.at("SM-RST-2"));
}

TEST(ExitCode, TellsTheGravestFirst) {
  RunOutcome outcome;
  EXPECT_EQ(exit_code(outcome), 4);
  outcome.selected = 3;
  EXPECT_EQ(exit_code(outcome), 0);
  for (const auto verdict :
       {proto::PASS, proto::WARN, proto::INFO, proto::SKIP, proto::XFAIL, proto::FLAKY}) {
    outcome.add(verdict);
  }
  EXPECT_EQ(exit_code(outcome), 0);
  outcome.add(proto::XPASS);
  EXPECT_EQ(exit_code(outcome), 1);
  outcome.add(proto::ERROR);
  EXPECT_EQ(exit_code(outcome), 3);
  outcome.bad_script = true;
  EXPECT_EQ(exit_code(outcome), 2);
  outcome.interrupted = true;
  EXPECT_EQ(exit_code(outcome), 130);
}

TEST(ExitCode, OfAFailureIsOne) {
  RunOutcome outcome;
  outcome.selected = 1;
  outcome.add(proto::FAIL);
  EXPECT_EQ(exit_code(outcome), 1);
}

TEST(Json, HasEveryKeyOfEveryCaseAndReadsBack) {
  proto::RunResult run;
  add_case(&run, "a", proto::PASS, {"MUST-10"});
  run.mutable_provenance()->set_stack("linux");
  const auto text = to_json(run);
  ASSERT_TRUE(text.has_value());
  for (const char* key : {"\"id\"", "\"verdict\": \"PASS\"", "\"requirements\"", "\"divergences\"",
                          "\"duration_ns\"", "\"provenance\"", "\"stack_version\""}) {
    EXPECT_NE(text->find(key), std::string::npos) << key << " in\n" << *text;
  }
  proto::RunResult read;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(*text, &read).ok());
  EXPECT_EQ(read.cases(0).requirements(0), "MUST-10");
}

TEST(Json, SaysWhereItCannotWrite) {
  const auto written = write_json(proto::RunResult(), "/nowhere/at/all.json");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().message,
            "/nowhere/at/all.json: cannot be written: No such file or directory");
  EXPECT_FALSE(write_json(proto::RunResult(), "/dev/full").has_value());
}

TEST(Failure, HasRequirementPlaceFieldsLadderAndTheCommand) {
  proto::CaseResult result;
  result.set_id("reset/in-window-challenge");
  result.set_verdict(proto::FAIL);
  result.set_file("specs/reset/in-window-challenge.pkt");
  result.add_requirements("MUST-10");
  result.set_repeat("synfin run reset/in-window-challenge --stack linux --seed 0x5eed");
  TraceMaker trace(&result);
  trace.step(5).inject(kRst, 0).state("CLOSED");
  proto::Divergence* divergence = result.add_divergences();
  divergence->set_clause("SM-RST-2");
  divergence->set_level("MUST");
  divergence->set_state("ESTABLISHED");
  divergence->set_stimulus("R 501:501(0)");
  divergence->set_wanted("ESTABLISHED");
  divergence->set_got("CLOSED");
  divergence->set_step(5);
  divergence->set_line(14);
  proto::Field* field = divergence->add_fields();
  field->set_name("state");
  field->set_wanted("ESTABLISHED");
  field->set_got("CLOSED");
  FailureOptions options;
  options.target = "linux";
  EXPECT_EQ("\n" + failure_text(result, nullptr, options), R"(
FAIL  reset/in-window-challenge   MUST   SM-RST-2 RFC 9293 §3.10.7.4 · MUST-10 RFC 9293 §3.5
      specs/reset/in-window-challenge.pkt:14   step 6   ESTABLISHED
      after   R 501:501(0)
      wanted  ESTABLISHED
      got     CLOSED
        field  wanted       got
        state  ESTABLISHED  CLOSED

              peer                      linux
       0.000  │ ── RST  seq 0 ────────▶ │ CLOSED  ◀ wanted ESTABLISHED

      repeat   synfin run reset/in-window-challenge --stack linux --seed 0x5eed
      look     synfin show specs/reset/in-window-challenge.pkt --as ladder
)");
}

TEST(Failure, TellsOnceWhatScriptAndJudgeBothFound) {
  proto::CaseResult result;
  for (const char* state : {"", "ESTABLISHED"}) {
    proto::Divergence* divergence = result.add_divergences();
    divergence->set_state(state);
    divergence->set_step(5);
    proto::Field* field = divergence->add_fields();
    field->set_name("state");
    field->set_wanted("ESTABLISHED");
    field->set_got("CLOSED");
  }
  ASSERT_EQ(distinct_divergences(result).size(), 1U);
  EXPECT_EQ(distinct_divergences(result)[0], &result.divergences(1));
  result.mutable_divergences(1)->set_step(6);
  EXPECT_EQ(distinct_divergences(result).size(), 2U);
}

TEST(Failure, NamesTheRequirementsOfTheCaseWhereTheDivergenceHasNoClause) {
  proto::CaseResult result;
  result.set_id("x");
  result.set_verdict(proto::FAIL);
  result.add_requirements("SHLD-3");
  result.add_requirements("MUST-10");
  result.add_divergences()->set_wanted("a");
  const std::string text = failure_text(result, nullptr, {});
  EXPECT_EQ(text.substr(0, text.find('\n')),
            "FAIL  x   MUST   SHLD-3 RFC 9293 §3.6.1 · MUST-10 RFC 9293 §3.5");
}

TEST(Failure, ShowsTheUnknownDivergenceFirstAndAFewOthers) {
  proto::CaseResult result;
  result.set_verdict(proto::FAIL);
  for (int i = 0; i < 6; ++i) {
    proto::Divergence* divergence = result.add_divergences();
    divergence->set_wanted("wanted " + std::to_string(i));
    divergence->set_known(i != 4);
  }
  FailureOptions options;
  std::string text = failure_text(result, nullptr, options);
  EXPECT_LT(text.find("wanted 4"), text.find("wanted 0"));
  EXPECT_EQ(text.find("wanted 5"), std::string::npos);
  EXPECT_NE(text.find("3 more; -v shows them"), std::string::npos) << text;
  options.all = true;
  text = failure_text(result, nullptr, options);
  EXPECT_NE(text.find("wanted 5"), std::string::npos);
}

TEST(Terminal, HeadsARunWithWhereItComesFrom) {
  proto::Provenance from;
  from.set_version("0.1");
  from.set_stack("linux");
  from.set_stack_version("6.18.44");
  from.set_link("veth");
  from.set_privilege("rootless");
  from.set_profile("linux-default");
  from.set_seed(0x5eed);
  EXPECT_EQ(head_line(from, 212),
            "synfin 0.1 · target linux 6.18.44 (veth, rootless) · profile linux-default · "
            "seed 0x5eed · 212 cases");
}

proto::RunResult some_run() {
  proto::RunResult run;
  add_case(&run, "close/a", proto::PASS, {"MUST-10"})->set_judged_to_the_end(true);
  add_case(&run, "close/b", proto::XFAIL, {"MUST-11"})->set_reason("an old kernel");
  add_case(&run, "reset/a", proto::FAIL, {"SHLD-3"});
  add_case(&run, "reset/b", proto::SKIP)->set_reason("no TCP-AO in this kernel");
  run.set_duration_ns(63'000'000'000);
  run.add_clauses_hit("MUST-10");
  return run;
}

TEST(Terminal, SumsUpTopicsAndVerdicts) {
  EXPECT_EQ(topics_text(some_run(), {}),
            "  close            1 pass     1 xfail\n"
            "  reset            1 fail     1 skip\n");
  const std::string sums = summary_text(some_run(), std::chrono::milliseconds(1234), {});
  const std::string coverage = sums.substr(sums.find("clause coverage"));
  EXPECT_EQ(sums.substr(0, sums.find("clause coverage")),
            "4 cases: 1 pass, 1 fail, 1 xfail, 1 skip (no TCP-AO in this kernel)   1.2 s\n"
            "MUST 1 of 2 · SHOULD 0 of 1 · ");
  EXPECT_TRUE(std::regex_match(
      coverage, std::regex("clause coverage 0\\.\\d % · judged to the last step 1 of 3\n")))
      << coverage;
}

// What a Terminal writes with this style.
std::string written(const Style& style, int verbosity) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* out = open_memstream(&text, &size);
  const proto::RunResult run = some_run();
  {
    Terminal terminal(out, style, verbosity);
    terminal.head(run.provenance(), 4);
    for (const proto::CaseResult& result : run.cases()) terminal.result(result);
    terminal.summary(run, std::chrono::milliseconds(1234),
                     [](const std::string&) { return nullptr; });
  }
  std::fclose(out);
  std::string got(text, size);
  std::free(text);
  return got;
}

TEST(Terminal, WritesNoEscapesAndNoUnicodeWhereThereIsNeither) {
  Style style;
  style.utf8 = false;
  const std::string text = written(style, 1);
  EXPECT_EQ(text.find('\033'), std::string::npos);
  for (const char c : text) EXPECT_GE(static_cast<signed char>(c), 0);
  EXPECT_NE(text.find("XFAIL close/b   an old kernel\n"), std::string::npos) << text;
}

TEST(Terminal, IsSilentAboutWhatIsAsExpected) {
  const std::string text = written({}, 0);
  EXPECT_EQ(text.find("close/a"), std::string::npos);
  EXPECT_EQ(text.find("close/b"), std::string::npos);
  EXPECT_NE(text.find("FAIL  reset/a"), std::string::npos);
}

TEST(Terminal, TellsTimesAsExactlyAsAnybodyWantsThem) {
  using std::chrono::microseconds;
  EXPECT_EQ(duration_text(microseconds(500)), "500 µs");
  EXPECT_EQ(duration_text(microseconds(420'000)), "420 ms");
  EXPECT_EQ(duration_text(microseconds(1'230'000)), "1.2 s");
  EXPECT_EQ(duration_text(std::chrono::seconds(63)), "63 s");
  EXPECT_EQ(duration_text(std::chrono::seconds(750)), "12 min");
}

TEST(Terminal, DrawsABar) {
  EXPECT_EQ(bar_text(0, 0, 4), "░░░░");
  EXPECT_EQ(bar_text(1, 2, 4), "██░░");
  EXPECT_EQ(bar_text(2, 2, 4), "████");
}

TEST(Version, IsTheOneOfTheBuild) {
  std::ifstream file(std::string(SYNFIN_SOURCE_DIR) + "/CMakeLists.txt");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find("project(synfin VERSION " + std::string(kVersion) + " "),
            std::string::npos);
}

}  // namespace
}  // namespace synfin::report
