#include "harness/cli/probe_measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "harness/wire/codec.h"
#include "harness/wire/text.h"

namespace synfin::cli {
namespace {

// To the microsecond; no clock that is read here is better.
double seconds(Duration duration) {
  const auto micros = std::chrono::round<std::chrono::microseconds>(duration).count();
  return static_cast<double>(micros) / 1e6;
}

// A segment of the stack, or an injected one.
struct Seen {
  Time at;
  bool sent = false;
  wire::Decoded packet;
};

std::vector<Seen> segments_of(const play::PlayResult& result) {
  std::vector<Seen> seen;
  for (const play::Event& event : result.trace.events) {
    const bool sent = event.kind == play::EventKind::kSent;
    if (!sent && event.kind != play::EventKind::kInjected) continue;
    auto packet = wire::decode(result.trace.data(event));
    if (packet) seen.push_back({event.at, sent, *packet});
  }
  return seen;
}

// A time as short as it is sure.
std::string time_text(double time) {
  if (time < 0.0005) return "at once";
  if (time < 1) return fmt::format("{:.0f} ms", time * 1e3);
  return time < 100 ? fmt::format("{:.2f} s", time) : fmt::format("{:.0f} s", time);
}

std::string times_text(const Numbers& times) {
  std::string text;
  for (const double time : times) text += fmt::format("{}{:.1f}", text.empty() ? "" : ", ", time);
  return text + " s";
}

// The stack's segments that repeat the first one that `is` finds.
template <typename Is>
Numbers repetitions(const std::vector<Seen>& seen, Is&& is) {
  Numbers times;
  const Seen* first = nullptr;
  for (const Seen& each : seen) {
    if (!each.sent || !is(each.packet.segment)) continue;
    if (first == nullptr) {
      first = &each;
    } else if (each.packet.segment.seq == first->packet.segment.seq) {
      times.push_back(seconds(each.at - first->at));
    }
  }
  return times;
}

class Measuring {
 public:
  explicit Measuring(const ProbeResults& results) : results_(results) {}

  std::vector<Measurement> run() {
    offers();
    open_syn();
    sizes();
    retransmissions();
    acknowledgments();
    limits();
    timeouts();
    isns();
    return std::move(out_);
  }

 private:
  void offers();
  void open_syn();
  void sizes();
  void retransmissions();
  void acknowledgments();
  void full_segments(const std::vector<Seen>& seen);
  void limits();
  void timeouts();
  void isns();

  // Empty when the program was not played.
  std::vector<Seen> seen(ProbeKind kind) const {
    const auto found = results_.find(kind);
    return found == results_.end() ? std::vector<Seen>() : segments_of(found->second);
  }
  void put(std::string key, std::string title, std::string text,
           std::variant<std::string, double, bool, Numbers> value) {
    out_.push_back({std::move(key), std::move(title), std::move(value), std::move(text)});
  }
  void number(std::string key, std::string title, double value) {
    put(std::move(key), std::move(title), fmt::format("{:.0f}", value), value);
  }
  void time(std::string key, std::string title, double value) {
    put(std::move(key), std::move(title), time_text(value), value);
  }
  void syn_fields(const std::string& prefix, const std::string& what, const wire::Decoded& packet);
  void schedule(const std::string& prefix, const std::string& what, const Numbers& times);
  void answers(ProbeKind kind, const std::string& key, const std::string& title);
  void leaves(ProbeKind kind, State state, const std::string& key, const std::string& title);

