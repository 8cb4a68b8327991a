// How a divergence reads.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "engine/profile.h"
#include "harness/judge/judge.h"
#include "harness/script/flat.h"
#include "harness/wire/codec.h"

namespace synfin::judge {
namespace {

// A reset from a target that knows of no connection: its number counts from nothing.
TEST(DivergenceText, ANumberWithoutAnIsnIsThatOnTheWire) {
  script::FlatProgram program;
  program.connections = {""};
  program.steps.resize(1);
  const std::array<wire::FourTuple, 1> tuples = {
      {{{wire::Address::ipv4(192, 0, 2, 1), 80}, {wire::Address::ipv4(198, 18, 0, 1), 9}}}};
  const stack::Traits traits;
  Judge judge(Profile{}, traits);
  play::Trace trace;
  judge.begin(program, tuples, trace);

  wire::Packet packet;
  packet.source = tuples[0].local;
  packet.destination = tuples[0].remote;
  packet.segment.flags = Flags(kRst);
  packet.segment.seq = Seq(3735928559);
  trace.octets.resize(100);
  play::Event event{.kind = play::EventKind::kSent};
  event.size = static_cast<uint32_t>(wire::encode(packet, trace.octets).value_or(0));
  trace.events.push_back(event);
  const auto sent = wire::decode(trace.data(event));
  judge.on_event(event, &*sent);

  ASSERT_EQ(judge.divergences().size(), 1U);
  EXPECT_EQ(judge.divergences()[0].got, "R seq =3735928559 win 0");
}

}  // namespace
}  // namespace synfin::judge
