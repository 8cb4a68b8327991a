// The parts of the printer. Each appends to `out`.
#pragma once

#include <string>

#include "harness/proto/program.pb.h"

namespace synfin::script {

void print_packet(const proto::Packet& packet, std::string* out);
void print_segment(const proto::Segment& segment, std::string* out);
void print_call(const proto::Call& call, std::string* out);
void print_option(const proto::TcpOption& option, std::string* out);
void print_number(const proto::Number& number, std::string* out);

}  // namespace synfin::script
