#include "harness/report/packetdrill.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <span>
#include <vector>

#include "harness/report/failure.h"
#include "harness/report/packetdrill_parts.h"
#include "harness/script/symbols.h"
#include "harness/wire/codec.h"

namespace synfin::report {
namespace {

using proto::TraceEvent;

constexpr int64_t kMillisecond = 1'000'000;
// What the stack sent unasked came at a time that no rule gives: it may come this much later.
constexpr int64_t kLater = 20 * kMillisecond;
constexpr int kTolerance = 10'000;  // microseconds: what synfin grants a kernel's timers

std::span<const uint8_t> octets_of(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// The events of one step.
struct StepEvents {
  const TraceEvent* injected = nullptr;
  const TraceEvent* call = nullptr;
  const TraceEvent* returned = nullptr;
  int order = 0;  // of the first of them in the trace
};

struct Sent {
  const TraceEvent* event = nullptr;
  wire::Decoded packet;
  int order = 0;
};

class Writer {
 public:
  explicit Writer(const ForPacketdrill& source) : source_(source) {}

  Result<proto::Program> write() {
    sort_events();
    if (source_.flat.connections.size() > 1) return about(0, "several connections");
    head();
    for (int i = 0; i < source_.program.steps_size(); ++i) {
      if (stopped_) break;
      if (auto done = step(i); !done) return about(i, done.error().message);
    }
    await_calls();
    *out_.mutable_cleanup_commands() = source_.program.cleanup_commands();
    *out_.mutable_end_comments() = source_.program.end_comments();
    return std::move(out_);
  }

 private:
  tl::unexpected<Error> about(int i, const std::string& what) const {
    return fail(fmt::format("{}: step {} (line {}): packetdrill cannot say {}",
                            source_.program.name(), i + 1, source_.program.steps(i).line(), what));
  }

  void sort_events();
  void head();
  void set_up();
  std::string sysctls() const;
  Result<void> step(int i);
  Result<void> packet(int i);
  Result<void> inject(int i);
  Result<void> expect(int i);
  Result<void> unmet(int i);
  Result<void> icmp(int i);
  Result<void> call(int i);
  Result<void> unasked(int before);
  void await_calls();
  void write_timeout(int64_t at_ns, proto::Time& time);
  Result<proto::Segment> expected(const wire::Decoded& packet, const proto::Segment* written);
  const script::Step& flat_step(int i) const {
    return source_.flat.steps[source_.flat.set_up + static_cast<std::size_t>(i)];
  }
  const proto::Divergence* divergence_of(int i) const;
  bool is_expected_later(std::size_t sent) const;
  bool happened(int i) const;

  // A step like that of the program, at its time.
  proto::Step& add(const proto::Step& from);
  // The time of the step that was written last.
  void happened_at(int64_t at_ns) {
    last_ns_ = std::max(last_ns_, at_ns);
    ahead_ns_ = 0;
  }

  const ForPacketdrill& source_;
  proto::Program out_;
  PacketdrillNumbers numbers_;
  std::vector<StepEvents> steps_;
  std::vector<Sent> sent_;
  std::size_t next_sent_ = 0;
  int sockets_ = 0;               // that were made
  bool takes_segments_ = false;   // one of them listens or connects
  int64_t blocked_until_ns_ = 0;  // by the call that blocks
  int64_t last_ns_ = 0;           // when the last step of the program happened
  int64_t ahead_ns_ = 0;  // what was written since then took so long; negative: waits to be written
  bool fails_ = false;    // an expected segment did not come
  bool stopped_ = false;  // where the play ended: packetdrill comes no further either
};

void Writer::sort_events() {
  steps_.resize(static_cast<std::size_t>(source_.program.steps_size()));
  int order = 0;
  for (const TraceEvent& event : source_.played.trace().events()) {
    ++order;
    if (event.kind() == TraceEvent::SENT) {
      const auto packet = wire::decode(octets_of(event.packet()));
      if (packet) sent_.push_back({&event, *packet, order});
      continue;
    }
    const uint32_t number = event.step() - source_.flat.set_up;  // of commands there are none
    if (number >= steps_.size()) continue;
    StepEvents& step = steps_[number];
    if (event.kind() == TraceEvent::INJECTED) step.injected = &event;
    if (event.kind() == TraceEvent::CALL_START) step.call = &event;
    if (event.kind() == TraceEvent::CALL_RETURN) step.returned = &event;
    const bool starts =
        event.kind() == TraceEvent::INJECTED || event.kind() == TraceEvent::CALL_START;
    if (starts) step.order = order;
  }
  for (const auto& divergence : source_.played.divergences()) {
    fails_ = fails_ || divergence.has_numbers();
  }
}

// --- the head of the file ---

void Writer::head() {
  const proto::Provenance& where = source_.where;
  const std::string stack =
      where.stack() + (where.stack_version().empty() ? "" : " " + where.stack_version());
  *out_.mutable_comments() = source_.program.comments();
  out_.add_comments(
      fmt::format("For packetdrill, with the numbers of {}: unshare -n packetdrill FILE", stack));
  for (const proto::Divergence* divergence : distinct_divergences(source_.played)) {
    std::string text =
        fmt::format("{} parts from {} {}: wanted {}, got {}", stack, divergence->clause(),
                    divergence->section(), divergence->wanted(), divergence->got());
    std::replace(text.begin(), text.end(), '\n', ' ');
    out_.add_comments(text);
  }
  for (const auto& annotation : source_.program.annotations()) {
    const std::string& key = annotation.key();
    if (key == "requires" || key == "doc" || key == "role") *out_.add_annotations() = annotation;
  }
  set_up();
}

void Writer::set_up() {
  *out_.mutable_options() = source_.program.options();
  std::string commands;
  for (const auto& command : source_.program.init_commands()) {
    commands += (commands.empty() ? "" : "\n") + command;
  }
  if (!source_.flat.place.own) {
    const auto mtu = source_.where.settings().find("path_mtu");
    out_.add_options(fmt::format("--ip_version={}", source_.ipv6 ? "ipv6" : "ipv4"));
    if (mtu != source_.where.settings().end()) out_.add_options("--mtu=" + mtu->second);
    if (!source_.flat.tolerance) out_.add_options(fmt::format("--tolerance_usecs={}", kTolerance));
    commands = sysctls();
  }
  if (!commands.empty()) out_.add_init_commands(commands);
}

// Those of synfin's namespace that are about what TCP does, and the program's own.
std::string Writer::sysctls() const {
  std::string words;
  const auto set = [&](const std::string& name, const std::string& value) {
    const bool several = value.find_first_of(" \t") != std::string::npos;
    const std::string_view quote = several ? "\"" : "";
    words += fmt::format(" {}={}{}{}", name, quote, value, quote);
  };
  const bool linux_stack = source_.where.stack() == "linux";
  const std::map<std::string, std::string> in_order(source_.where.settings().begin(),
                                                    source_.where.settings().end());
  for (const auto& [name, value] : in_order) {
    const bool tcp = name.starts_with("net.ipv4.tcp_") || name.starts_with("net.ipv4.icmp_") ||
                     (source_.ipv6 && name.starts_with("net.ipv6.icmp"));
    if (linux_stack && tcp) set(name, value);
  }
  for (const auto& [key, value] : source_.flat.needs) {
    const std::size_t equals = value.find('=');
    if (key == "sysctl") set(value.substr(0, equals), value.substr(equals + 1));
  }
  if (words.empty()) return "";
  // packetdrill's device joins segments, and gathers their text, which shows in their PSH bits.
  const std::string_view device = linux_stack ? " && ethtool -K tun0 sg off tso off gso off" : "";
  return fmt::format("sysctl -qw{}{}", words, device);
}

// --- steps ---

// Whether the play came to this step; of steps that leave nothing in the trace the next one tells.
bool Writer::happened(int i) const {
  const proto::Step& step = source_.program.steps(i);
  const StepEvents& events = steps_[static_cast<std::size_t>(i)];
  if (step.has_call()) return events.call != nullptr;
  if (!step.has_packet()) return true;
  if (step.packet().direction() == proto::Packet::INJECT) return events.injected != nullptr;
  return divergence_of(i) != nullptr || is_expected_later(next_sent_);
}

const proto::Divergence* Writer::divergence_of(int i) const {
  for (const proto::Divergence& divergence : source_.played.divergences()) {
    const uint32_t number = divergence.step() - source_.flat.set_up;
    if (divergence.has_numbers() && number == static_cast<uint32_t>(i)) {
      return &divergence;
    }
  }
  return nullptr;
}

bool Writer::is_expected_later(std::size_t sent) const {
  return std::any_of(sent_.begin() + static_cast<std::ptrdiff_t>(sent), sent_.end(),
                     [](const Sent& one) { return one.event->expected(); });
}

Result<void> Writer::step(int i) {
  const proto::Step& what = source_.program.steps(i);
  if (!happened(i)) {
    stopped_ = true;
    return {};
  }
  if (auto why = unsayable(what); !why.empty()) return fail(why);
  switch (what.what_case()) {
    case proto::Step::kPacket:
      return packet(i);
    case proto::Step::kCall:
      return call(i);
    case proto::Step::kShell:
    case proto::Step::kCode: {
      const proto::Time& time = add(what).time();
      happened_at(time.start_ns() + (time.kind() == proto::Time::ABSOLUTE ? 0 : last_ns_));
      return {};
    }
    default: {  // a wait: its time is the next step's
      const bool absolute = what.time().kind() == proto::Time::ABSOLUTE;
      ahead_ns_ -= what.time().start_ns() - (absolute ? last_ns_ : 0);
      return {};
    }
  }
}

Result<void> Writer::packet(int i) {
  const proto::Packet& packet = source_.program.steps(i).packet();
  if (packet.has_icmp()) return icmp(i);
  return packet.direction() == proto::Packet::INJECT ? inject(i) : expect(i);
}

Result<void> Writer::inject(int i) {
  const StepEvents& events = steps_[static_cast<std::size_t>(i)];
  if (auto done = unasked(events.order); !done) return done;
  const proto::Segment& written = source_.program.steps(i).packet().segment();
  const auto decoded = wire::decode(octets_of(events.injected->packet()));
  if (!decoded) return fail("a packet like this: " + decoded.error().message);
  if (sockets_ > 0 && !takes_segments_) {
    return fail("a segment to a socket that neither listens nor connects");
  }
  const bool literal = written.seq().base() == proto::Number::LITERAL;
  numbers_.injected(decoded->segment, literal ? static_cast<uint32_t>(written.seq().offset()) : 0,
                    written.seq().base() == proto::Number::ABSOLUTE);
  auto segment = packetdrill_segment(*decoded, true, &numbers_);
  if (!segment) return tl::make_unexpected(segment.error());
  segment->set_ecn(written.ecn());
  if (written.has_traffic_class()) segment->set_traffic_class(written.traffic_class());
  if (written.malformation().has_ttl()) {
    segment->mutable_malformation()->set_ttl(written.malformation().ttl());
  }
  *add(source_.program.steps(i)).mutable_packet()->mutable_segment() = std::move(*segment);
  happened_at(events.injected->at_ns());
  return {};
}

// An ICMP message quotes the stack's own segment.
Result<void> Writer::icmp(int i) {
  const StepEvents& events = steps_[static_cast<std::size_t>(i)];
  if (auto done = unasked(events.order); !done) return done;
  proto::Step& step = add(source_.program.steps(i));
  proto::Icmp& message = *step.mutable_packet()->mutable_icmp();
  const auto octets = octets_of(events.injected->packet());
  const std::size_t at = octets[0] >> 4U == 4 ? 20 + 8 + 20 + 4 : 40 + 8 + 40 + 4;
  if (message.has_seq() && octets.size() >= at + 4) {
    uint32_t seq = 0;
    for (std::size_t k = at; k < at + 4; ++k) seq = seq << 8U | octets[k];
    message.mutable_seq()->Clear();
    message.mutable_seq()->set_offset(numbers_.own(seq));
  }
  happened_at(events.injected->at_ns());
  return {};
}

// What the stack sent before the event with that order and no step expects. packetdrill takes its
// packets one by one, so that they have to be named where it still waits for another.
Result<void> Writer::unasked(int before) {
  for (; next_sent_ < sent_.size() && sent_[next_sent_].order < before; ++next_sent_) {
    const Sent& sent = sent_[next_sent_];
    if (sent.event->expected()) return {};
    // A SYN is, in any case: what is injected later counts from its number.
    const bool waits = fails_ || is_expected_later(next_sent_ + 1);
    if (!waits && !sent.packet.segment.flags.syn()) continue;
    auto segment = expected(sent.packet, nullptr);
    if (!segment) return tl::make_unexpected(segment.error());
    proto::Step& step = *out_.add_steps();
    const int64_t waited = std::max<int64_t>(sent.event->at_ns() - last_ns_, 0);
    step.mutable_time()->set_kind(proto::Time::RELATIVE_RANGE);
    const int64_t end = waited + waited / 8 + kLater;
    step.mutable_time()->set_end_ns(end - end % kMillisecond);
    step.set_remark("not asked for");
    step.mutable_packet()->set_direction(proto::Packet::EXPECT);
    *step.mutable_packet()->mutable_segment() = std::move(*segment);
    last_ns_ += waited;
    ahead_ns_ += waited;
  }
  return {};
}

Result<proto::Segment> Writer::expected(const wire::Decoded& packet,
                                        const proto::Segment* written) {
  if (auto followed = numbers_.sent(packet.segment); !followed) {
    return tl::make_unexpected(followed.error());
  }
  auto segment = packetdrill_segment(packet, false, &numbers_);
  if (!segment) return segment;
  if (written == nullptr || !written->has_window()) segment->clear_window();
  if (written == nullptr) return segment;
  segment->set_ecn(written->ecn());
  if (written->has_traffic_class()) segment->set_traffic_class(written->traffic_class());
  if (written->malformation().has_ttl()) {
    segment->mutable_malformation()->set_ttl(written->malformation().ttl());
  }
  // An echo needs the timestamp that it echoes.
  if (written->any_options() && !packet.segment.options.timestamps) {
    segment->clear_options();
    segment->set_any_options(true);
  }
  return segment;
}

// The packet that met the expectation, or several that did so together.
Result<void> Writer::expect(int i) {
  const auto taken =
      std::find_if(sent_.begin() + static_cast<std::ptrdiff_t>(next_sent_), sent_.end(),
                   [](const Sent& one) { return one.event->expected(); });
  if (divergence_of(i) != nullptr && taken == sent_.end()) return unmet(i);
  if (auto done = unasked(taken->order); !done) return done;
  const proto::Segment& written = source_.program.steps(i).packet().segment();
  auto segment = expected(taken->packet, &written);
  if (!segment) return tl::make_unexpected(segment.error());
  const int64_t at_ns = taken->event->at_ns();
  for (++next_sent_; next_sent_ < sent_.size() && segment->length() < written.length();
       ++next_sent_) {
    const wire::Decoded& part = sent_[next_sent_].packet;
    segment->set_length(segment->length() + static_cast<uint32_t>(part.segment.text.size()));
    segment->set_flags(segment->flags() | (part.segment.flags.bits & (kPsh | kFin)));
  }
  proto::Step& step = add(source_.program.steps(i));
  *step.mutable_packet()->mutable_segment() = std::move(*segment);
  const auto kind = source_.program.steps(i).time().kind();
  if (kind == proto::Time::TIMEOUT || kind == proto::Time::UNTIL_TIMEOUT) {
    write_timeout(at_ns, *step.mutable_time());
  }
  happened_at(at_ns);
  return {};
}

// packetdrill has no name for the timeout: it is about as long as it was, and may have been long on
// a busy machine.
void Writer::write_timeout(int64_t at_ns, proto::Time& time) {
  const int64_t waited = std::max<int64_t>(at_ns - last_ns_, 0);
  const auto whole = [](int64_t ns) { return ns - ns % kMillisecond; };
  if (time.kind() == proto::Time::TIMEOUT) time.set_start_ns(whole(waited - waited / 4));
  time.set_kind(proto::Time::RELATIVE_RANGE);
  time.set_end_ns(whole(waited + waited / 8 + kLater));
}

// The expectation as the program has it: here the stack failed, and so will it under packetdrill.
Result<void> Writer::unmet(int i) {
  const proto::WantedNumbers& numbers = divergence_of(i)->numbers();
  proto::Segment& segment = *add(source_.program.steps(i)).mutable_packet()->mutable_segment();
  const bool syn = (segment.flags() & kSyn) != 0;
  const auto set = [](uint32_t value, proto::Number* out) {
    out->Clear();
    out->set_offset(value);
  };
  const auto kind = source_.program.steps(i).time().kind();
  if (kind == proto::Time::TIMEOUT || kind == proto::Time::UNTIL_TIMEOUT) {
    return fail("a retransmission timeout that nothing tells");
  }
  if (!numbers.has_seq()) return fail("a sequence number that is not known");
  if (segment.any_length()) return fail("a length that is not known");
  segment.set_any_seq(false);
  set(numbers_.own(numbers.seq()), segment.mutable_seq());
  if (numbers.has_ack()) set(numbers_.peer(numbers.ack(), syn), segment.mutable_ack());
  if (numbers.has_window()) set(numbers.window(), segment.mutable_window());
  const bool any_stamp =
      std::any_of(segment.options().begin(), segment.options().end(), [](const auto& option) {
        return option.timestamps().any_value() || option.timestamps().any_echo();
      });
  if (any_stamp) {
    segment.clear_options();
    segment.set_any_options(true);
  }
  stopped_ = true;
  return {};
}

Result<void> Writer::call(int i) {
  const StepEvents& events = steps_[static_cast<std::size_t>(i)];
  if (auto done = unasked(events.order); !done) return done;
  const proto::Call& written = source_.program.steps(i).call();
  const auto& spec = source_.flat.calls[flat_step(i).index];
  proto::Call& call = *add(source_.program.steps(i)).mutable_call();
  call = packetdrill_call(written, spec);
  using script::CallName;
  const bool opens = spec.name == CallName::kSendto || spec.name == CallName::kSendmsg ||
                     spec.name == CallName::kConnect;
  if (spec.name == CallName::kConnect) numbers_.connects();
  if (spec.name == CallName::kSocket) ++sockets_;
  takes_segments_ = takes_segments_ || opens || spec.name == CallName::kListen;
  if (spec.blocking) {
    if (events.call->at_ns() < blocked_until_ns_) return fail("two calls that block at once");
    if (events.returned == nullptr) return fail("a call that blocks for ever");
    blocked_until_ns_ = events.returned->at_ns();
  }
  std::string error = written.error();
  if (!written.has_result()) {
    if (events.returned == nullptr) return fail("a call that does not return");
    call.mutable_result()->set_integer(events.returned->result());
    const std::string& told = events.returned->error();
    if (events.returned->result() < 0) error = told.substr(0, told.find(' '));
  }
  call.set_error(error);
  const auto number = script::find_error(error);
  if (number && call.note().empty()) call.set_note(strerrordesc_np(*number));
  happened_at(events.call->at_ns());
  return {};
}

// packetdrill's script may not end while a call blocks.
void Writer::await_calls() {
  if (blocked_until_ns_ <= last_ns_) return;
  proto::Step& step = *out_.add_steps();
  const int64_t wait = blocked_until_ns_ - last_ns_ + kLater;
  step.mutable_time()->set_start_ns(wait + wait / 8);
  step.set_shell("true");
}

// --- times ---

proto::Step& Writer::add(const proto::Step& from) {
  proto::Step& step = *out_.add_steps();
  step = from;
  step.clear_connection();
  proto::Time& time = *step.mutable_time();
  const bool relative = time.kind() == proto::Time::RELATIVE ||
                        time.kind() == proto::Time::RELATIVE_RANGE ||
                        time.kind() == proto::Time::UNTIL_TIMEOUT;
  if (!relative) return step;
  const auto moved = [&](int64_t ns) { return std::max<int64_t>(ns - ahead_ns_, 0); };
  time.set_start_ns(moved(time.start_ns()));
  time.set_end_ns(moved(time.end_ns()));
  if (time.has_returns_ns()) time.set_returns_ns(moved(time.returns_ns()));
  return step;
}

}  // namespace

Result<proto::Program> for_packetdrill(const ForPacketdrill& source) {
  return Writer(source).write();
}

}  // namespace synfin::report
