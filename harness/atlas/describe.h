// Behaviours in words.
#pragma once

#include <string>

#include "harness/atlas/atlas.h"

namespace synfin::atlas {

// "SND.NXT-1", "SEG.ACK", "0"; a number counted from zero as it is on the wire.
std::string describe(const Number& number);

// "RST ACK seq 0 ack SEG.SEQ+SEG.LEN win 0".
std::string describe(const Wire& wire);

// "ACK seq SND.NXT ack RCV.NXT win 1460; ESTABLISHED; read EAGAIN".
std::string describe(const Behaviour& behaviour);

}  // namespace synfin::atlas
