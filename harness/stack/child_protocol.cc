#include "harness/stack/child_protocol.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include "engine/state.h"
#include "harness/wire/address.h"

namespace synfin::stack {
namespace {

constexpr std::size_t kLengthOctets = 4;
constexpr std::size_t kMostPacket = 65535;

bool send_all(int fd, const char* octets, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = send(fd, octets, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    octets += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

// Until when to wait; nothing: for ever.
class Patience {
 public:
  explicit Patience(int milliseconds) : endless_(milliseconds < 0) {
    end_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  }
  // False when nothing came in time.
  bool wait(int fd) const {
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          end_ - std::chrono::steady_clock::now());
      pollfd one{fd, POLLIN, 0};
      const int ready =
          poll(&one, 1, endless_ ? -1 : static_cast<int>(std::max<int64_t>(left.count(), 0)));
      if (ready < 0 && errno == EINTR) continue;
      return ready > 0;
    }
  }

 private:
  bool endless_;
  std::chrono::steady_clock::time_point end_;
};

Received receive_all(int fd, char* octets, std::size_t size, const Patience& patience) {
  while (size > 0) {
    const ssize_t got = recv(fd, octets, size, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      if (!patience.wait(fd)) return Received::kLate;
      continue;
    }
    if (got <= 0) return Received::kGone;
    octets += got;
    size -= static_cast<std::size_t>(got);
  }
  return Received::kMessage;
}

Result<void> check_event(const proto::ChildEvent& event, const ChildContext& context) {
  const unsigned connections = context.connections(event.case_id());
  if (connections == 0) return {};  // closed meanwhile: nobody listens
  if (event.data().size() > kMostPacket && event.kind() == proto::ChildEvent::PACKET) {
    return fail(fmt::format("it sends a packet of {} octets", event.data().size()));
  }
  switch (event.kind()) {
    case proto::ChildEvent::PACKET:
    case proto::ChildEvent::RETURN:
      if (time_of(event.at_ns()) < context.now || time_of(event.at_ns()) > context.until) {
        return fail("it tells of another time");
      }
      if (event.kind() == proto::ChildEvent::RETURN && event.ticket() >= context.next_ticket) {
        return fail("it ends a call that was not made");
      }
      return {};
    case proto::ChildEvent::STATE:
      if (event.connection() >= connections || event.state() >= kStateCount) {
        return fail("it tells of a state that there is not");
      }
      return {};
    case proto::ChildEvent::BROKEN:
      return {};
    default:
      return fail("it tells of something unknown");
  }
}

}  // namespace

void to_proto(const script::CallSpec& call, proto::ChildCall& out) {
  out.set_name(static_cast<uint32_t>(call.name));
  out.set_fd(call.fd);
  out.set_new_fd(call.new_fd);
  out.set_flags(call.flags);
  out.set_domain(call.domain);
  out.set_type(call.type);
  out.set_protocol(call.protocol);
  out.set_level(call.level);
  out.set_option(call.option);
  out.set_argument(call.argument);
  out.set_events(call.events);
  out.set_data(call.data.data(), call.data.size());
  out.set_length(call.length);
  out.set_blocking(call.blocking);
  out.set_no_buffer(call.no_buffer);
  out.set_no_family(call.no_family);
  out.set_own_port(call.own_port);
  if (!call.address) return;
  const auto& octets = call.address->address.octets;
  out.mutable_address()->assign(octets.begin(),
                                octets.begin() + (call.address->address.v6 ? 16 : 4));
  out.set_port(call.address->port);
}

script::CallSpec from_proto(const proto::ChildCall& call) {
  script::CallSpec out;
  out.name = static_cast<script::CallName>(call.name());
  out.fd = call.fd();
  out.new_fd = call.new_fd();
  out.flags = call.flags();
  out.domain = call.domain();
  out.type = call.type();
  out.protocol = call.protocol();
  out.level = call.level();
  out.option = call.option();
  out.argument = call.argument();
  out.events = call.events();
  out.data.assign(call.data().begin(), call.data().end());
  out.length = call.length();
  out.blocking = call.blocking();
  out.no_buffer = call.no_buffer();
  out.no_family = call.no_family();
  out.own_port = call.own_port();
  if (call.address().empty()) return out;
  wire::Endpoint end;
  end.address.v6 = call.address().size() > 4;
  end.port = static_cast<uint16_t>(call.port());
  const std::size_t size = std::min(call.address().size(), end.address.octets.size());
  std::copy_n(call.address().begin(), size, end.address.octets.begin());
  out.address = end;
  return out;
}

Result<void> check_reply(const proto::ChildReply& reply, const ChildContext& context) {
  const Time now = time_of(reply.now_ns());
  if (now < context.now || now > context.until) return fail("its clock is wrong");
  for (const proto::ChildEvent& event : reply.events()) {
    if (auto checked = check_event(event, context); !checked) return checked;
  }
  return {};
}

// --- the stream ---

bool send_message(int fd, const google::protobuf::MessageLite& message, std::string& scratch) {
  scratch.assign(kLengthOctets, '\0');
  if (!message.AppendToString(&scratch)) return false;
  const std::size_t size = scratch.size() - kLengthOctets;
  if (size > kMostChildOctets) return false;
  for (std::size_t i = 0; i < kLengthOctets; ++i) {
    scratch[i] = static_cast<char>(static_cast<uint8_t>(size >> (8 * i)));
  }
  return send_all(fd, scratch.data(), scratch.size());
}

Received receive_message(int fd, google::protobuf::MessageLite& message, std::string& scratch,
                         int milliseconds) {
  const Patience patience(milliseconds);
  std::array<char, kLengthOctets> length{};
  const Received begun = receive_all(fd, length.data(), length.size(), patience);
  if (begun != Received::kMessage) return begun;
  std::size_t size = 0;
  for (std::size_t i = 0; i < kLengthOctets; ++i) {
    size |= static_cast<std::size_t>(static_cast<uint8_t>(length[i])) << (8 * i);
  }
  if (size > kMostChildOctets) return Received::kNonsense;
  scratch.resize(size);
  const Received received = receive_all(fd, scratch.data(), size, patience);
  if (received != Received::kMessage) return received;
  return message.ParseFromString(scratch) ? Received::kMessage : Received::kNonsense;
}

}  // namespace synfin::stack
