// Two references, their users and the network between them as one value that can be copied: a walk
// branches where the network may choose.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/reference.h"

namespace synfin::testing {

// What the network does to one segment.
enum class Fate : uint8_t {
  kDeliver,
  kLose,
  kTwice,    // two copies at once
  kBehind,   // late enough for the next ones to overtake it
  kOldCopy,  // delivered, and once more after a retransmission timeout
};
inline constexpr std::size_t kFates = 5;

enum class CloseTime : uint8_t {
  kAtOnce,     // when all text has been given to SEND
  kAfterPeer,  // when the peer has closed as well
};

struct Plan {
  bool simultaneous_open = false;
  uint32_t a_octets = 0;
  uint32_t b_octets = 0;
  CloseTime a_closes = CloseTime::kAtOnce;
  CloseTime b_closes = CloseTime::kAfterPeer;
};

std::string to_string(const Plan& plan);

class World {
 public:
  // `profile` must outlive it.
  World(const Profile& profile, const Plan& plan);

  struct Flying {
    Segment segment;
    std::vector<uint8_t> text;
    bool to_b = false;
    Time arrives{};
  };

  // Goes on until one of the two sends a segment, and returns that; false when all is over.
  bool next_segment(Flying& out);
  void put(Flying&& flying, Fate fate);
  // What is wrong at the end; empty when all text has arrived and both are CLOSED.
  std::string fault() const;
  // One of the two was told that the connection has ended before its time: reset, or given up.
  bool gave_up() const { return !a_.bad_signal.empty() || !b_.bad_signal.empty(); }
  // What is wrong with what has arrived so far; empty when it is the beginning of what was sent.
  std::string spoilt() const;

 private:
  struct End {
    explicit End(const Profile& profile) : tcp(profile) {}
    Reference tcp;
    uint32_t to_send = 0;
    uint32_t taken = 0;  // by SEND
    CloseTime closes = CloseTime::kAtOnce;
    bool closed = false;
    bool saw_end = false;
    std::vector<uint8_t> received;
    std::string bad_signal;
  };

  void act(End& end, uint8_t seed);
  bool deliver_due();
  bool let_time_pass();
  void queue(const Flying& flying, Duration delay);
  static std::string spoilt_of(const End& end, uint8_t peer_seed);
  static std::string fault_of(const End& end, const End& peer, uint8_t peer_seed);

  End a_;
  End b_;
  std::vector<Flying> flying_;
  Time now_{std::chrono::seconds(1)};
};

}  // namespace synfin::testing
