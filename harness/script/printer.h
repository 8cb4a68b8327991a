// Program to text. parse() makes the same program of it again.
#pragma once

#include <string>

#include "harness/proto/program.pb.h"

namespace synfin::script {

// The whole program, one step a line, with its comments and annotations.
std::string print(const proto::Program& program);

// One step without its comments: what a report shows. One line, unless it has code or commands.
std::string print(const proto::Step& step);

// A segment as it stands in a packet, from the flags on: "S. 0:0(0) ack 1 <mss 1460>".
std::string print(const proto::Segment& segment);

// Whether packetdrill has a word for an option that is kept as octets.
bool has_word(const proto::TcpOption::Raw& option);

// Whether both do the same and say the same. Their names, files and line numbers may differ.
bool same(const proto::Program& a, const proto::Program& b);

}  // namespace synfin::script
