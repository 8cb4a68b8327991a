// What the Player itself knows of one connection of a case under play.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "engine/segment.h"
#include "harness/wire/address.h"

namespace synfin::play {

// Followed from the packets alone. It gives the literal numbers of a program their base, and stands
// in for the observer where there is none.
class Connection {
 public:
  // Begins anew, keeping its buffers.
  void reset(const wire::FourTuple& addresses, uint32_t isn);

  // A segment was given to the stack, or came from it. `written`: its sequence number where the
  // program has a literal for it, else 0: the number that is the ISN if it is a SYN.
  void injected(const Segment& segment, uint32_t written);
  void sent(const Segment& segment);

  // The base of literal numbers; an ISS that is not known yet counts as 0.
  uint32_t peer_isn() const { return peer_isn_; }
  uint32_t iss() const { return iss_.value_or(0); }
  std::optional<uint32_t> known_iss() const { return iss_; }
  // The number of the peer's SYN once that was injected.
  std::optional<uint32_t> known_irs() const { return irs_; }
  // The sequence number of the first octet of the peer's text.
  uint32_t peer_text() const { return irs_.value_or(peer_isn_) + 1; }

  // Without an observer: whether the segment that sent() saw last repeats octets only.
  bool last_was_repetition() const { return repetition_; }

  // Scripts write the stack's TSvals as they please and echo what they wrote: the first time that a
  // number is expected it takes the value on the wire; each time, as packetdrill has it. Returns
  // what `written` stands for.
  uint32_t bind_timestamp(uint32_t written, uint32_t on_wire);
  uint32_t timestamp(uint32_t written) const;
  std::optional<uint32_t> last_timestamp() const { return last_timestamp_; }

  wire::FourTuple tuple;
  // As packetdrill has it: the number of a SYN is its sender's ISN, whatever is written, and in a
  // SYN the acknowledgment number counts from what was written for the peer's.
  bool syns_name_isn = false;
  // A socket was made since: what still comes of this connection no step expects.
  bool retired = false;
  uint32_t written_irs = 0;
  uint32_t read = 0;  // octets that calls have read so far

 private:
  // A SYN of the peer: its number, and what the program has for it.
  struct PeerSyn {
    uint32_t irs = 0;
    uint32_t written = 0;
  };
  void accept(const PeerSyn& syn);

  uint32_t peer_isn_ = 0;
  std::optional<uint32_t> irs_;
  bool peer_acknowledged_ = false;  // the stack has taken a SYN of the peer
  // A SYN that was injected after the stack's: its next SYN may belong to a new incarnation.
  std::optional<PeerSyn> renewal_;
  std::optional<uint32_t> iss_;
  std::optional<Seq> highest_;  // the first sequence number that the stack has not sent
  bool repetition_ = false;
  std::optional<uint32_t> last_timestamp_;
  std::vector<std::pair<uint32_t, uint32_t>> timestamps_;  // written, on the wire
};

}  // namespace synfin::play
