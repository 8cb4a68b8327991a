// Octets -> the reply of a stack in a child process, without harm: what holds can be used as it is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "engine/state.h"
#include "harness/stack/child_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace synfin;
  proto::ChildReply reply;
  if (size > stack::kMostChildOctets || !reply.ParseFromArray(data, static_cast<int>(size))) {
    return 0;
  }
  stack::ChildContext context;
  context.until = Time(std::chrono::seconds(1));
  context.next_ticket = 8;
  context.connections = [](uint32_t id) { return id % 4; };
  if (!stack::check_reply(reply, context)) return 0;
  for (const proto::ChildEvent& event : reply.events()) {
    const unsigned connections = context.connections(event.case_id());
    if (connections == 0 || event.kind() != proto::ChildEvent::STATE) continue;
    if (event.connection() >= connections || event.state() >= kStateCount) std::abort();
  }
  return 0;
}
