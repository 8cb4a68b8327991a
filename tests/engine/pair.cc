#include "tests/engine/pair.h"

#include <algorithm>
#include <array>

namespace synfin::testing {

std::string describe(const Segment& segment) {
  std::string out;
  if (segment.flags.syn()) out += 'S';
  if (segment.flags.fin()) out += 'F';
  if (segment.flags.rst()) out += 'R';
  if (segment.flags.psh()) out += 'P';
  if (segment.flags.urg()) out += 'U';
  if (segment.flags.ack()) out += '.';
  out += " seq " + std::to_string(segment.seq.value()) + "(" + std::to_string(segment.text.size()) +
         ") ack " + std::to_string(segment.ack.value()) + " win " + std::to_string(segment.wnd);
  return out;
}

bool Pair::pump(End& from, std::deque<Flying>& wire, bool from_a) {
  bool any = false;
  Segment segment;
  while (from.tcp.poll_transmit(now, segment)) {
    any = true;
    ++segments;
    log += std::string(from_a ? "a " : "b ") + describe(segment) + "\n";
    const auto delays =
        fate ? fate(from_a, segment) : std::vector<Duration>{std::chrono::milliseconds(1)};
    for (const Duration delay : delays) {
      Flying flying{segment, {segment.text.begin(), segment.text.end()}, now + delay};
      const auto place =
          std::upper_bound(wire.begin(), wire.end(), flying.arrives,
                           [](Time at, const Flying& other) { return at < other.arrives; });
      wire.insert(place, std::move(flying));
    }
  }
  while (const auto signal = from.tcp.poll_signal()) from.signals.push_back(*signal);
  read(from);
  return any;
}

void Pair::read(End& end) {
  std::array<uint8_t, 4096> buffer;
  for (;;) {
    std::size_t got = 0;
    const CallStatus status = end.tcp.receive(now, buffer, got);
    end.received.insert(end.received.end(), buffer.begin(),
                        buffer.begin() + static_cast<std::ptrdiff_t>(got));
    if (status == CallStatus::kConnectionClosing) end.saw_end = true;
    if (got == 0) return;
  }
}

bool Pair::deliver(std::deque<Flying>& wire, End& to) {
  bool any = false;
  while (!wire.empty() && wire.front().arrives <= now) {
    Flying flying = std::move(wire.front());
    wire.pop_front();
    flying.segment.text = flying.text;
    to.tcp.on_segment(now, flying.segment);
    any = true;
  }
  return any;
}

void Pair::settle() {
  for (bool more = true; more;) {
    more = pump(a, to_b_, true);
    more = pump(b, to_a_, false) || more;
    more = deliver(to_a_, a) || more;
    more = deliver(to_b_, b) || more;
  }
}

Time Pair::next_event() const {
  Time next = std::min(a.tcp.next_deadline(), b.tcp.next_deadline());
  if (!to_a_.empty()) next = std::min(next, to_a_.front().arrives);
  if (!to_b_.empty()) next = std::min(next, to_b_.front().arrives);
  return next;
}

Time Pair::run(Time until) {
  for (;;) {
    settle();
    const Time next = std::max(next_event(), now);
    if (next > until) {
      if (next == kNever) return now;
      now = until;
      return now;
    }
    now = next;
    if (a.tcp.next_deadline() <= now) a.tcp.on_time(now);
    if (b.tcp.next_deadline() <= now) b.tcp.on_time(now);
  }
}

}  // namespace synfin::testing
