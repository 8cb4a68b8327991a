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

// How such a line starts, with a segment's sequence number counted from an ISN: "S. 0:0(0)".
std::string describe_start(const Segment& segment, uint32_t seq);

// The same of a packet that the stack sent, with numbers relative to the ISNs.
std::string describe(const wire::Decoded& packet, const Connection& connection);

// "close(3)": the name and the descriptor.
std::string describe(const script::CallSpec& call);

// "ECONNRESET (Connection reset by peer)"; "0" for none.
std::string describe_errno(int error);

// Seconds with microseconds: "0.250000".
std::string describe(Duration time);

}  // namespace synfin::play
