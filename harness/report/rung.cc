// From a trace to rungs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <utility>

#include "harness/play/describe.h"
#include "harness/report/failure.h"
#include "harness/report/ladder.h"
#include "harness/report/peer.h"
#include "harness/wire/codec.h"
#include "harness/wire/text.h"

namespace synfin::report {
namespace {

using proto::TraceEvent;

std::span<const uint8_t> octets_of(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string flag_words(Flags flags) {
  constexpr std::array<std::pair<ControlBit, std::string_view>, 8> kWords = {{{kSyn, "SYN"},
                                                                              {kFin, "FIN"},
                                                                              {kRst, "RST"},
                                                                              {kPsh, "PSH"},
                                                                              {kAck, "ACK"},
                                                                              {kUrg, "URG"},
                                                                              {kEce, "ECE"},
                                                                              {kCwr, "CWR"}}};
  std::string out;
  for (const auto& [bit, word] : kWords) {
    if (!flags.has(bit)) continue;
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out.empty() ? "no flags" : out;
}

// A little before the base counts as negative.
int64_t relative(Seq base, Seq number) {
  constexpr int32_t kLittle = 1 << 20;
  const int32_t distance = Seq::signed_distance(base, number);
  if (distance < 0 && distance > -kLittle) return distance;
  return Seq::distance(base, number);
}

// What is not TCP: an ICMP message, or octets of which nothing can be said.
std::string other_packet(std::span<const uint8_t> packet, const std::string& why) {
  if (packet.size() > 21 && packet[0] >> 4U == 4 && packet[9] == 1) {
    const std::size_t at = (packet[0] & 0xfU) * std::size_t{4};
    if (at + 1 < packet.size()) {
      return fmt::format("ICMP type {} code {}", packet[at], packet[at + 1]);
    }
  }
  if (packet.size() > 41 && packet[0] >> 4U == 6 && packet[6] == 58) {
    return fmt::format("ICMPv6 type {} code {}", packet[40], packet[41]);
  }
  return fmt::format("{} octets: {}", packet.size(), why);
}

// One connection while its trace is gone through.
struct End {
  Peer peer;
  std::optional<Seq> peer_base;
  Seq stack_base{0};
  std::string target_state;
  std::vector<std::size_t> pending;  // rungs whose state has not been read yet
  std::size_t stimulus = 0;          // the first of them since the last stimulus
};

class Rungs {
 public:
  Rungs(const proto::CaseResult& result, const script::FlatProgram* program)
      : result_(result), program_(program) {}

  std::vector<Rung> make() {
    for (const TraceEvent& event : result_.trace().events()) add(event);
    for (auto& [label, end] : ends_) {
      for (const std::size_t i : end.pending) settle(i, end);
    }
    for (const proto::Divergence* divergence : distinct_divergences(result_)) note(*divergence);
    return std::move(rungs_);
  }

 private:
  void add(const TraceEvent& event);
  void add_packet(const TraceEvent& event);
  void fill_segment(const wire::Decoded& packet, Seq sender, Seq receiver, Rung* rung);
  void add_call(const TraceEvent& event);
  void add_return(const TraceEvent& event);
  void add_state(const TraceEvent& event);
  void note(const proto::Divergence& divergence);

  Rung begin(const TraceEvent& event, Rung::Kind kind) {
    Rung rung;
    rung.kind = kind;
    rung.at_ns = event.at_ns();
    rung.step = event.step();
    rung.connection = event.connection();
    return rung;
  }
  void push(Rung rung, bool stimulus) {
    End& end = ends_[rung.connection];
    if (stimulus) end.stimulus = rungs_.size();
    end.pending.push_back(rungs_.size());
    if (const auto state = end.peer.state()) rung.peer_state = to_string(*state);
    rungs_.push_back(std::move(rung));
  }
  // What the target sent by itself was sent in the state last known.
  void settle(std::size_t i, const End& end) {
    if (rungs_[i].kind == Rung::Kind::kFromTarget) rungs_[i].target_state = end.target_state;
  }
  std::optional<Seq> base_by_program(const TraceEvent& event, Seq seq) const;

  const proto::CaseResult& result_;
  const script::FlatProgram* program_;
  std::map<std::string, End> ends_;
  std::map<uint32_t, std::size_t> calls_;  // step to rung
  std::vector<Rung> rungs_;
};

void Rungs::add(const TraceEvent& event) {
  switch (event.kind()) {
    case TraceEvent::INJECTED:
    case TraceEvent::SENT:
      add_packet(event);
      break;
    case TraceEvent::CALL_START:
      add_call(event);
      break;
    case TraceEvent::CALL_RETURN:
      add_return(event);
      break;
    case TraceEvent::STATE:
      add_state(event);
      break;
    default:
      break;
  }
}

// A literal sequence number is counted from the peer's ISN, so that it gives the ISN away.
std::optional<Seq> Rungs::base_by_program(const TraceEvent& event, Seq seq) const {
  if (program_ == nullptr || event.step() >= program_->steps.size()) return std::nullopt;
  const script::Step& step = program_->steps[event.step()];
  if (step.kind != script::StepKind::kInject) return std::nullopt;
  const script::Number& number = program_->segments[step.index].seq;
  if (number.symbolic()) return std::nullopt;
  return seq - static_cast<uint32_t>(number.offset);
}

void Rungs::add_packet(const TraceEvent& event) {
  const bool injected = event.kind() == TraceEvent::INJECTED;
  Rung rung = begin(event, injected ? Rung::Kind::kToTarget : Rung::Kind::kFromTarget);
  const auto packet = wire::decode(octets_of(event.packet()));
  if (!packet) {
    rung.cells = {other_packet(octets_of(event.packet()), packet.error().message)};
    push(std::move(rung), injected);
    return;
  }
  End& end = ends_[event.connection()];
  const Segment& segment = packet->segment;
  if (injected) {
    if (!end.peer_base) end.peer_base = base_by_program(event, segment.seq).value_or(segment.seq);
    const bool sound = packet->tcp_checksum_ok && packet->ip_checksum_ok;
    end.peer.injected(segment, sound);
    fill_segment(*packet, *end.peer_base, end.stack_base, &rung);
  } else {
    if (segment.flags.syn()) end.stack_base = segment.seq;
    end.peer.received(segment);
    fill_segment(*packet, end.stack_base, end.peer_base.value_or(Seq(0)), &rung);
  }
  push(std::move(rung), injected);
}

void Rungs::fill_segment(const wire::Decoded& packet, Seq sender, Seq receiver, Rung* rung) {
  const Segment& segment = packet.segment;
  rung->cells = {flag_words(segment.flags), fmt::format("seq {}", relative(sender, segment.seq)),
                 "", ""};
  if (segment.flags.ack()) rung->cells[2] = fmt::format("ack {}", relative(receiver, segment.ack));
  rung->script =
      play::describe_start(segment, static_cast<uint32_t>(relative(sender, segment.seq)));
  if (!segment.text.empty()) rung->cells[3] = fmt::format("len {}", segment.text.size());
  if (segment.flags.urg()) rung->cells[3] += fmt::format(" urg {}", segment.up);
  rung->window = fmt::format("win {}", segment.wnd);
  if (!packet.option_octets.empty()) {
    rung->options = "<" + wire::options_text(packet.option_octets, receiver) + ">";
  }
  if (!packet.tcp_checksum_ok) rung->wrong = "{sum=bad}";
  if (packet.reserved != 0) rung->wrong += fmt::format("{{res={}}}", packet.reserved);
}

void Rungs::add_call(const TraceEvent& event) {
  Rung rung = begin(event, Rung::Kind::kCall);
  rung.cells = {event.call()};
  calls_[event.step()] = rungs_.size();
  push(std::move(rung), true);
}

// The result of a call that did not block stands beside the call.
void Rungs::add_return(const TraceEvent& event) {
  constexpr int64_t kAtOnce = 1'000'000;
  std::string result = fmt::format(" = {}", event.result());
  // "ECONNRESET (Connection reset by peer)": the name will do.
  if (event.result() < 0) result += " " + event.error().substr(0, event.error().find(" ("));
  const auto call = calls_.find(event.step());
  if (call != calls_.end() && event.at_ns() - rungs_[call->second].at_ns < kAtOnce) {
    rungs_[call->second].cells[0] += result;
    return;
  }
  Rung rung = begin(event, Rung::Kind::kCall);
  rung.cells = {event.call() + result};
  push(std::move(rung), false);
}

void Rungs::add_state(const TraceEvent& event) {
  End& end = ends_[event.connection()];
  const bool same = event.state() == end.target_state;
  if (end.pending.empty()) {
    if (same) return;
    Rung rung = begin(event, Rung::Kind::kState);
    rung.target_state = event.state();
    if (const auto state = end.peer.state()) rung.peer_state = to_string(*state);
    rungs_.push_back(std::move(rung));
  }
  for (const std::size_t i : end.pending) {
    if (same || i >= end.stimulus) {
      rungs_[i].target_state = event.state();
    } else {
      settle(i, end);
    }
  }
  end.pending.clear();
  end.target_state = event.state();
}

// Beside the segment that came in place of another, else the last rung of the step, else on a rung
// of its own, since nothing happened.
void Rungs::note(const proto::Divergence& divergence) {
  std::string text = "wanted " + divergence.wanted();
  if (divergence.known()) text += " (known)";
  std::size_t after = 0;
  Rung* got = nullptr;
  Rung* last = nullptr;
  for (std::size_t i = 0; i < rungs_.size(); ++i) {
    Rung& rung = rungs_[i];
    if (rung.connection != divergence.connection() || rung.step > divergence.step()) continue;
    after = i + 1;
    if (rung.step == divergence.step()) last = &rung;
    const bool named = !rung.script.empty() && divergence.got().starts_with(rung.script);
    if (named && rung.kind == Rung::Kind::kFromTarget) got = &rung;
  }
  Rung* place = got != nullptr ? got : last;
  if (place == nullptr) {
    Rung rung;
    rung.kind = Rung::Kind::kNote;
    rung.step = divergence.step();
    rung.connection = divergence.connection();
    rung.at_ns = after > 0 ? rungs_[after - 1].at_ns : 0;
    place = &*rungs_.insert(rungs_.begin() + static_cast<std::ptrdiff_t>(after), std::move(rung));
  }
  if (std::find(place->notes.begin(), place->notes.end(), text) == place->notes.end()) {
    place->notes.push_back(std::move(text));
  }
}

}  // namespace

std::vector<Rung> make_rungs(const proto::CaseResult& result, const script::FlatProgram* program) {
  return Rungs(result, program).make();
}

}  // namespace synfin::report
