// The messages between a stack in a child process and its owner. What comes from the child is not
// trusted: the stack in there may have done anything to its memory.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "engine/time.h"
#include "harness/proto/child.pb.h"
#include "harness/script/flat.h"
#include "harness/wire/error.h"

namespace synfin::stack {

// No message is longer. A reply to a batch is some kilobytes.
inline constexpr std::size_t kMostChildOctets = 16U << 20U;

void to_proto(const script::CallSpec& call, proto::ChildCall& out);
script::CallSpec from_proto(const proto::ChildCall& call);

inline Time time_of(int64_t nanoseconds) { return Time(Duration(nanoseconds)); }
inline int64_t nanoseconds_of(Time time) { return time.time_since_epoch().count(); }

// What the owner knows of the conversation.
struct ChildContext {
  Time now;
  Time until;
  uint64_t next_ticket = 0;
  // How many connections a case has; 0: it is not open.
  std::function<unsigned(uint32_t case_id)> connections;
};

// Whether a reply is one that a sound child could give. An error says what is wrong with it.
Result<void> check_reply(const proto::ChildReply& reply, const ChildContext& context);

// Messages over a stream: four octets of length, least first, then the message. False when the
// other end is gone.
bool send_message(int fd, const google::protobuf::MessageLite& message, std::string& scratch);

enum class Received : uint8_t {
  kMessage,
  kGone,      // the other end
  kLate,      // `milliseconds` have passed; -1: waits for ever
  kNonsense,  // what came is no message
};
Received receive_message(int fd, google::protobuf::MessageLite& message, std::string& scratch,
                         int milliseconds);

}  // namespace synfin::stack
