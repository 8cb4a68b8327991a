// One reference under the test's hands: states to begin with, segments to throw at it, and all
// that it sends, kept with its text.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/reference.h"

namespace synfin::testing {

// A segment with text of its own.
struct Kept {
  Segment segment;
  std::vector<uint8_t> text;
  // The segment with its view on `text`, wherever this object has been moved to.
  const Segment& get() {
    segment.text = text;
    return segment;
  }
};

// The states; SYN-RECEIVED and TIME-WAIT by both ways (MUST-11).
enum class Place : uint8_t {
  kClosed,
  kListen,
  kListenToOne,  // the passive OPEN named the remote socket
  kSynSent,
  kSynReceivedPassive,
  kSynReceivedActive,
  kEstablished,
  kFinWait1,
  kFinWait2,
  kCloseWait,
  kClosing,
  kLastAck,
  kTimeWait,        // after a passive OPEN: a new SYN may be taken
  kTimeWaitActive,  // after an active OPEN
};
inline constexpr std::array kPlaces = {Place::kClosed,
                                       Place::kListen,
                                       Place::kListenToOne,
                                       Place::kSynSent,
                                       Place::kSynReceivedPassive,
                                       Place::kSynReceivedActive,
                                       Place::kEstablished,
                                       Place::kFinWait1,
                                       Place::kFinWait2,
                                       Place::kCloseWait,
                                       Place::kClosing,
                                       Place::kLastAck,
                                       Place::kTimeWait,
                                       Place::kTimeWaitActive};

std::string_view to_string(Place place);
std::string_view to_string(CallStatus status);
std::string_view to_string(Signal signal);
State state_of(Place place);

// No options, no delay of ACKs, small windows: what is sent is what RFC 9293 §3.10 says, at once.
Profile plain_profile();

class Lab {
 public:
  static constexpr Seq kIss{1000};  // of the reference
  static constexpr Seq kIrs{5000};  // of the peer, which is played by the test
  static constexpr uint16_t kPeerWindow = 3000;

  explicit Lab(const Profile& profile = plain_profile(), ClauseSet* coverage = nullptr)
      : profile_(profile), tcp(profile_, coverage) {}
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  // Leads the connection from CLOSED to `place` by segments and calls that are all as they should
  // be, and forgets what it sent and signalled on the way. The peer's next sequence number is then
  // RCV.NXT. States from ESTABLISHED on begin with a passive OPEN.
  void go_to(Place place);

  // A segment of the peer, as it would be next: at RCV.NXT, acknowledging all that was sent.
  Segment next(unsigned flags = kAck) const;
  void arrive(const Segment& segment);
  // The same for what another Lab sent.
  void arrive(Kept kept) { arrive(kept.get()); }
  // What it sends now.
  std::vector<Kept> take();
  std::vector<Signal> take_signals();
  // Lets time pass up to `until`, waking it at its deadlines. What it sends is kept for take().
  void wait(Duration time);
  CallStatus send(std::string_view text);
  // What there is to read.
  std::string read();

  State state() const { return tcp.state(); }
  const Tcb& tcb() const { return tcp.rules().tcb(); }

 private:
  Profile profile_;
  std::vector<Kept> waiting_;
  void poll();
  void open(bool active);
  void close_and_acknowledge(bool acknowledge);

 public:
  Reference tcp;
  Time now{std::chrono::seconds(1000)};
};

}  // namespace synfin::testing
