#include "tests/engine/walk_world.h"

#include <algorithm>
#include <array>

namespace synfin::testing {
namespace {

using std::chrono::milliseconds;

constexpr uint8_t kSeedA = 7;
constexpr uint8_t kSeedB = 100;
constexpr Time kEnd{std::chrono::hours(2)};

// Octet number `i` of the text that begins with `seed`.
uint8_t octet(uint8_t seed, uint32_t i) { return static_cast<uint8_t>(seed + 3 * i); }

std::string_view to_string(CloseTime time) {
  return time == CloseTime::kAtOnce ? "at once" : "after the peer";
}

}  // namespace

std::string to_string(const Plan& plan) {
  std::string out = plan.simultaneous_open ? "both open" : "A opens";
  out += ", A sends " + std::to_string(plan.a_octets) + " and closes ";
  out += to_string(plan.a_closes);
  out += ", B sends " + std::to_string(plan.b_octets) + " and closes ";
  out += to_string(plan.b_closes);
  return out;
}

World::World(const Profile& profile, const Plan& plan) : a_(profile), b_(profile) {
  a_.to_send = plan.a_octets;
  b_.to_send = plan.b_octets;
  a_.closes = plan.a_closes;
  b_.closes = plan.b_closes;
  if (plan.simultaneous_open) {
    b_.tcp.open_active(now_, Seq(0xffff'fff0U));
  } else {
    b_.tcp.open_passive(now_, Seq(0xffff'fff0U));
  }
  a_.tcp.open_active(now_, Seq(1000));
}

// The user reads all there is, sends what there is room for, and closes when it is time to.
void World::act(End& end, uint8_t seed) {
  std::array<uint8_t, 64> buffer;
  for (;;) {
    std::size_t got = 0;
    const CallStatus status = end.tcp.receive(now_, buffer, got);
    end.received.insert(end.received.end(), buffer.begin(),
                        buffer.begin() + static_cast<std::ptrdiff_t>(got));
    if (status == CallStatus::kConnectionClosing) end.saw_end = true;
    if (got == 0) break;
  }
  while (const auto signal = end.tcp.poll_signal()) {
    if (*signal == Signal::kEstablished || *signal == Signal::kConnectionClosing ||
        *signal == Signal::kDeliveryTrouble) {
      continue;
    }
    end.bad_signal = "a signal of number " + std::to_string(static_cast<int>(*signal));
  }
  // A CLOSE in SYN-SENT would delete the connection (§3.10.4).
  if (end.closed || !is_synchronized(end.tcp.state())) return;
  std::vector<uint8_t> rest;
  for (uint32_t i = end.taken; i < end.to_send; ++i) rest.push_back(octet(seed, i));
  std::size_t taken = 0;
  if (!rest.empty()) end.tcp.send(now_, rest, taken);
  end.taken += static_cast<uint32_t>(taken);
  if (end.taken < end.to_send) return;
  if (end.closes == CloseTime::kAfterPeer && !end.saw_end) return;
  end.tcp.close(now_, CloseKind::kSending);
  end.closed = true;
}

bool World::next_segment(Flying& out) {
  for (;;) {
    act(a_, kSeedA);
    act(b_, kSeedB);
    for (End* end : {&a_, &b_}) {
      if (!end->tcp.poll_transmit(now_, out.segment)) continue;
      out.text.assign(out.segment.text.begin(), out.segment.text.end());
      out.to_b = end == &a_;
      return true;
    }
    if (!deliver_due() && !let_time_pass()) return false;
  }
}

// One segment at a time, so that its answer leaves before the next one arrives.
bool World::deliver_due() {
  const auto due = std::find_if(flying_.begin(), flying_.end(),
                                [this](const Flying& f) { return f.arrives <= now_; });
  if (due == flying_.end()) return false;
  Flying flying = std::move(*due);
  flying_.erase(due);
  flying.segment.text = flying.text;
  (flying.to_b ? b_ : a_).tcp.on_segment(now_, flying.segment);
  return true;
}

bool World::let_time_pass() {
  Time next = std::min(a_.tcp.next_deadline(), b_.tcp.next_deadline());
  for (const Flying& flying : flying_) next = std::min(next, flying.arrives);
  if (next > kEnd) return false;
  now_ = std::max(now_, next);
  for (End* end : {&a_, &b_}) {
    if (end->tcp.next_deadline() <= now_) end->tcp.on_time(now_);
  }
  return true;
}

void World::queue(const Flying& flying, Duration delay) {
  const Time arrives = now_ + delay;
  const auto place = std::find_if(flying_.begin(), flying_.end(), [arrives](const Flying& other) {
    return other.arrives > arrives;
  });
  flying_.insert(place, flying)->arrives = arrives;
}

void World::put(Flying&& flying, Fate fate) {
  if (fate == Fate::kLose) return;
  queue(flying, milliseconds(fate == Fate::kBehind ? 5 : 1));
  if (fate == Fate::kTwice) queue(flying, milliseconds(1));
  if (fate == Fate::kOldCopy) queue(flying, milliseconds(1300));
}

std::string World::spoilt_of(const End& end, uint8_t peer_seed) {
  for (uint32_t i = 0; i < end.received.size(); ++i) {
    if (end.received[i] != octet(peer_seed, i)) return "octet " + std::to_string(i) + " is wrong";
  }
  return "";
}

std::string World::spoilt() const {
  if (const std::string what = spoilt_of(a_, kSeedB); !what.empty()) return "A: " + what;
  if (const std::string what = spoilt_of(b_, kSeedA); !what.empty()) return "B: " + what;
  return "";
}

std::string World::fault_of(const End& end, const End& peer, uint8_t peer_seed) {
  if (!end.bad_signal.empty()) return end.bad_signal;
  if (end.tcp.state() != State::kClosed) {
    return "it ends in " + std::string(synfin::to_string(end.tcp.state()));
  }
  if (!end.saw_end) return "its user never saw the end of the text";
  if (end.received.size() != peer.to_send) {
    return "it received " + std::to_string(end.received.size()) + " octets";
  }
  return spoilt_of(end, peer_seed);
}

std::string World::fault() const {
  if (const std::string fault = fault_of(a_, b_, kSeedB); !fault.empty()) return "A: " + fault;
  if (const std::string fault = fault_of(b_, a_, kSeedA); !fault.empty()) return "B: " + fault;
  return "";
}

}  // namespace synfin::testing
