#include "harness/report/ladder.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/report/traces.h"

namespace synfin::report {
namespace {

std::string draw(const proto::CaseResult& result, LadderOptions options = {}) {
  options.target = "linux";
  return "\n" + draw_ladder(make_rungs(result, nullptr), options);
}

proto::CaseResult opened() {
  proto::CaseResult result;
  TraceMaker trace(&result);
  trace.step(0).call("listen(3)").returned("listen(3)", 0).state("LISTEN");
  trace.step(1).inject(kSyn, 0).sent(kSyn | kAck, 0, 1).state("SYN-RECEIVED");
  trace.step(2).at(10).inject(kAck, 1, 1).state("ESTABLISHED");
  return result;
}

TEST(Ladder, ShowsBothEndsOfAHandshake) {
  EXPECT_EQ(draw(opened()), R"(
                      peer                                                  linux
   0.000              │                                                     │ LISTEN        listen(3) = 0
   0.000     SYN-SENT │ ── SYN      seq 0  win 65535  <mss 1460> ─────────▶ │ SYN-RECEIVED
   0.000  ESTABLISHED │ ◀── SYN ACK  seq 0  ack 1  win 65535  <mss 1460> ── │ SYN-RECEIVED
   0.010  ESTABLISHED │ ── ACK      seq 1  ack 1  win 65535 ──────────────▶ │ ESTABLISHED
)");
}

TEST(Ladder, IsPlainAsciiWhereAsked) {
  LadderOptions options;
  options.times = options.options = options.windows = false;
  EXPECT_EQ(to_ascii(draw(opened(), options)), R"(
            peer                           linux
            |                              | LISTEN        listen(3) = 0
   SYN-SENT | -- SYN      seq 0 ---------> | SYN-RECEIVED
ESTABLISHED | <-- SYN ACK  seq 0  ack 1 -- | SYN-RECEIVED
ESTABLISHED | -- ACK      seq 1  ack 1 --> | ESTABLISHED
)");
}

TEST(Ladder, ShowsWhatWasWantedBesideWhatCame) {
  proto::CaseResult result = opened();
  TraceMaker trace(&result);
  trace.step(3).at(20).inject(kRst, 501).state("CLOSED");
  proto::Divergence* state = result.add_divergences();
  state->set_step(3);
  state->set_wanted("ESTABLISHED");
  proto::Divergence* ack = result.add_divergences();
  ack->set_step(3);
  ack->set_wanted("ACK seq 1 ack 1");
  LadderOptions options;
  options.times = options.options = options.windows = false;
  const auto rungs = around_notes(make_rungs(result, nullptr), 1, 2);
  EXPECT_EQ("\n" + draw_ladder(rungs, options), R"(
            peer                         target
            ⋮                            ⋮
ESTABLISHED │ ── ACK  seq 1    ack 1 ──▶ │ ESTABLISHED
ESTABLISHED │ ── RST  seq 501 ─────────▶ │ CLOSED       ◀ wanted ESTABLISHED
            │                            │              ◀ wanted ACK seq 1 ack 1
)");
}

// The segment was sent before the step that expects another began.
TEST(Ladder, PutsTheNoteBesideTheSegmentThatCameInPlaceOfAnother) {
  proto::CaseResult result = opened();
  TraceMaker trace(&result);
  trace.step(3).at(20).call("write(4)").returned("write(4)", 20);
  trace.sent(kAck, 1, 1, 10).sent(kAck | kPsh, 11, 1, 10).state("ESTABLISHED");
  proto::Divergence* divergence = result.add_divergences();
  divergence->set_step(4);
  divergence->set_wanted("P. 1:21(20) ack 1");
  divergence->set_got(". 1:11(10) ack 1 win 65535");
  const auto rungs = make_rungs(result, nullptr);
  ASSERT_EQ(rungs.size(), 7U);
  EXPECT_EQ(rungs[5].notes, std::vector<std::string>{"wanted P. 1:21(20) ack 1"});
  EXPECT_EQ(rungs[5].cells[3], "len 10");
}

TEST(Ladder, GivesSilenceARungOfItsOwn) {
  proto::CaseResult result = opened();
  proto::Divergence* divergence = result.add_divergences();
  divergence->set_step(7);
  divergence->set_wanted("F. 1:1(0) ack 1");
  divergence->set_got("nothing");
  const auto rungs = make_rungs(result, nullptr);
  ASSERT_EQ(rungs.size(), 5U);
  EXPECT_EQ(rungs.back().kind, Rung::Kind::kNote);
  EXPECT_EQ(rungs.back().notes.size(), 1U);
}

TEST(Ladder, FollowsThePeerToItsEnd) {
  proto::CaseResult result = opened();
  TraceMaker trace(&result);
  trace.step(3).call("close(4)").sent(kFin | kAck, 1, 1).returned("close(4)", 0);
  trace.state("FIN-WAIT-1");
  trace.step(4).inject(kAck, 1, 2).state("FIN-WAIT-2");
  trace.step(5).inject(kFin | kAck, 1, 2).sent(kAck, 2, 2).state("TIME-WAIT");
  trace.step(6).at(60000).state("CLOSED");
  const auto rungs = make_rungs(result, nullptr);
  std::vector<std::string> states;
  for (const Rung& rung : rungs) states.push_back(rung.peer_state + "|" + rung.target_state);
  EXPECT_EQ(states, (std::vector<std::string>{"|LISTEN", "SYN-SENT|SYN-RECEIVED",
                                              "ESTABLISHED|SYN-RECEIVED", "ESTABLISHED|ESTABLISHED",
                                              "ESTABLISHED|FIN-WAIT-1", "CLOSE-WAIT|FIN-WAIT-1",
                                              "CLOSE-WAIT|FIN-WAIT-2", "LAST-ACK|TIME-WAIT",
                                              "CLOSED|TIME-WAIT", "CLOSED|CLOSED"}));
  EXPECT_EQ(rungs[4].cells[0], "close(4) = 0");
  EXPECT_EQ(rungs.back().kind, Rung::Kind::kState);
}

// The peer is the harness: what no TCP would send does not move it.
TEST(Ladder, DoesNotTakeTheHarnessAtItsWord) {
  proto::CaseResult result = opened();
  TraceMaker trace(&result);
  trace.step(3).inject(kRst, 100).inject(kSyn, 7).inject(kFin | kAck, 1, 1, 0, true);
  for (const Rung& rung : make_rungs(result, nullptr)) {
    EXPECT_TRUE(rung.step < 3 || rung.peer_state == "ESTABLISHED") << rung.cells[0];
  }
}

TEST(Ladder, TellsWhatIsWrongWithAPacket) {
  proto::CaseResult result = opened();
  TraceMaker trace(&result);
  trace.step(3).inject(kAck, 1, 1, 0, true);
  proto::TraceEvent* event = result.mutable_trace()->add_events();
  event->set_packet("not IP");
  const auto rungs = make_rungs(result, nullptr);
  EXPECT_EQ(rungs[4].wrong, "{sum=bad}");
  EXPECT_EQ(rungs[5].cells.size(), 1U);
  EXPECT_EQ(rungs[5].cells[0].substr(0, 10), "6 octets: ");
}

TEST(Ladder, CountsFromTheNumbersOfTheProgramWhereThereIsNoSyn) {
  script::FlatProgram program;
  script::SegmentSpec spec;
  spec.seq.offset = 7;
  program.segments.push_back(spec);
  script::Step step;
  step.kind = script::StepKind::kInject;
  program.steps.push_back(step);
  proto::CaseResult result;
  TraceMaker(&result).inject(kAck, 7, 3);
  EXPECT_EQ(make_rungs(result, &program)[0].cells[1], "seq 7");
  EXPECT_EQ(make_rungs(result, nullptr)[0].cells[1], "seq 0");
}

TEST(Ladder, NamesTheConnectionsWhenThereAreSeveral) {
  proto::CaseResult result;
  TraceMaker trace(&result);
  trace.on("a").inject(kSyn, 0).on("b").inject(kSyn, 0).call("accept(3)");
  const std::string text = draw(result);
  EXPECT_NE(text.find("[a] SYN"), std::string::npos) << text;
  EXPECT_NE(text.find("[b] SYN"), std::string::npos) << text;
  EXPECT_NE(text.find("[b] accept(3)"), std::string::npos) << text;
}

TEST(Ladder, ShowsACallThatBlocksTwice) {
  proto::CaseResult result;
  TraceMaker trace(&result);
  trace.call("connect(3)").at(200).returned("connect(3)", -1, "ECONNREFUSED (Connection refused)");
  const auto rungs = make_rungs(result, nullptr);
  ASSERT_EQ(rungs.size(), 2U);
  EXPECT_EQ(rungs[0].cells[0], "connect(3)");
  EXPECT_EQ(rungs[1].cells[0], "connect(3) = -1 ECONNREFUSED");
}

// Whatever stands on a rung, both bars stay in their columns.
TEST(Ladder, KeepsItsBarsStraight) {
  proto::CaseResult result = opened();
  TraceMaker trace(&result);
  trace.step(3).inject(kAck, 1, 1, 1000).inject(0, 1).sent(kRst | kAck, 1000000, 1000);
  trace.at(1'000'000).call("read(4)").state("CLOSED");
  result.mutable_trace()->add_events()->set_packet(std::string(300, 'E'));
  result.add_divergences()->set_wanted("something that was not to be had");
  const auto rungs = make_rungs(result, nullptr);
  for (const bool all : {false, true}) {
    LadderOptions options;
    options.times = options.options = options.windows = all;
    std::istringstream lines(to_ascii(draw_ladder(rungs, options)));
    std::string line;
    std::getline(lines, line);
    const std::size_t left = line.find("peer");
    const std::size_t right = line.find("target");
    while (std::getline(lines, line)) {
      EXPECT_EQ(line.find('|'), left) << line;
      EXPECT_EQ(line.find('|', left + 1), right) << line;
    }
  }
}

TEST(Ladder, OfNothingIsItsHeadingAlone) {
  EXPECT_EQ(draw(proto::CaseResult()), "\n          peer                      linux\n");
}

}  // namespace
}  // namespace synfin::report
