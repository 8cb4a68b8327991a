#include "harness/judge/pair_talk.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "harness/play/describe.h"
#include "harness/stack/case_profile.h"

namespace synfin::judge {
namespace {

using script::CallName;
using script::CallSpec;

constexpr int32_t kListener = 3;
constexpr int32_t kConnection = 4;
constexpr uint32_t kChunk = 32768;  // octets of one write or read

}  // namespace

Talk::Talk(stack::Stack& stack, const Profile& stack_profile, const Profile& reference_profile,
           const PairOptions& options, Conversation plan)
    : stack_(stack),
      options_(options),
      out_(std::move(plan)),
      profile_(stack::case_profile(reference_profile, options.ipv6, {})),
      reference_(profile_),
      judge_(stack_profile, stack.traits()),
      random_(options.seed),
      packet_(wire::kMaxPacket) {
  program_.name = "pair";
  program_.connections = {""};
  program_.calls.reserve(1 << 12);
}

Result<void> Talk::open() {
  stack::CaseNeeds needs;
  needs.ipv6 = options_.ipv6;
  auto id = stack_.open(needs);
  if (!id) return tl::make_unexpected(id.error());
  id_ = *id;
  tuple_ = stack_.address(id_, 0);
  judge_.begin(program_, std::span(&tuple_, 1), trace_);
  started_ = last_activity_ = stack_.now();
  const int32_t fd = out_.stack_opens ? kConnection : kListener;
  CallSpec& socket = call(CallName::kSocket, -1);
  socket.new_fd = fd;
  socket.domain = AF_INET;
  socket.type = SOCK_STREAM;
  start(started_);
  if (!out_.stack_opens) {
    call(CallName::kBind, fd);
    start(started_);
    call(CallName::kListen, fd).argument = 1;
    start(started_);
    CallSpec& accept = call(CallName::kAccept, fd);
    accept.new_fd = kConnection;
    accept.blocking = true;
  } else {
    reference_.open_passive(started_, Seq(static_cast<uint32_t>(random_())));
    call(CallName::kConnect, fd).blocking = true;
  }
  start(started_);
  return {};
}

// --- calls of the stack's user ---

script::CallSpec& Talk::call(CallName name, int32_t fd) {
  CallSpec& spec = program_.calls.emplace_back();
  spec.name = name;
  spec.fd = fd;
  return spec;
}

void Talk::start(Time now) {
  const std::size_t index = program_.calls.size() - 1;
  play::Event event;
  event.kind = play::EventKind::kCallStart;
  event.at = now;
  event.call = static_cast<uint32_t>(index);
  trace_.events.push_back(event);
  judge_.on_event(event, nullptr);
  under_way_[stack_.start(id_, 0, program_.calls[index])] = index;
}

void Talk::on_return(stack::Ticket ticket, Time at, const stack::CallResult& result) {
  const auto found = under_way_.find(ticket);
  if (found == under_way_.end()) return;
  const CallSpec& spec = program_.calls[found->second];
  play::Event event;
  event.kind = play::EventKind::kCallReturn;
  event.at = at;
  event.call = static_cast<uint32_t>(found->second);
  event.value = result.value;
  event.error = result.error;
  event.offset = static_cast<uint32_t>(trace_.octets.size());
  event.size = static_cast<uint32_t>(result.data.size());
  under_way_.erase(found);
  trace_.octets.insert(trace_.octets.end(), result.data.begin(), result.data.end());
  trace_.events.push_back(event);
  judge_.on_event(event, nullptr);
  if (result.value < 0) {
    fail(play::describe(spec) + ": " + play::describe_errno(result.error));
    return;
  }
  switch (spec.name) {
    case CallName::kListen:
      listening_ = true;
      break;
    case CallName::kAccept:
    case CallName::kConnect:
      connected(at);
      break;
    case CallName::kRead:
      reading_ = false;
      stack_in_.insert(stack_in_.end(), result.data.begin(), result.data.end());
      stack_saw_end_ = result.value == 0;
      if (!stack_saw_end_) start_read(at);
      break;
    case CallName::kWrite:
      writing_ = false;
      stack_sent_ += static_cast<uint32_t>(result.value);
      start_write(at);
      break;
    default:
      break;
  }
}

void Talk::connected(Time now) {
  opened_ = true;
  start_write(now);
  start_read(now);
}

void Talk::start_write(Time now) {
  if (stack_sent_ >= options_.octets) return;
  call(CallName::kWrite, kConnection).length = std::min(kChunk, options_.octets - stack_sent_);
  program_.calls.back().blocking = true;
  writing_ = true;
  start(now);
}

void Talk::start_read(Time now) {
  call(CallName::kRead, kConnection).length = kChunk;
  program_.calls.back().blocking = true;
  reading_ = true;
  start(now);
}

void Talk::close_stack_side(Time now) {
  const bool sent = opened_ && stack_sent_ >= options_.octets && !writing_;
  if (sent && !stack_shut_ && (out_.stack_closes_first || stack_saw_end_)) {
    stack_shut_ = true;
    call(CallName::kShutdown, kConnection).flags = SHUT_WR;
    start(now);
  }
  if (stack_shut_ && stack_saw_end_ && !reading_ && !stack_closed_) {
    stack_closed_ = true;
    call(CallName::kClose, kConnection);
    start(now);
  }
}

// --- the reference's user ---

void Talk::feed_reference(Time now) {
  std::array<uint8_t, 4096> buffer;
  for (;;) {
    std::size_t got = 0;
    const CallStatus status = reference_.receive(now, buffer, got);
    stream_in_.insert(stream_in_.end(), buffer.begin(),
                      buffer.begin() + static_cast<std::ptrdiff_t>(got));
    if (status == CallStatus::kConnectionClosing) reference_saw_end_ = true;
    if (got == 0) break;
  }
  if (!is_synchronized(reference_.state())) return;
  while (reference_sent_ < options_.octets) {
    const auto size = std::min<std::size_t>(buffer.size(), options_.octets - reference_sent_);
    for (std::size_t i = 0; i < size; ++i) {
      buffer[i] = script::pattern(reference_sent_ + static_cast<uint32_t>(i));
    }
    std::size_t taken = 0;
    reference_.send(now, std::span(buffer).first(size), taken);
    if (taken == 0) break;
    reference_sent_ += static_cast<uint32_t>(taken);
  }
  const bool may_close = !out_.stack_closes_first || reference_saw_end_;
  if (!reference_closed_ && reference_sent_ == options_.octets && may_close) {
    reference_closed_ = true;
    reference_.close(now, CloseKind::kSending);
  }
  while (const auto signal = reference_.poll_signal()) {
    if (*signal == Signal::kConnectionReset) fail("the stack reset the connection");
    if (*signal == Signal::kUserTimeout) fail("the reference gave up");
  }
}

void Talk::send_from_reference(Time now) {
  Segment segment;
  while (reference_.poll_transmit(now, segment)) {
    wire::Packet packet;
    packet.source = tuple_.remote;
    packet.destination = tuple_.local;
    packet.segment = segment;
    packet.options = wire::encode_options(segment.options);
    const auto size = wire::encode(packet, packet_);
    if (!size) {
      fail(size.error().message);
      return;
    }
    through_network(now, true, std::span(packet_).first(*size));
  }
}

// --- the network ---

void Talk::through_network(Time now, bool to_stack_side, std::span<const uint8_t> octets) {
  ++out_.packets;
  std::uniform_real_distribution<double> chance(0.0, 1.0);
  const auto send = [&] {
    if (chance(random_) < options_.reorder) {
      const auto delay = std::chrono::microseconds(500 + random_() % 10000);
      held_.push_back({now + delay, to_stack_side, {octets.begin(), octets.end()}});
    } else if (to_stack_side) {
      to_stack(now, octets);
    } else {
      to_reference(now, octets);
    }
  };
  if (chance(random_) < options_.loss) {
    ++out_.lost;
    return;
  }
  send();
  if (chance(random_) < options_.repeat) send();
}

void Talk::deliver_held(Time now) {
  for (;;) {
    // Looked for anew each time: delivering one may hold back others.
    const auto due = std::find_if(held_.begin(), held_.end(),
                                  [now](const Held& held) { return held.until <= now; });
    if (due == held_.end()) return;
    const Held held = std::move(*due);
    held_.erase(due);
    if (held.to_stack) {
      to_stack(now, held.octets);
    } else {
      to_reference(now, held.octets);
    }
  }
}

void Talk::record(play::EventKind kind, Time at, std::span<const uint8_t> octets) {
  // Only the last packet is looked at; a transfer is too long to be kept.
  if (trace_.octets.size() > (1U << 20U)) trace_.clear();
  play::Event event;
  event.kind = kind;
  event.at = at;
  event.offset = static_cast<uint32_t>(trace_.octets.size());
  event.size = static_cast<uint32_t>(octets.size());
  trace_.octets.insert(trace_.octets.end(), octets.begin(), octets.end());
  trace_.events.push_back(event);
  const auto packet = wire::decode(octets);
  judge_.on_event(event, packet ? &*packet : nullptr);
}

void Talk::to_stack(Time, std::span<const uint8_t> octets) {
  const auto at = stack_.inject(id_, octets);
  if (!at) {
    fail(at.error().message);
    return;
  }
  record(play::EventKind::kInjected, *at, octets);
  // The answer is there already, and must be seen before the next segment goes in.
  stack_.run_until(stack_.now(), *sink_);
}

void Talk::to_reference(Time now, std::span<const uint8_t> octets) {
  const auto packet = wire::decode(octets);
  if (!packet || !packet->tcp_checksum_ok) {
    fail("the stack sent a packet that cannot be read");
    return;
  }
  reference_.on_segment(now, packet->segment);
}

void Talk::on_packet(Time at, std::span<const uint8_t> packet) {
  last_activity_ = at;
  record(play::EventKind::kSent, at, packet);
  through_network(stack_.now(), false, packet);
}

// --- the course of things ---

void Talk::advance(Time now, stack::Sink& sink) {
  if (done_) return;
  sink_ = &sink;
  if (listening_ && !opening_started_) {
    opening_started_ = true;
    reference_.open_active(now, Seq(static_cast<uint32_t>(random_())));
  }
  deliver_held(now);
  if (reference_.next_deadline() <= now) reference_.on_time(now);
  feed_reference(now);
  send_from_reference(now);
  close_stack_side(now);
  check_end(now);
}

Time Talk::next_deadline() const {
  Time next = reference_.next_deadline();
  for (const Held& held : held_) next = std::min(next, held.until);
  return next;
}

void Talk::check_end(Time now) {
  if (!stack_closed_ || !reference_saw_end_ || !held_.empty()) return;
  const auto over = [](State state) {
    return state == State::kClosed || state == State::kListen || state == State::kTimeWait;
  };
  const auto state = stack_.snapshot(id_, 0);
  if (!state || !over(*state) || !over(reference_.state())) return;
  out_.stack_state = *state;
  out_.reference_state = reference_.state();
  out_.duration = now - started_;
  done_ = true;
}

void Talk::fail(const std::string& why) {
  if (done_) return;
  out_.trouble = why;
  out_.duration = stack_.now() - started_;
  if (const auto state = stack_.snapshot(id_, 0)) out_.stack_state = *state;
  out_.reference_state = reference_.state();
  done_ = true;
}

void Talk::check_stream(const std::vector<uint8_t>& stream, const char* where) {
  if (!out_.trouble.empty()) return;
  if (stream.size() != options_.octets) {
    out_.trouble = std::to_string(stream.size()) + " of " + std::to_string(options_.octets) +
                   " octets arrived at the " + where;
    return;
  }
  for (uint32_t i = 0; i < stream.size(); ++i) {
    if (stream[i] == script::pattern(i)) continue;
    out_.trouble = "octet " + std::to_string(i) + " arrived wrong at the " + where;
    return;
  }
}

Conversation Talk::finish() {
  out_.to_stack = static_cast<uint32_t>(stack_in_.size());
  out_.to_reference = static_cast<uint32_t>(stream_in_.size());
  check_stream(stack_in_, "stack");
  check_stream(stream_in_, "reference");
  if (out_.trouble.empty() && !(stack_saw_end_ && reference_saw_end_)) {
    out_.trouble = "an end of text did not arrive";
  }
  out_.whole = out_.trouble.empty();
  // Where segments cross on their way it is not known in which order the stack handled what.
  const bool in_order = options_.reorder == 0.0 && options_.repeat == 0.0;
  if (in_order) out_.divergences = judge_.divergences();
  stack_.close(id_);
  return std::move(out_);
}

}  // namespace synfin::judge
