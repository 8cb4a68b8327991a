// Every edge of kEdges is taken: a way for each, from a state reached by segments and calls.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

#include "tests/engine/lab.h"

namespace synfin::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

using Move = std::tuple<State, State, EventKind>;

std::string text_of(const Move& move) {
  const auto& [from, to, event] = move;
  return std::string(synfin::to_string(from)) + " -- " + std::string(synfin::to_string(event)) +
         " --> " + std::string(synfin::to_string(to));
}

struct Way {
  Place from;
  EventKind event;
  void (*act)(Lab& lab);
};

void no_more_waiting(Lab& lab) {
  lab.tcp.set_user_timeout(lab.now, seconds(5));
  lab.wait(minutes(1));
}

// The peer does not answer keep-alives: the only timeout where nothing is outstanding.
void keepalives_unanswered(Lab& lab) {
  lab.tcp.set_keepalive(lab.now, true, seconds(10), seconds(1), 3);
  lab.wait(minutes(1));
}

template <unsigned Bits>
void segment(Lab& lab) {
  lab.arrive(lab.next(Bits));
}

void close(Lab& lab) { lab.tcp.close(lab.now, CloseKind::kSending); }
void abort(Lab& lab) { lab.tcp.abort(lab.now); }

const std::vector<Way>& ways() {
  using enum EventKind;
  static const std::vector<Way> kWays = {
      {Place::kClosed, kOpenPassive, [](Lab& lab) { lab.tcp.open_passive(lab.now, Lab::kIss); }},
      {Place::kClosed, kOpenActive, [](Lab& lab) { lab.tcp.open_active(lab.now, Lab::kIss); }},
      {Place::kListen, kOpenActive, [](Lab& lab) { lab.tcp.open_active(lab.now, Lab::kIss); }},
      {Place::kListenToOne, kSend, [](Lab& lab) { lab.send("text"); }},
      {Place::kListen, kSegment, segment<kSyn>},
      {Place::kListen, kClose, close},
      {Place::kListen, kAbort, abort},
      {Place::kSynSent, kSegment, segment<kSyn | kAck>},
      {Place::kSynSent, kSegment, segment<kSyn>},
      {Place::kSynSent, kSegment, segment<kRst | kAck>},
      {Place::kSynSent, kClose, close},
      {Place::kSynSent, kAbort, abort},
      {Place::kSynSent, kUserTimeout, no_more_waiting},
      {Place::kSynReceivedPassive, kSegment, segment<kAck>},
      {Place::kSynReceivedPassive, kClose, close},
      {Place::kSynReceivedPassive, kSegment, segment<kRst>},
      {Place::kSynReceivedActive, kSegment, segment<kRst>},
      {Place::kSynReceivedActive, kAbort, abort},
      {Place::kSynReceivedActive, kUserTimeout, no_more_waiting},
      {Place::kEstablished, kClose, close},
      {Place::kEstablished, kSegment, segment<kFin | kAck>},
      {Place::kEstablished, kSegment, segment<kRst>},
      {Place::kEstablished, kAbort, abort},
      {Place::kEstablished, kUserTimeout,
       [](Lab& lab) {
         lab.send("text");
         no_more_waiting(lab);
       }},
      {Place::kFinWait1, kSegment, segment<kAck>},
      {Place::kFinWait1, kSegment,
       [](Lab& lab) {
         Segment fin = lab.next(kFin | kAck);
         fin.ack = lab.tcb().snd.una;
         lab.arrive(fin);
       }},
      // By way of FIN-WAIT-2 within the one segment (§3.10.7.4 step 5, "continue processing").
      {Place::kFinWait1, kSegment, segment<kFin | kAck>},
      {Place::kFinWait1, kSegment, segment<kRst>},
      {Place::kFinWait1, kAbort, abort},
      {Place::kFinWait1, kUserTimeout, no_more_waiting},
      {Place::kFinWait2, kSegment, segment<kFin | kAck>},
      {Place::kFinWait2, kSegment, segment<kRst>},
      {Place::kFinWait2, kAbort, abort},
      {Place::kFinWait2, kUserTimeout, keepalives_unanswered},
      {Place::kCloseWait, kClose, close},
      {Place::kCloseWait, kSegment, segment<kRst>},
      {Place::kCloseWait, kAbort, abort},
      {Place::kCloseWait, kUserTimeout,
       [](Lab& lab) {
         lab.send("text");
         no_more_waiting(lab);
       }},
      {Place::kClosing, kSegment, segment<kAck>},
      {Place::kClosing, kSegment, segment<kRst>},
      {Place::kClosing, kAbort, abort},
      {Place::kClosing, kUserTimeout, no_more_waiting},
      {Place::kLastAck, kSegment, segment<kAck>},
      {Place::kLastAck, kAbort, abort},
      {Place::kLastAck, kUserTimeout, no_more_waiting},
      {Place::kTimeWait, kSegment, segment<kSyn>},
      {Place::kTimeWait, kSegment, segment<kRst>},
      {Place::kTimeWait, kAbort, abort},
      {Place::kTimeWait, kTimeWaitTimeout, [](Lab& lab) { lab.wait(minutes(4)); }},
  };
  return kWays;
}

std::set<Move> moves_taken() {
  std::set<Move> moves;
  for (const Way& way : ways()) {
    Lab lab;
    lab.go_to(way.from);
    const State from = lab.state();
    way.act(lab);
    lab.take();
    moves.emplace(from, lab.state(), way.event);
  }
  for (const Place place :
       {Place::kSynSent, Place::kSynReceivedActive, Place::kEstablished, Place::kFinWait1,
        Place::kCloseWait, Place::kClosing, Place::kLastAck}) {
    Lab lab;
    lab.go_to(place);
    const State from = lab.state();
    if (may_send_text(from)) lab.send("text");
    lab.take();
    lab.tcp.on_icmp(lab.now, IcmpError::kHard, lab.tcb().snd.una);
    moves.emplace(from, lab.state(), EventKind::kIcmp);
  }
  // The implementation gives up on a half-closed connection that nobody owns.
  Profile impatient = plain_profile();
  impatient.fin_wait_2_timeout = seconds(60);
  Lab lab(impatient);
  lab.go_to(Place::kEstablished);
  lab.tcp.close(lab.now, CloseKind::kBoth);
  lab.take();
  lab.arrive(lab.next());
  const State from = lab.state();
  lab.wait(seconds(60));
  moves.emplace(from, lab.state(), EventKind::kFinWait2Timeout);
  return moves;
}

TEST(Edges, EachIsTaken) {
  const std::set<Move> moves = moves_taken();
  for (const Edge& edge : kEdges) {
    const Move move{edge.from, edge.to, edge.event};
    EXPECT_TRUE(moves.contains(move)) << "never taken: " << text_of(move);
  }
}

// What the ways above do is all in the table.
TEST(Edges, NoOtherIsTaken) {
  for (const Move& move : moves_taken()) {
    const auto& [from, to, event] = move;
    if (from == to) continue;
    EXPECT_NE(find_edge(from, to, event), nullptr) << text_of(move);
  }
}

TEST(Edges, EachStandsOnce) {
  std::set<Move> seen;
  for (const Edge& edge : kEdges) {
    const Move move{edge.from, edge.to, edge.event};
    EXPECT_TRUE(seen.insert(move).second) << text_of(move);
    EXPECT_NE(edge.from, edge.to) << text_of(move);
  }
}

}  // namespace
}  // namespace synfin::testing
