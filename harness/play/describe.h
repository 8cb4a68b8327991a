// Numbers, expectations and packets in one line, as the script language writes them.
#pragma once

#include <string>

#include "harness/play/connection.h"
#include "harness/script/flat.h"
#include "harness/wire/codec.h"

namespace synfin::play {

// "RCV.NXT+RCV.WND-1", "17".
std::string describe(const script::Number& number);

// "S. 0:0(0) ack 1 win 65535 <mss 1460>".
std::string describe(const script::SegmentSpec& spec);

// The same of a packet that the stack sent, with numbers relative to the ISNs.
std::string describe(const wire::Decoded& packet, const Connection& connection);

// "S.", in the order that packetdrill has: S F R P . U E W; "-" for none.
std::string describe(Flags flags);

// "close(3)": the name and the descriptor.
std::string describe(const script::CallSpec& call);

// "ECONNRESET (Connection reset by peer)"; "0" for none.
std::string describe_errno(int error);

// Seconds with microseconds: "0.250000".
std::string describe(Duration time);

}  // namespace synfin::play
