// The states of a connection and the single table of the moves between them (RFC 9293 §3.3.2).
//
// The table is the source of the state diagram in the documents and reports, of the check in
// Connection::transition, and of the test that takes every edge.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/clause.h"

namespace synfin {

enum class State : uint8_t {
  kClosed,
  kListen,
  kSynSent,
  kSynReceived,
  kEstablished,
  kFinWait1,
  kFinWait2,
  kCloseWait,
  kClosing,
  kLastAck,
  kTimeWait,
};
inline constexpr std::size_t kStateCount = 11;

// "SYN-RECEIVED": as the RFC writes it.
constexpr std::string_view to_string(State state) {
  constexpr std::array<std::string_view, kStateCount> kNames = {
      "CLOSED",     "LISTEN",     "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1",
      "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING",  "LAST-ACK",     "TIME-WAIT"};
  return kNames[static_cast<std::size_t>(state)];
}

// ESTABLISHED and later: both SYNs are acknowledged (RFC 9293 §3.5.2 calls these synchronized).
constexpr bool is_synchronized(State state) { return state >= State::kEstablished; }

// States in which the peer may still send text to us (RFC 9293 §3.10.7.4 step 7).
constexpr bool may_receive_text(State state) {
  return state == State::kEstablished || state == State::kFinWait1 || state == State::kFinWait2;
}

// States in which the user may still send (RFC 9293 §3.10.2).
constexpr bool may_send_text(State state) {
  return state == State::kEstablished || state == State::kCloseWait;
}

// What makes a connection move.
enum class EventKind : uint8_t {
  kOpenPassive,
  kOpenActive,
  kSend,
  kClose,
  kAbort,
  kSegment,          // SEGMENT ARRIVES
  kUserTimeout,      // USER TIMEOUT, and R2 of RFC 9293 §3.8.3
  kTimeWaitTimeout,  // 2MSL
  kIcmp,             // a hard ICMP error about what was sent (RFC 9293 §3.9.2.2)
  kFinWait2Timeout,  // an implementation may give up on a half-closed connection nobody owns
};
inline constexpr std::size_t kEventKinds = 10;

constexpr std::string_view to_string(EventKind event) {
  constexpr std::array<std::string_view, kEventKinds> kNames = {
      "passive OPEN", "active OPEN",  "SEND",         "CLOSE",      "ABORT",
      "segment",      "user timeout", "2MSL timeout", "ICMP error", "FIN-WAIT-2 timeout"};
  return kNames[static_cast<std::size_t>(event)];
}

// One legal move.
struct Edge {
  State from;
  State to;
  EventKind event;
  Clause clause;  // the rule that makes the move
};

inline constexpr auto kEdges = std::to_array<Edge>({
    {State::kClosed, State::kListen, EventKind::kOpenPassive, Clause::kSmOpen1},
    {State::kClosed, State::kSynSent, EventKind::kOpenActive, Clause::kSmOpen2},
    {State::kListen, State::kSynSent, EventKind::kOpenActive, Clause::kSmOpen2},
    {State::kListen, State::kSynSent, EventKind::kSend, Clause::kSmOpen2},
    {State::kListen, State::kSynReceived, EventKind::kSegment, Clause::kSmListen3},
    {State::kListen, State::kClosed, EventKind::kClose, Clause::kSmUsr7},
    {State::kListen, State::kClosed, EventKind::kAbort, Clause::kSmUsr5},
    {State::kSynSent, State::kEstablished, EventKind::kSegment, Clause::kSmSs4},
    {State::kSynSent, State::kSynReceived, EventKind::kSegment, Clause::kSmSs5},
    {State::kSynSent, State::kClosed, EventKind::kSegment, Clause::kSmSs2},
    {State::kSynSent, State::kClosed, EventKind::kClose, Clause::kSmUsr1},
    {State::kSynSent, State::kClosed, EventKind::kAbort, Clause::kSmUsr5},
    {State::kSynSent, State::kClosed, EventKind::kUserTimeout, Clause::kSmTmo1},
    {State::kSynSent, State::kClosed, EventKind::kIcmp, Clause::kShld26},
    {State::kSynReceived, State::kEstablished, EventKind::kSegment, Clause::kSmAck2},
    {State::kSynReceived, State::kFinWait1, EventKind::kClose, Clause::kSmUsr2},
    {State::kSynReceived, State::kListen, EventKind::kSegment, Clause::kSmRst1},
    {State::kSynReceived, State::kClosed, EventKind::kSegment, Clause::kSmRst1},
    {State::kSynReceived, State::kClosed, EventKind::kAbort, Clause::kSmUsr5},
    {State::kSynReceived, State::kClosed, EventKind::kUserTimeout, Clause::kSmTmo1},
    {State::kSynReceived, State::kClosed, EventKind::kIcmp, Clause::kShld26},
    {State::kEstablished, State::kFinWait1, EventKind::kClose, Clause::kSmUsr3},
    {State::kEstablished, State::kCloseWait, EventKind::kSegment, Clause::kSmFin3},
    {State::kEstablished, State::kClosed, EventKind::kSegment, Clause::kSmRst2},
    {State::kEstablished, State::kClosed, EventKind::kAbort, Clause::kSmUsr5},
    {State::kEstablished, State::kClosed, EventKind::kUserTimeout, Clause::kSmTmo1},
    {State::kEstablished, State::kClosed, EventKind::kIcmp, Clause::kShld26},
    {State::kFinWait1, State::kFinWait2, EventKind::kSegment, Clause::kSmAck7},
    {State::kFinWait1, State::kClosing, EventKind::kSegment, Clause::kSmFin4},
    {State::kFinWait1, State::kTimeWait, EventKind::kSegment, Clause::kSmFin4},
    {State::kFinWait1, State::kClosed, EventKind::kSegment, Clause::kSmRst2},
    {State::kFinWait1, State::kClosed, EventKind::kAbort, Clause::kSmUsr5},
    {State::kFinWait1, State::kClosed, EventKind::kUserTimeout, Clause::kSmTmo1},
    {State::kFinWait1, State::kClosed, EventKind::kIcmp, Clause::kShld26},
    {State::kFinWait2, State::kTimeWait, EventKind::kSegment, Clause::kSmFin5},
    {State::kFinWait2, State::kClosed, EventKind::kSegment, Clause::kSmRst2},
    {State::kFinWait2, State::kClosed, EventKind::kAbort, Clause::kSmUsr5},
    {State::kFinWait2, State::kClosed, EventKind::kUserTimeout, Clause::kSmTmo1},
    {State::kFinWait2, State::kClosed, EventKind::kFinWait2Timeout, Clause::kSmTmo4},
    {State::kCloseWait, State::kLastAck, EventKind::kClose, Clause::kSmUsr3},
    {State::kCloseWait, State::kClosed, EventKind::kSegment, Clause::kSmRst2},
    {State::kCloseWait, State::kClosed, EventKind::kAbort, Clause::kSmUsr5},
    {State::kCloseWait, State::kClosed, EventKind::kUserTimeout, Clause::kSmTmo1},
    {State::kCloseWait, State::kClosed, EventKind::kIcmp, Clause::kShld26},
    {State::kClosing, State::kTimeWait, EventKind::kSegment, Clause::kSmAck8},
    {State::kClosing, State::kClosed, EventKind::kSegment, Clause::kSmRst3},
    {State::kClosing, State::kClosed, EventKind::kAbort, Clause::kSmUsr5},
    {State::kClosing, State::kClosed, EventKind::kUserTimeout, Clause::kSmTmo1},
    {State::kClosing, State::kClosed, EventKind::kIcmp, Clause::kShld26},
    {State::kLastAck, State::kClosed, EventKind::kSegment, Clause::kSmAck9},
    {State::kLastAck, State::kClosed, EventKind::kAbort, Clause::kSmUsr5},
    {State::kLastAck, State::kClosed, EventKind::kUserTimeout, Clause::kSmTmo1},
    {State::kLastAck, State::kClosed, EventKind::kIcmp, Clause::kShld26},
    {State::kTimeWait, State::kSynReceived, EventKind::kSegment, Clause::kMay2},
    {State::kTimeWait, State::kClosed, EventKind::kSegment, Clause::kSmRst3},
    {State::kTimeWait, State::kClosed, EventKind::kAbort, Clause::kSmUsr5},
    {State::kTimeWait, State::kClosed, EventKind::kTimeWaitTimeout, Clause::kSmTmo3},
});

// Moves that were made, by their places in kEdges.
using EdgeSet = std::bitset<kEdges.size()>;

constexpr std::size_t edge_slot(State from, State to, EventKind event) {
  const auto states = static_cast<std::size_t>(from) * kStateCount + static_cast<std::size_t>(to);
  return states * kEventKinds + static_cast<std::size_t>(event);
}

// The place in kEdges of each move, counted from 1; 0 where there is none.
inline constexpr auto kEdgePlaces = [] {
  std::array<uint8_t, kStateCount * kStateCount * kEventKinds> places{};
  for (std::size_t i = 0; i < kEdges.size(); ++i) {
    places[edge_slot(kEdges[i].from, kEdges[i].to, kEdges[i].event)] = static_cast<uint8_t>(i + 1);
  }
  return places;
}();

// The edge for this move, or nullptr when RFC 9293 has none.
constexpr const Edge* find_edge(State from, State to, EventKind event) {
  const std::size_t place = kEdgePlaces[edge_slot(from, to, event)];
  return place == 0 ? nullptr : &kEdges[place - 1];
}

}  // namespace synfin
