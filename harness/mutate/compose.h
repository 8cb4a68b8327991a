// Steps and programs made up at random, of the kind that makes sense for every stack: calls of
// plain sockets, segments whose numbers count from the stack's own variables, waits.
//
// Nothing is expected: the judge judges.
#pragma once

#include "harness/mutate/chance.h"
#include "harness/proto/program.pb.h"

namespace synfin::mutate {

// The descriptors of a made-up program.
inline constexpr int kListener = 3;
inline constexpr int kConnection = 4;

// Text of a segment fits one Ethernet frame.
inline constexpr uint32_t kMostText = 1460;
inline constexpr std::size_t kMostOptions = 6;
inline constexpr int64_t kMillisecond = 1'000'000;  // times are in nanoseconds
// No wait is longer: beyond every TIME-WAIT of twice two minutes.
inline constexpr int64_t kLongestWait = 300'000'000'000;

// A program that opens a connection, passively or actively, and goes on for `steps` more steps.
proto::Program make_program(Chance& chance, unsigned steps);

// A segment, a call or a wait.
proto::Step make_step(Chance& chance);
proto::Step make_segment_step(Chance& chance);
proto::Step make_call_step(Chance& chance);
proto::Step make_wait_step(Chance& chance);

// Parts of a segment.
uint32_t make_flags(Chance& chance);
proto::Number make_seq(Chance& chance);
proto::Number make_ack(Chance& chance);
proto::Number make_window(Chance& chance);
uint32_t make_length(Chance& chance);
proto::TcpOption make_option(Chance& chance);
// The octets that an option takes in the header.
std::size_t octets_of(const proto::TcpOption& option);

}  // namespace synfin::mutate
