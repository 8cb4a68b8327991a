// Atlases made up for tests.
#pragma once

#include <algorithm>
#include <functional>
#include <string>

#include "harness/atlas/atlas.h"
#include "harness/atlas/cells.h"

namespace synfin::atlas {

// As after ten octets each way: a window of 1000 each.
inline Variables usual_variables() {
  return {.iss_known = true,
          .snd_una = 11,
          .snd_nxt = 11,
          .snd_wnd = 1000,
          .snd_max_wnd = 1000,
          .irs_known = true,
          .rcv_nxt = 11,
          .rcv_wnd = 1000};
}

inline Wire answer(uint8_t flags, Base seq, Base ack) {
  Wire wire;
  wire.flags = Flags(flags);
  wire.seq.base = seq;
  wire.ack.base = ack;
  wire.window = 1000;
  return wire;
}

// What a stack does with a cell of a set-up that stays in its state.
using Answers = std::function<Behaviour(const Cell&)>;

inline void add_set_up(Atlas& atlas, const std::string& id, State state, const Variables& variables,
                       const Answers& answers) {
  SetUp set_up;
  set_up.id = id;
  set_up.state = state;
  set_up.reached = true;
  set_up.variables = variables;
  for (const Cell& cell : cells_of(variables, atlas.with)) {
    const Behaviour behaviour = answers(cell);
    auto found = std::find(atlas.behaviours.begin(), atlas.behaviours.end(), behaviour);
    if (found == atlas.behaviours.end()) {
      atlas.behaviours.push_back(behaviour);
      found = atlas.behaviours.end() - 1;
    }
    set_up.entries.push_back({static_cast<uint32_t>(found - atlas.behaviours.begin()), false});
  }
  atlas.set_ups.push_back(std::move(set_up));
}

// ESTABLISHED and CLOSE-WAIT, as `answers` says in both.
inline Atlas two_states(const std::string& stack, const Answers& answers) {
  Atlas atlas;
  atlas.provenance.set_stack(stack);
  for (const State state : {State::kEstablished, State::kCloseWait}) {
    add_set_up(atlas, std::string(to_string(state)), state, usual_variables(),
               [&](const Cell& cell) {
                 Behaviour behaviour = answers(cell);
                 behaviour.state = state;
                 return behaviour;
               });
  }
  return atlas;
}

// Everything draws an ACK but a RST.
inline Behaviour acknowledge(const Cell& cell) {
  Behaviour behaviour;
  if (Flags(cell.flags).rst()) return behaviour;
  behaviour.answers.push_back(answer(kAck, Base::kSndNxt, Base::kRcvNxt));
  return behaviour;
}

}  // namespace synfin::atlas
