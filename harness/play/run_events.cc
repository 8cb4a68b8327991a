// What the stack did: packets that it sent, calls that returned.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "harness/play/check_message.h"
#include "harness/play/describe.h"
#include "harness/play/run.h"
#include "harness/wire/codec.h"

namespace synfin::play {
namespace {

using script::CallName;

constexpr int kMsgPeek = 2;  // <sys/socket.h>, the numbers that a compiled program has
constexpr int kMsgErrorQueue = 0x2000;

// What an option or ioctl() gives: an int where it may be one, else its octets.
std::string describe_value(std::span<const uint8_t> octets) {
  int32_t number = 0;
  if (octets.size() != sizeof number) {
    return fmt::format("{} octets {:02x}", octets.size(), fmt::join(octets, " "));
  }
  std::memcpy(&number, octets.data(), sizeof number);
  return fmt::format("{}", number);
}

bool is_tcp(std::span<const uint8_t> packet) {
  constexpr uint8_t kTcp = 6;
  if (packet.size() < 20) return false;
  return packet[0] >> 4U == 4 ? packet[9] == kTcp : packet[6] == kTcp;
}

}  // namespace

// The times of a trace never go back, though those of the kernel and ours may differ by a little.
Event& Run::append(EventKind kind, Time at, uint16_t connection, std::span<const uint8_t> octets) {
  Trace& trace = result_.trace;
  if (!trace.events.empty()) at = std::max(at, trace.events.back().at);
  Event& event = trace.events.emplace_back();
  event.kind = kind;
  event.at = at;
  event.step = std::min(step_, static_cast<uint32_t>(program_->steps.size()) - 1);
  event.connection = connection;
  event.offset = static_cast<uint32_t>(trace.octets.size());
  event.size = static_cast<uint32_t>(octets.size());
  trace.octets.insert(trace.octets.end(), octets.begin(), octets.end());
  return event;
}

void Run::notify(const wire::Decoded* packet) {
  if (job_.observer != nullptr) job_.observer->on_event(result_.trace.events.back(), packet);
}

// The connection with this packet's addresses; an active one may have got its port just now.
uint16_t Run::connection_of(const wire::Decoded& packet) {
  const auto is_mine = [&](const Connection& connection) {
    return connection.tuple.local == packet.source && connection.tuple.remote == packet.destination;
  };
  for (uint16_t i = 0; i < connections_.size(); ++i) {
    if (is_mine(connections_[i])) return i;
  }
  for (uint16_t i = 0; i < connections_.size(); ++i) {
    const wire::FourTuple before = connections_[i].tuple;
    connections_[i].tuple = shared_.stack.address(id_, i);
    if (!is_mine(connections_[i])) continue;
    if (program_->place.own && connections_[i].tuple != before) {
      connections_[i].reset(connections_[i].tuple, connections_[i].peer_isn());
    }
    result_.tuples[i] = connections_[i].tuple;
    return i;
  }
  for (uint16_t i = 0; i < connections_.size(); ++i) {
    if (connections_[i].tuple.remote == packet.destination) return i;
  }
  return 0;
}

bool Run::on_packet(Time at, std::span<const uint8_t> octets) {
  if (phase_ == Phase::kOver) return false;
  const auto decoded = wire::decode(octets);
  const uint16_t connection = decoded ? connection_of(*decoded) : uint16_t{0};
  const bool concerns = !decoded || concerns_a_step(*decoded, connection);
  if (decoded && concerns) connections_[connection].sent(decoded->segment);
  Values values;
  if (freezes_values_) values = Values::of(*job_.observer, connection);
  append(EventKind::kSent, at, connection, octets);
  notify(decoded ? &*decoded : nullptr);
  if (!decoded && !is_tcp(octets)) return false;  // ICMP and the like: only for the trace
  if (!concerns) return false;
  Arrived& arrived = unclaimed_.emplace_back();
  arrived.event = static_cast<uint32_t>(result_.trace.events.size()) - 1;
  arrived.connection = connection;
  arrived.readable = decoded.has_value();
  arrived.optional = decoded && is_optional(*decoded, connection);
  if (freezes_values_) {
    values.fill(Values::of(*job_.observer, connection));
    arrived.values = values;
  }
  return phase_ == Phase::kExpect;
}

// A repetition, and an ACK alone (RFC 9293 §3.10.7.4 leaves many to the stack): no more than the
// rules allow. Without an observer nobody knows what they are.
bool Run::is_optional(const wire::Decoded& packet, uint16_t connection) const {
  if (job_.observer == nullptr) return connections_[connection].last_was_repetition();
  if (job_.observer->last_was_allowed_repetition()) return true;
  const Segment& segment = packet.segment;
  const bool bare = segment.flags.ack() && segment.len() == 0 && !segment.flags.rst();
  return bare && job_.observer->last_was_allowed();
}

// Fills differences_.
void Run::compare(const script::Step& what, const Arrived& arrived, const wire::Decoded& packet) {
  const Names now = names(arrived.connection, freezes_values_ ? &arrived.values : nullptr);
  differences_.clear();
  match(segment(what.index), packet, connections_[arrived.connection], now, output_, differences_);
}

// How many packets from this one on are the expected segment, which may come in parts where the
// program says nothing else. 0: more have to come.
std::size_t Run::parts(std::size_t first) const {
  const uint32_t wanted = segment(step().index).length;
  if (!program_->place.own || program_->place.whole_segments || wanted == 0) return 1;
  std::optional<Seq> next;
  std::size_t octets = 0;
  for (std::size_t i = first; i < unclaimed_.size(); ++i) {
    const auto packet = wire::decode(result_.trace.data(result_.trace.events[unclaimed_[i].event]));
    if (!packet || packet->segment.text.empty()) return 1;
    if (unclaimed_[i].connection != unclaimed_[first].connection) return 1;
    if (next && *next != packet->segment.seq) return 1;
    next = packet->segment.end();
    octets += packet->segment.text.size();
    if (octets >= wanted) return i - first + 1;
  }
  return 0;
}

// The packets as one: the header of the first, PSH and FIN of the last.
std::optional<wire::Decoded> Run::whole(std::size_t first, std::size_t count) {
  const auto packet_at = [&](std::size_t i) {
    return wire::decode(result_.trace.data(result_.trace.events[unclaimed_[i].event]));
  };
  auto packet = packet_at(first);
  if (!packet) return std::nullopt;
  if (count == 1) return *packet;
  std::vector<uint8_t>& text = shared_.text;
  text.clear();
  for (std::size_t i = first; i < first + count; ++i) {
    const auto part = packet_at(i);
    if (!part) return std::nullopt;
    text.insert(text.end(), part->segment.text.begin(), part->segment.text.end());
    packet->segment.flags.bits |= part->segment.flags.bits & (kPsh | kFin);
  }
  packet->segment.text = text;
  return *packet;
}

// True: the expectation is met. False with the phase unchanged: to be passed over.
bool Run::take(const script::Step& what, std::size_t first, std::size_t count) {
  const Arrived& arrived = unclaimed_[first];
  Event& event = result_.trace.events[arrived.event];
  const auto packet = whole(first, count);
  if (!packet) {
    const auto why = wire::decode(result_.trace.data(event));
    differences_.clear();
    unmet("a packet that cannot be read: " + why.error().message, &arrived);
    return false;
  }
  const Connection& own = connections_[arrived.connection];
  compare(what, arrived, *packet);
  if (!differences_.empty()) {
    if (!arrived.optional) unmet(describe(*packet, own), &arrived);
    return false;
  }
  for (std::size_t i = first; i < first + count; ++i) {
    result_.trace.events[unclaimed_[i].event].expected = true;
  }
  if (event.at >= bounds_.lower && event.at <= bounds_.upper) return true;
  const bool late = event.at > bounds_.upper;
  if (late && was_late()) {
    unreliable("the harness ran late while a packet was expected");
    return true;
  }
  const auto since = [&](Time time) { return describe(time - last_time_); };
  differences_.push_back(
      {"time", late ? "at most " + since(bounds_.upper) : "at least " + since(bounds_.lower),
       since(event.at)});
  unmet(describe(*packet, own), &arrived);
  return false;
}

// The expectation is not met: by what came, where something did.
void Run::unmet(std::string got, const Arrived* came) {
  const auto& spec = segment(step().index);
  const bool frozen = freezes_values_ && came != nullptr;
  const Names values = names(step().connection, frozen ? &came->values : nullptr);
  mismatch(step_, describe(spec), std::move(got), differences_);
  result_.mismatches.back().numbers = wanted_numbers(spec, values);
}

// The time of an expectation is over. What it passed over was not optional then: it is what came.
void Run::nothing_came() {
  const auto passed = std::find_if(passed_.begin(), passed_.end(), [this](const Arrived& arrived) {
    return arrived.connection == step().connection;
  });
  if (passed == passed_.end()) {
    differences_.clear();
    return unmet("nothing", nullptr);
  }
  const auto packet = wire::decode(result_.trace.data(result_.trace.events[passed->event]));
  compare(step(), *passed, *packet);
  if (differences_.empty()) {
    differences_.push_back({"order", "after what was expected before it", "before that"});
  }
  unmet(describe(*packet, connections_[passed->connection]), &*passed);
}

bool Run::on_return(stack::Ticket ticket, Time at, const stack::CallResult& result) {
  if (phase_ == Phase::kOver) return false;
  const auto found = std::find_if(pending_.begin(), pending_.end(),
                                  [&](const Pending& call) { return call.ticket == ticket; });
  if (found == pending_.end()) return false;
  const Pending pending = *found;
  pending_.erase(found);
  const script::Step& what = program_->steps[pending.step];
  Event& event = append(EventKind::kCallReturn, at, what.connection, result.data);
  event.step = pending.step;
  event.call = what.index;
  event.value = result.value;
  event.error = result.error;
  notify();
  if (result_.outcome == Outcome::kPlayed) check_return(pending, at, result);
  return phase_ == Phase::kReturn || phase_ == Phase::kFinal;
}

void Run::check_return(const Pending& pending, Time at, const stack::CallResult& result) {
  const script::Step& what = program_->steps[pending.step];
  const auto& call = program_->calls[what.index];
  std::vector<Difference> differences;
  if (call.wanted && *call.wanted != result.value) {
    differences.push_back({"result", fmt::to_string(*call.wanted), fmt::to_string(result.value)});
  }
  const int got_errno = result.value == -1 ? result.error : 0;
  if (call.wanted && call.wanted_errno != 0 && call.wanted_errno != got_errno) {
    differences.push_back({"errno", describe_errno(call.wanted_errno), describe_errno(got_errno)});
  }
  check_data(pending, at, result, differences);
  check_return_time(pending, at, differences);
  if (differences.empty()) return;
  std::string got = fmt::format("{} = {}", describe(call), result.value);
  if (got_errno != 0) got += " " + describe_errno(got_errno);
  std::string wanted = fmt::format("{} = {}", describe(call), call.wanted.value_or(result.value));
  if (call.wanted_errno != 0) wanted += " " + describe_errno(call.wanted_errno);
  mismatch(pending.step, std::move(wanted), std::move(got), std::move(differences));
}

void Run::check_return_time(const Pending& pending, Time at, std::vector<Difference>& differences) {
  if (!pending.returns) return;
  const Duration took = at - pending.started;
  const Duration slack = tolerance(*pending.returns);
  if (took > *pending.returns + slack && !shared_.traits.virtual_time &&
      shared_.late_at >= pending.started) {
    unreliable("the harness ran late while a call was under way");
  } else if (took > *pending.returns + slack || took < *pending.returns - slack) {
    differences.push_back({"time", describe(*pending.returns), describe(took)});
  }
}

void Run::check_data(const Pending& pending, Time at, const stack::CallResult& result,
                     std::vector<Difference>& differences) {
  const script::Step& what = program_->steps[pending.step];
  const auto& call = program_->calls[what.index];
  if (call.revents && result.data.size() >= sizeof(int32_t)) {
    int32_t revents = 0;
    std::memcpy(&revents, result.data.data(), sizeof revents);
    if (revents != *call.revents) {
      differences.push_back(
          {"revents", fmt::format("{:#x}", *call.revents), fmt::format("{:#x}", revents)});
    }
  }
  uint32_t start = 0;
  const bool reads =
      is_read(call) && result.value > 0 && (call.flags & (kMsgOob | kMsgErrorQueue)) == 0;
  if (reads) {
    Connection& connection = connections_[what.connection];
    start = connection.read;
    if ((call.flags & kMsgPeek) == 0) connection.read += static_cast<uint32_t>(result.value);
  }
  if (call.name == CallName::kRecvmsg) {
    if (result.value < 0) return;
    check_message(call.message, result.data,
                  {at - result_.started, job_.options.tolerance_min, slipped_}, differences);
    return;
  }
  if (call.check_data) {
    if (!std::equal(call.wanted_data.begin(), call.wanted_data.end(), result.data.begin(),
                    result.data.end())) {
      differences.push_back(
          {"data", describe_value(call.wanted_data), describe_value(result.data)});
    }
    return;
  }
  if (!reads || !plain_input_) return;
  for (std::size_t i = 0; i < result.data.size(); ++i) {
    const uint8_t wanted = script::pattern(start + static_cast<uint32_t>(i));
    if (result.data[i] == wanted) continue;
    differences.push_back(
        {"data", fmt::format("{:#04x} at {}", wanted, i), fmt::format("{:#04x}", result.data[i])});
    return;
  }
}

// With an observer it is the judge who says what may be sent unasked.
void Run::report_unclaimed() {
  if (job_.observer != nullptr || result_.outcome != Outcome::kPlayed) return;
  if (program_->place.own) return;  // what comes after the last step is nobody's concern
  for (const Arrived& arrived : unclaimed_) {
    if (arrived.optional) continue;
    const Event& event = result_.trace.events[arrived.event];
    const auto packet = wire::decode(result_.trace.data(event));
    const script::Step& where = program_->steps[event.step];
    result_.mismatches.push_back(
        {event.step,
         where.line,
         arrived.connection,
         "no more packets",
         packet ? "unexpected packet: " + describe(*packet, connections_[arrived.connection])
                : "a packet that cannot be read: " + packet.error().message,
         {}});
  }
}

}  // namespace synfin::play
