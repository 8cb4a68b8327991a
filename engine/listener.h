// A listener: many connections that were opened by their peers (RFC 9293 §3.9.1.1, MUST-41,
// MUST-42), with a bounded number half-open and a bounded number waiting for the user.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "engine/clause.h"
#include "engine/profile.h"
#include "engine/reference.h"
#include "engine/segment.h"
#include "engine/state.h"
#include "engine/time.h"

namespace synfin {

// Who sent a segment and to which of our addresses: opaque here, only told apart.
struct PeerKey {
  std::array<uint8_t, 40> octets{};
  friend constexpr auto operator<=>(const PeerKey&, const PeerKey&) = default;
};

// Sans-I/O like Reference. After every call the owner sends what poll_transmit() gives until it
// gives nothing, and comes back with on_time() at next_deadline().
class Listener {
 public:
  // A backlog below 0 counts as 0. `profile` and `coverage` (may be null) must outlive the listener
  // and all connections that come from it.
  Listener(const Profile& profile, int backlog, ClauseSet* coverage = nullptr);

  // A segment for the listener's port that belongs to none of the connections that the user has.
  // A SYN makes a connection, which takes `iss`; what belongs to none is answered as RFC 9293
  // §3.10.7.2 has it for LISTEN. `lingering`: the peer's connection in TIME-WAIT that the SYN would
  // replace (Rules::reopens_time_wait). Should that SYN prove to be an old duplicate (§3.6.1,
  // MAY-2), the segment that tells so gives it back. The timestamps of a new connection count from
  // `timestamp_offset`.
  std::unique_ptr<Reference> on_segment(Time now, const PeerKey& peer, const Segment& segment,
                                        Seq iss, std::unique_ptr<Reference> lingering = nullptr,
                                        uint32_t timestamp_offset = 0);
  void on_time(Time now);
  // The next segment to send, and to whom. Its text is valid until the next call of any method.
  bool poll_transmit(Time now, PeerKey& peer, Segment& out);
  Time next_deadline() const;

  // Hands over the connection that has waited longest; null when none waits. One that was reset
  // meanwhile is handed over as well (CLOSED): its user has to hear of it.
  std::unique_ptr<Reference> accept(PeerKey& peer);
  // Resets every connection that the user does not have yet. The listener then answers no more.
  void close(Time now);

  // Room for another SYN: neither queue is full. The SYN queue holds at least one.
  bool has_room() const;
  void set_backlog(int backlog);
  std::size_t half_open() const;
  std::size_t waiting() const { return accept_queue_.size(); }
  // The state of the peer's connection; nullopt when there is none.
  std::optional<State> state(const PeerKey& peer) const;
  // Shows `visitor` each connection that the user does not have yet.
  template <typename Visitor>
  void visit(const Visitor& visitor) const {
    for (const Child& child : children_) visitor(*child.connection);
  }

 private:
  struct Child {
    PeerKey peer;
    std::unique_ptr<Reference> connection;
    bool queued = false;                   // waits for accept()
    std::unique_ptr<Reference> lingering;  // in TIME-WAIT, until the handshake is done
  };

  Child* find(const PeerKey& peer);
  void queue_if_open(Child& child);
  static std::unique_ptr<Reference> settle_lingering(Child& child);

  const Profile* profile_;
  ClauseSet* coverage_;
  std::size_t backlog_;
  bool closed_ = false;
  std::vector<Child> children_;
  std::deque<PeerKey> accept_queue_;
};

}  // namespace synfin
