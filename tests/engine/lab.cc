#include "tests/engine/lab.h"

#include <gtest/gtest.h>

#include <utility>

namespace synfin::testing {

std::string_view to_string(Place place) {
  if (place == Place::kSynReceivedPassive) return "SYN-RECEIVED (passive OPEN)";
  if (place == Place::kSynReceivedActive) return "SYN-RECEIVED (active OPEN)";
  if (place == Place::kListenToOne) return "LISTEN (remote socket specified)";
  if (place == Place::kTimeWait) return "TIME-WAIT (passive OPEN)";
  if (place == Place::kTimeWaitActive) return "TIME-WAIT (active OPEN)";
  return synfin::to_string(state_of(place));
}

State state_of(Place place) {
  constexpr std::array kStates = {State::kClosed,      State::kListen,      State::kListen,
                                  State::kSynSent,     State::kSynReceived, State::kSynReceived,
                                  State::kEstablished, State::kFinWait1,    State::kFinWait2,
                                  State::kCloseWait,   State::kClosing,     State::kLastAck,
                                  State::kTimeWait,    State::kTimeWait};
  return kStates[static_cast<std::size_t>(place)];
}

std::string_view to_string(CallStatus status) {
  switch (status) {
    case CallStatus::kOk:
      return "ok";
    case CallStatus::kConnectionDoesNotExist:
      return "error: connection does not exist";
    case CallStatus::kRemoteSocketUnspecified:
      return "error: remote socket unspecified";
    case CallStatus::kConnectionExists:
      return "error: connection already exists";
    case CallStatus::kConnectionClosing:
      return "error: connection closing";
    case CallStatus::kConnectionReset:
      return "error: connection reset";
    case CallStatus::kConnectionRefused:
      return "error: connection refused";
    case CallStatus::kConnectionTimedOut:
      return "error: connection aborted due to user timeout";
    case CallStatus::kInsufficientResources:
      return "error: insufficient resources";
  }
  return "?";
}

std::string_view to_string(Signal signal) {
  switch (signal) {
    case Signal::kEstablished:
      return "established";
    case Signal::kConnectionClosing:
      return "connection closing";
    case Signal::kConnectionReset:
      return "connection reset";
    case Signal::kConnectionRefused:
      return "connection refused";
    case Signal::kUserTimeout:
      return "user timeout";
    case Signal::kSoftError:
      return "soft error";
    case Signal::kDeliveryTrouble:
      return "delivery trouble";
    case Signal::kHardError:
      return "hard error";
    case Signal::kUrgent:
      return "urgent";
  }
  return "?";
}

Profile plain_profile() {
  Profile profile;
  profile.name = "plain";
  profile.mss = profile.path_mss = 500;
  profile.receive_buffer = 2000;
  profile.send_buffer = 4000;
  profile.window_scale.reset();
  profile.timestamps = false;
  profile.sack = false;
  profile.delayed_ack = Duration{0};
  return profile;
}

void Lab::poll() {
  Segment out;
  // More than any answer has: a reference that never stops sending is told as such.
  for (int i = 0; tcp.poll_transmit(now, out); ++i) {
    if (i == 1000) {
      ADD_FAILURE() << "it never stops sending";
      return;
    }
    waiting_.push_back({out, {out.text.begin(), out.text.end()}});
  }
}

std::vector<Kept> Lab::take() {
  poll();
  return std::exchange(waiting_, {});
}

std::vector<Signal> Lab::take_signals() {
  std::vector<Signal> signals;
  while (const auto signal = tcp.poll_signal()) signals.push_back(*signal);
  return signals;
}

Segment Lab::next(unsigned flags) const {
  Segment segment;
  segment.seq = tcb().irs_known ? tcb().rcv.nxt : kIrs;
  segment.ack = tcb().iss_known ? tcb().snd.nxt : kIss + 1;
  segment.flags = Flags(flags);
  segment.wnd = kPeerWindow;
  if (segment.flags.syn()) segment.options.mss = 500;
  return segment;
}

void Lab::arrive(const Segment& segment) { tcp.on_segment(now, segment); }

CallStatus Lab::send(std::string_view text) {
  const std::vector<uint8_t> octets(text.begin(), text.end());
  std::size_t taken = 0;
  return tcp.send(now, octets, taken);
}

std::string Lab::read() {
  std::array<uint8_t, 4096> buffer;
  std::size_t got = 0;
  tcp.receive(now, buffer, got);
  return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(got)};
}

void Lab::wait(Duration time) {
  const Time until = now + time;
  poll();
  for (int i = 0; tcp.next_deadline() <= until; ++i) {
    if (i == 10000) {
      ADD_FAILURE() << "it wants to be woken without end";
      break;
    }
    now = std::max(now, tcp.next_deadline());
    tcp.on_time(now);
    poll();
  }
  now = until;
}

void Lab::open(bool active) {
  if (active) {
    tcp.open_active(now, kIss);
    take();
    arrive(next(kSyn | kAck));
  } else {
    tcp.open_passive(now, kIss);
    arrive(next(kSyn));
    take();
    arrive(next());
  }
  take();
}

void Lab::close_and_acknowledge(bool acknowledge) {
  tcp.close(now, CloseKind::kSending);
  take();
  if (acknowledge) arrive(next());
}

void Lab::go_to(Place place) {
  const bool waits = place == Place::kTimeWait || place == Place::kTimeWaitActive;
  switch (place) {
    case Place::kClosed:
      break;
    case Place::kListen:
      tcp.open_passive(now, kIss);
      break;
    case Place::kListenToOne:
      tcp.open_passive(now, kIss, Remote::kSpecified);
      break;
    case Place::kSynSent:
      tcp.open_active(now, kIss);
      break;
    case Place::kSynReceivedPassive:
      tcp.open_passive(now, kIss);
      arrive(next(kSyn));
      break;
    case Place::kSynReceivedActive:
      tcp.open_active(now, kIss);
      take();
      arrive(next(kSyn));
      break;
    default:
      open(place == Place::kTimeWaitActive);
      if (place == Place::kFinWait1) close_and_acknowledge(false);
      if (place == Place::kFinWait2 || waits) close_and_acknowledge(true);
      if (waits || place == Place::kCloseWait || place == Place::kLastAck) {
        arrive(next(kFin | kAck));
        take();
      }
      if (place == Place::kLastAck) close_and_acknowledge(false);
      if (place == Place::kClosing) {
        close_and_acknowledge(false);
        Segment fin = next(kFin | kAck);
        fin.ack = tcb().snd.una;
        arrive(fin);
      }
      break;
  }
  take();
  take_signals();
  ASSERT_EQ(state(), state_of(place)) << to_string(place);
}

}  // namespace synfin::testing