  const ProbeResults& results_;
  std::vector<Measurement> out_;
};

void Measuring::syn_fields(const std::string& prefix, const std::string& what,
                           const wire::Decoded& packet) {
  const Options& options = packet.segment.options;
  const std::string text = wire::options_text(packet.option_octets);
  put(prefix + "_options", "options of its " + what, text.empty() ? "none" : text, text);
  if (options.mss) number(prefix + "_mss", "MSS in its " + what, *options.mss);
  number(prefix + "_window", "window of its " + what, packet.segment.wnd);
  if (options.window_scale) {
    number(prefix + "_window_scale", "window scale of its " + what, *options.window_scale);
  }
  number(prefix + "_ttl", "TTL of its " + what, packet.ttl);
}

void Measuring::offers() {
  for (const Seen& each : seen(ProbeKind::kOffer)) {
    if (!each.sent || !each.packet.segment.flags.syn()) continue;
    syn_fields("syn_ack", "SYN,ACK", each.packet);
    const Options& options = each.packet.segment.options;
    put("sack", "selective acknowledgment", options.sack_permitted ? "yes" : "no",
        options.sack_permitted);
    put("timestamps", "timestamps", options.timestamps ? "yes" : "no",
        options.timestamps.has_value());
    return;
  }
}

void Measuring::open_syn() {
  for (const Seen& each : seen(ProbeKind::kSyn)) {
    if (!each.sent || !each.packet.segment.flags.syn()) continue;
    syn_fields("syn", "SYN", each.packet);
    return;
  }
}

// The burst after a write is the initial window; its first segment shows the MSS in use.
void Measuring::sizes() {
  const auto burst = [&](ProbeKind kind, const std::string& prefix, const std::string& what) {
    std::size_t largest = 0;
    double count = 0;
    std::optional<Time> first;
    for (const Seen& each : seen(kind)) {
      const std::size_t size = each.packet.segment.text.size();
      if (!each.sent || size == 0) continue;
      if (!first) first = each.at;
      if (each.at - *first > std::chrono::milliseconds(50)) break;
      largest = std::max(largest, size);
      ++count;
    }
    if (count == 0) return;
    number(prefix + "_segment", "largest segment " + what, static_cast<double>(largest));
    number(prefix + "_initial_window", "initial window " + what + ", segments", count);
  };
  burst(ProbeKind::kPlain, "default", "without an MSS option");
  burst(ProbeKind::kBurst, "mss1460", "with MSS 1460");
}

void Measuring::schedule(const std::string& prefix, const std::string& what, const Numbers& times) {
  if (times.empty()) return;
  time(prefix + "_rto", "first RTO of " + what, times.front());
  put(prefix + "_again_s", what + " again after", times_text(times), times);
  double longest = times.front();
  for (std::size_t i = 1; i < times.size(); ++i)
    longest = std::max(longest, std::round((times[i] - times[i - 1]) * 1e6) / 1e6);
  time(prefix + "_longest_rto", "longest RTO of " + what + " seen", longest);
  number(prefix + "_retransmissions", "retransmissions of " + what + " seen",
         static_cast<double>(times.size()));
}

void Measuring::retransmissions() {
  const auto is_syn = [](const Segment& segment) { return segment.flags.syn(); };
  const auto is_text = [](const Segment& segment) { return !segment.text.empty(); };
  schedule("syn", "a SYN", repetitions(seen(ProbeKind::kSyn), is_syn));
  schedule("syn_ack", "a SYN,ACK", repetitions(seen(ProbeKind::kSynAck), is_syn));
  schedule("text", "text", repetitions(seen(ProbeKind::kText), is_text));
  Numbers probes;
  std::optional<Time> start;
  for (const Seen& each : seen(ProbeKind::kZeroWindow)) {
    const bool opens = !each.sent && !each.packet.segment.flags.syn();
    if (opens) start = each.at;
    if (each.sent && start) probes.push_back(seconds(each.at - *start));
  }
  if (!probes.empty()) {
    put("zero_window_probes_s", "zero-window probes after", times_text(probes), probes);
  }
}

// The time from the injected text to the ACK that covers its end.
std::optional<double> ack_delay(const std::vector<Seen>& seen, std::size_t text_size) {
  const Seen* text = nullptr;
  for (const Seen& each : seen) {
    const Segment& segment = each.packet.segment;
    if (!each.sent && text == nullptr && segment.text.size() == text_size) text = &each;
    if (!each.sent || text == nullptr || !segment.flags.ack()) continue;
    if (segment.ack.at_or_after(text->packet.segment.end())) return seconds(each.at - text->at);
  }
  return std::nullopt;
}

void Measuring::acknowledgments() {
  if (const auto delay = ack_delay(seen(ProbeKind::kFirstAck), kProbeFirst)) {
    time("first_ack_s", "ACK of the first text after", *delay);
  }
  const auto later = seen(ProbeKind::kDelayedAck);
  if (const auto delay = ack_delay(later, kProbeLittle)) {
    time("delayed_ack_s", "ACK of later text after", *delay);
  }
  full_segments(later);
}

// Which of two full segments drew an ACK, and when.
void Measuring::full_segments(const std::vector<Seen>& seen) {
  if (const auto delay = ack_delay(seen, kProbeFull)) {
    unsigned acks = 0;
    bool begun = false;
    for (const Seen& each : seen) {
      begun = begun || (!each.sent && each.packet.segment.text.size() == kProbeFull);
      if (begun && each.sent) ++acks;
    }
    put("full_segments_acks", "ACKs of two full segments",
        fmt::format("{}, the first after {}", acks, time_text(*delay)), static_cast<double>(acks));
  }
}

void Measuring::answers(ProbeKind kind, const std::string& key, const std::string& title) {
  const auto all = seen(kind);
  if (all.empty()) return;
  // The SYN and the third ACK of the handshake come before what is measured.
  unsigned injected = 0;
  unsigned acks = 0;
  unsigned resets = 0;
  for (const Seen& each : all) {
    if (!each.sent) ++injected;
    if (!each.sent || injected <= 2) continue;
    ++(each.packet.segment.flags.rst() ? resets : acks);
  }
  if (injected <= 2) return;
  std::string text = fmt::format("{} of {}", acks, injected - 2);
  if (resets > 0) text += fmt::format(", and {} RST", resets);
  put(key, title, text, static_cast<double>(acks));
}

void Measuring::limits() {
  answers(ProbeKind::kInWindowReset, "reset_challenges", "challenge ACKs for RSTs in the window");
  answers(ProbeKind::kSynInWindow, "syn_challenges", "challenge ACKs for SYNs");
  answers(ProbeKind::kOutOfWindow, "out_of_window_acks", "ACKs of segments out of the window");
}

void Measuring::leaves(ProbeKind kind, State state, const std::string& key,
                       const std::string& title) {
  const auto found = results_.find(kind);
  if (found == results_.end()) return;
  std::optional<Time> entered;
  Time last{};
  for (const play::Event& event : found->second.trace.events) {
    if (event.kind != play::EventKind::kState) continue;
    if (event.state == state && !entered) entered = event.at;
    if (event.state != state && entered) {
      time(key, title, seconds(event.at - *entered));
      return;
    }
    last = event.at;
  }
  if (entered) {
    const double waited = seconds(last - *entered);
    put(key, title, fmt::format("more than {:.0f} s", waited), fmt::format(">{:.0f}", waited));
  }
}

void Measuring::timeouts() {
  leaves(ProbeKind::kFinWait2, State::kFinWait2, "fin_wait_2_s", "leaves FIN-WAIT-2 after");
  leaves(ProbeKind::kTimeWait, State::kTimeWait, "time_wait_s", "leaves TIME-WAIT (2MSL) after");
}

void Measuring::isns() {
  std::vector<uint32_t> isns;
  for (const auto& [kind, result] : results_) {
    for (const Seen& each : segments_of(result)) {
      if (!each.sent || !each.packet.segment.flags.syn()) continue;
      isns.push_back(each.packet.segment.seq.value());
      break;
    }
  }
  if (isns.size() < 2) return;
  std::sort(isns.begin(), isns.end());
  const auto end = std::unique(isns.begin(), isns.end());
  const bool all_differ = end == isns.end();
  put("isn_differs", "ISNs",
      all_differ ? fmt::format("{} connections, all different", isns.size())
                 : fmt::format("{} connections, {} different", isns.size(), end - isns.begin()),
      all_differ);
}

}  // namespace

std::vector<Measurement> measure(const ProbeResults& results) { return Measuring(results).run(); }

}  // namespace synfin::cli
