// Rules and behaviours in words.
#pragma once

#include <string>

#include "harness/atlas/domain.h"

namespace synfin::atlas {

// What a box says: where, and which segments. "ESTABLISHED, CLOSE-WAIT" and
// "bare ACK, SEQ RCV.NXT+RCV.WND".
struct Rule {
  std::string states;
  std::string segment;
};
Rule describe(const Domain& domain, const Box& box);

// A behaviour, part by part, so that those in which two differ can be told.
struct Words {
  std::string answers;  // "ACK seq SND.NXT ack RCV.NXT"; "silence"
  std::string options;  // of the answers: "mss 1460, sackOK"
  std::string state;    // "CLOSED"; "stays" where it is the one of the set-up
  std::string api;      // "read: 1 octet"
};
// Sizes of windows are left out: they are each stack's own.
Words describe(const Behaviour& behaviour, const SetUp& set_up);

// One answer, as in Words::answers.
std::string describe(const Wire& answer, const Variables& variables);
// "RST,ACK".
std::string describe(Flags flags);

// "RCV.NXT+RCV.WND": a number of an answer.
std::string describe(const Number& number, const Variables& variables);

}  // namespace synfin::atlas
